internal import CJansson

/// Why a text is no JSON, and where.
public struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The line, from 1.
    public let line: Int
    /// The column in it, in characters, from 1.
    public let column: Int
    /// What jansson found wrong there.
    public let message: String

    /// `line 1, column 8: '}' expected near end of file`.
    public var description: String { "line \(line), column \(column): \(message)" }
}

extension JSONValue {
    /// Reads a JSON text. A name that comes twice in an object, and bytes that are no UTF-8, are errors.
    public init(parsing text: [UInt8]) throws(JSONSyntaxError) {
        var error = json_error_t()
        let flags = Int(JSON_DECODE_ANY) | Int(JSON_REJECT_DUPLICATES)
        // jansson takes no null pointer, which an empty array may have.
        let text = text.isEmpty ? [UInt8(ascii: " ")] : text
        let parsed = unsafe text.withUnsafeBytes { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) {
                unsafe json_loadb($0.baseAddress, $0.count, flags, &error)
            }
        }
        guard let tree = unsafe parsed else {
            // jansson keeps the error's code in the last byte, behind the end of the text.
            let message = unsafe withUnsafeBytes(of: error.text) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            throw JSONSyntaxError(line: max(1, Int(error.line)), column: max(1, Int(error.column)), message: message)
        }
        defer { unsafe json_decref(tree) }
        unsafe self.init(tree)
    }

    private init(_ tree: UnsafeMutablePointer<json_t>) {
        switch unsafe tree.pointee.type {
        case JSON_OBJECT: unsafe self = .object(Self.members(of: tree))
        case JSON_ARRAY:
            unsafe self = .array((0..<json_array_size(tree)).map { unsafe JSONValue(json_array_get(tree, $0)!) })
        case JSON_STRING: unsafe self = .string(String(cString: json_string_value(tree)))
        case JSON_INTEGER: unsafe self = .integer(Int(json_integer_value(tree)))
        case JSON_REAL: unsafe self = .real(json_real_value(tree))
        case JSON_TRUE: self = true
        case JSON_FALSE: self = false
        default: self = nil
        }
    }

    private static func members(of object: UnsafeMutablePointer<json_t>) -> [Member] {
        var members: [Member] = []
        var iterator = unsafe json_object_iter(object)
        while let position = unsafe iterator {
            let name = unsafe String(cString: json_object_iter_key(position))
            unsafe members.append(Member(name, JSONValue(json_object_iter_value(position)!)))
            unsafe iterator = json_object_iter_next(object, position)
        }
        return members
    }
}
