/// Why something is no valid filter.
public struct InvalidFilter: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and what would be valid, a sentence.
    public let description: String
    /// Which item of a list it is, from 0.
    public let index: Int?

    /// Makes an error of a sentence.
    public init(_ description: String, index: Int? = nil) {
        self.description = description
        self.index = index
    }
}
