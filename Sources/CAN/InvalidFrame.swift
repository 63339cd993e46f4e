/// Why something is no valid frame.
public struct InvalidFrame: Error, Hashable, Sendable, CustomStringConvertible {
    /// The part at fault, by its name in JSON: `id`, `data`, `length`, `dlc`, `fd`; empty for a whole text.
    public let field: String
    /// What is wrong with it and what would be valid, as a predicate.
    public let reason: String
    /// What would be valid, where that is a short list.
    public let allowed: [Int]

    /// Makes an error of a field and a predicate about it.
    public init(_ field: String, _ reason: String, allowed: [Int] = []) {
        self.field = field
        self.reason = reason
        self.allowed = allowed
    }

    /// `data has 9 bytes; …`.
    public var description: String { field.isEmpty ? reason : "\(field) \(reason)" }
}
