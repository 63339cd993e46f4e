/// Why a text is no sequence of bytes in hex.
public enum HexError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number of digits is odd.
    case oddDigits(Int)
    /// A character that is no hex digit.
    case notHex(Character)

    /// What is wrong, as a predicate: "has 3 hex digits, …".
    public var description: String {
        switch self {
        case .oddDigits(let count): "has \(count) hex digits, two are needed for each byte"
        case .notHex(let character): "has the character '\(character)', which is no hex digit"
        }
    }
}
