/// Header fields (RFC 9110, section 5): names that do not distinguish case, each with one or more values.
public struct Headers: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    /// The fields in their order.
    public private(set) var fields: [Field] = []

    /// A name and a value.
    public struct Field: Hashable, Sendable {
        /// The name, as written.
        public var name: String
        /// The value.
        public var value: String
    }

    /// No fields.
    public init() {}

    /// The fields of a literal.
    public init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { Field(name: $0, value: $1) }
    }

    /// The value of a field; of several of the same name, joined by commas as RFC 9110 has it. Setting replaces all.
    public subscript(name: String) -> String? {
        get {
            let values = fields.filter { $0.name.equalsIgnoringCase(name) }.map(\.value)
            return values.isEmpty ? nil : values.joined(separator: ", ")
        }
        set {
            fields.removeAll { $0.name.equalsIgnoringCase(name) }
            if let newValue { fields.append(Field(name: name, value: newValue)) }
        }
    }

    /// Adds a field.
    public mutating func add(_ name: String, _ value: String) { fields.append(Field(name: name, value: value)) }

    /// The elements of a field that is a list of tokens, in lower case.
    public func tokens(_ name: String) -> [String] {
        (self[name] ?? "").split(separator: ",").map { $0.trimmed.lowercased() }
    }
}

extension StringProtocol {
    /// Without the spaces and tabs at both ends.
    var trimmed: String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return ""
        }
        return String(self[first...last])
    }

    func equalsIgnoringCase(_ other: some StringProtocol) -> Bool {
        utf8.count == other.utf8.count
            && zip(utf8, other.utf8).allSatisfy { left, right in
                left == right || (left ^ right == 0x20 && (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(left | 0x20))
            }
    }
}
