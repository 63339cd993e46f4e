/// Hexadecimal digits, upper case out, any case in.
public enum Hex {
    /// Appends a number in so many digits, most significant first.
    public static func append(_ value: UInt32, digits: Int, to text: inout [UInt8]) {
        for digit in stride(from: digits - 1, through: 0, by: -1) {
            text.append(self.digit(UInt8(truncatingIfNeeded: value >> UInt32(4 * digit)) & 0xF))
        }
    }

    /// Appends a byte in two digits.
    public static func append(_ byte: UInt8, to text: inout [UInt8]) {
        text.append(digit(byte >> 4))
        text.append(digit(byte & 0xF))
    }

    /// The digits of bytes, two each.
    public static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(2 * bytes.count)
        for byte in bytes { append(byte, to: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The character of a nibble, 0...15.
    static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
    }

    /// The nibble of a character, nil for one that is no hex digit.
    public static func nibble(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// The number that 1 to 8 hex digits make; nil for anything else, a sign or `0x` included.
    public static func number(_ text: some StringProtocol) -> UInt32? {
        guard (1...8).contains(text.utf8.count) else { return nil }
        var value: UInt32 = 0
        for character in text.utf8 {
            guard let nibble = nibble(character) else { return nil }
            value = value << 4 | UInt32(nibble)
        }
        return value
    }

    /// The bytes that pairs of hex digits make.
    /// - Throws: A ``HexError`` for an odd number of digits or a character that is none.
    public static func bytes(_ text: some StringProtocol) throws(HexError) -> [UInt8] {
        guard text.utf8.count.isMultiple(of: 2) else { throw .oddDigits(text.utf8.count) }
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in text.utf8 {
            guard let nibble = nibble(character) else {
                throw .notHex(text.first { $0.utf8.contains { Hex.nibble($0) == nil } } ?? "?")
            }
            if let first = high {
                bytes.append(first << 4 | nibble)
                high = nil
            } else {
                high = nibble
            }
        }
        return bytes
    }
}
