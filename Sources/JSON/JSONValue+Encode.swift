internal import CJansson

extension JSONValue {
    /// Appends the value as compact JSON; reals with 16 significant digits, so that a time in seconds keeps its
    /// microseconds and no more.
    public func encode(into text: inout [UInt8]) {
        let tree = unsafe makeTree()
        defer { unsafe json_decref(tree) }
        var size = 512
        while true {
            let needed = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { buffer in
                let needed = unsafe json_dumpb(tree, buffer.baseAddress, size, dumpFlags)
                if needed <= size {
                    unsafe text.append(contentsOf: UnsafeRawBufferPointer(start: buffer.baseAddress, count: needed))
                }
                return needed
            }
            if needed <= size { return }
            size = needed
        }
    }

    /// The value as compact JSON.
    public var encoded: [UInt8] {
        var text: [UInt8] = []
        encode(into: &text)
        return text
    }

    private func makeTree() -> UnsafeMutablePointer<json_t> {
        let made =
            switch self {
            case .null: unsafe json_null()
            case .boolean(let value): unsafe value ? json_true() : json_false()
            case .integer(let value): unsafe json_integer(json_int_t(value))
            case .real(let value): unsafe json_real(value)
            case .string(let value): unsafe json_stringn_nocheck(value, value.utf8.count)
            case .array(let values): unsafe Self.tree(of: values)
            case .object(let members): unsafe Self.tree(of: members)
            }
        guard let tree = unsafe made else { fatalError("out of memory, or a real that is not finite") }
        return unsafe tree
    }

    private static func tree(of values: [JSONValue]) -> UnsafeMutablePointer<json_t>? {
        let tree = unsafe json_array()
        for value in values { _ = unsafe json_array_append_new(tree, value.makeTree()) }
        return unsafe tree
    }

    private static func tree(of members: [Member]) -> UnsafeMutablePointer<json_t>? {
        let tree = unsafe json_object()
        for member in members {
            _ = unsafe json_object_setn_new_nocheck(tree, member.name, member.name.utf8.count, member.value.makeTree())
        }
        return unsafe tree
    }
}

/// JSON_COMPACT, JSON_ENCODE_ANY and JSON_REAL_PRECISION(16), the last a macro with an argument.
let dumpFlags = Int(JSON_COMPACT) | Int(JSON_ENCODE_ANY) | 16 << 11
