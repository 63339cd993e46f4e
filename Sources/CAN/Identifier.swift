/// A CAN identifier (ISO 11898-1): 11 bits in the standard format, 29 bits in the extended one.
///
/// The format is part of the identifier and never guessed from its size: standard `123` and extended `00000123`
/// are two different identifiers.
public struct Identifier: Hashable, Sendable {
    /// The number: 0...0x7FF when standard, 0...0x1FFFFFFF when extended.
    public let value: UInt32
    /// Whether it has 29 bits.
    public let isExtended: Bool

    /// The greatest standard identifier.
    public static let greatestStandard: UInt32 = 0x7FF
    /// The greatest extended identifier.
    public static let greatestExtended: UInt32 = 0x1FFF_FFFF

    /// Makes an identifier, or nil when the value does not fit the format.
    public init?(_ value: UInt32, extended: Bool) {
        guard value <= (extended ? Self.greatestExtended : Self.greatestStandard) else { return nil }
        self.value = value
        isExtended = extended
    }

    /// Makes an identifier of the bits that fit the format.
    public init(truncating value: UInt32, extended: Bool) {
        self.value = value & (extended ? Self.greatestExtended : Self.greatestStandard)
        isExtended = extended
    }

    /// Appends the identifier as candump prints it: 3 upper-case hex digits, or 8 when extended.
    public func appendHex(to text: inout [UInt8]) {
        Hex.append(value, digits: isExtended ? 8 : 3, to: &text)
    }
}

extension Identifier: CustomStringConvertible {
    /// `"123"`, or `"18DAF110"` when extended.
    public var description: String {
        var text: [UInt8] = []
        appendHex(to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}

extension Identifier: Comparable {
    /// In the order in which identifiers win arbitration on the bus: the base identifier first, then standard
    /// before extended, then the extension.
    public static func < (left: Identifier, right: Identifier) -> Bool {
        left.arbitrationKey < right.arbitrationKey
    }

    private var arbitrationKey: UInt32 {
        isExtended ? (value >> 18) << 19 | 1 << 18 | value & 0x3FFFF : value << 19
    }
}
