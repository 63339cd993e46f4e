internal import CJansson

/// Encodes records of one shape again and again: one jansson tree is kept, its values are set anew, and it is dumped
/// into memory that is kept as well.
@safe public final class RecordEncoder {
    /// A member of the record.
    public enum Field: Sendable {
        /// Always the same.
        case constant(String, JSONValue)
        /// A string, set before each encoding; ASCII without a zero byte.
        case string(String)
        /// An integer, set before each encoding.
        case integer(String)
        /// A real, set before each encoding.
        case real(String)
    }

    // The tree owns what the pointers of `values` point to; freed in deinit.
    private let tree: UnsafeMutablePointer<json_t>
    private let values: [UnsafeMutablePointer<json_t>]
    private var buffer: UnsafeMutableBufferPointer<CChar>

    /// Makes an encoder; the fields stand in the record in this order.
    public init(_ fields: [Field]) {
        guard let tree = unsafe json_object() else { fatalError("out of memory") }
        unsafe self.tree = tree
        unsafe values = fields.map { field in
            let (name, value) =
                switch field {
                case .constant(let name, let value):
                    unsafe (name, json_loads(value.encodedText, Int(JSON_DECODE_ANY), nil))
                case .string(let name): unsafe (name, json_string_nocheck(""))
                case .integer(let name): unsafe (name, json_integer(0))
                case .real(let name): unsafe (name, json_real(0))
                }
            guard let value = unsafe value else { fatalError("out of memory") }
            unsafe json_object_set_new_nocheck(tree, name, value)
            return unsafe value
        }
        unsafe buffer = .allocate(capacity: 512)
    }

    deinit {
        unsafe json_decref(tree)
        unsafe buffer.deallocate()
    }

    /// Sets the string at a place in the list of fields.
    public func set(_ field: Int, string: [UInt8]) {
        // jansson takes no null pointer, which an empty array may have.
        unsafe (string.isEmpty ? Self.zero : string).withUnsafeBytes { bytes in
            _ = unsafe bytes.withMemoryRebound(to: CChar.self) {
                unsafe json_string_setn_nocheck(values[field], $0.baseAddress, string.count)
            }
        }
    }

    private static let zero: [UInt8] = [0]

    /// Sets the integer at a place in the list of fields.
    public func set(_ field: Int, integer: Int) { unsafe json_integer_set(values[field], json_int_t(integer)) }

    /// Sets the real at a place in the list of fields; finite.
    public func set(_ field: Int, real: Double) { unsafe json_real_set(values[field], real) }

    /// Appends the record as compact JSON.
    public func encode(into text: inout [UInt8]) {
        while true {
            let needed = unsafe json_dumpb(tree, buffer.baseAddress, buffer.count, dumpFlags)
            if unsafe needed <= buffer.count {
                unsafe text.append(contentsOf: UnsafeRawBufferPointer(start: buffer.baseAddress, count: needed))
                return
            }
            unsafe buffer.deallocate()
            unsafe buffer = .allocate(capacity: needed)
        }
    }
}

extension JSONValue {
    fileprivate var encodedText: String { String(decoding: encoded, as: UTF8.self) }
}
