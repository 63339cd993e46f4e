extension Frame {
    /// Reads a frame in cansend's notation.
    ///
    /// ```
    /// frame      = identifier "#" ( data | remote ) / identifier "##" flags data
    /// identifier = 3 hex digits (standard) / 8 hex digits (extended)
    /// data       = *( 2 hex digits, optionally followed by "." ) [ "_" raw-dlc ]
    /// remote     = ( "R" / "r" ) [ length ] [ "_" raw-dlc ]
    /// flags      = 1 hex digit: 1 bit rate switch, 2 error state indicator, 4 (always understood) CAN FD
    /// raw-dlc    = "9" / "A" … "F", classic frames of length 8 only
    /// ```
    ///
    /// Examples: `123#DEADBEEF`, `123#`, `123#11.22.33`, `18DAF110#0102`, `123#R`, `123#R4`, `123#R8_C`,
    /// `123#0011223344556677_9`, `123##3DEADBEEF`.
    ///
    /// - Throws: ``InvalidFrame``. An identifier with the error flag (`20000004#…`) is refused: error frames are
    ///   made by controllers. A CAN FD payload of a length that does not exist is refused, not padded.
    public init(cansend text: some StringProtocol) throws(InvalidFrame) {
        guard let hash = text.firstIndex(of: "#") else {
            throw InvalidFrame("", "'\(text)' has no '#'; a frame is written 123#DEADBEEF")
        }
        let identifier = try Self.identifier(cansend: text[..<hash])
        let rest = text[text.index(after: hash)...]
        switch rest.first {
        case "#": self = try Self.fd(identifier, cansend: rest.dropFirst())
        case "R", "r": self = try Self.remote(identifier, cansend: rest.dropFirst())
        default:
            let (data, code) = try Self.splitRawDLC(rest)
            self = try .data(identifier, Self.bytes(cansend: data), rawDLC: code)
        }
    }

    /// The frame in cansend's notation, `123#DEADBEEF`, as candump's log has it.
    public var cansend: String {
        var text: [UInt8] = []
        appendCansend(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the frame in cansend's notation.
    public func appendCansend(to text: inout [UInt8]) {
        identifier.appendHex(to: &text)
        text.append(UInt8(ascii: "#"))
        switch content {
        case .data(let payload, let rawDLC):
            payload.appendHex(to: &text)
            Self.append(rawDLC: rawDLC, to: &text)
        case .remote(let length, let rawDLC):
            text.append(UInt8(ascii: "R"))
            if length > 0 { text.append(Hex.digit(length)) }
            Self.append(rawDLC: rawDLC, to: &text)
        case .fd(let payload, let bitRateSwitch, let errorStateIndicator):
            text.append(UInt8(ascii: "#"))
            text.append(Hex.digit((bitRateSwitch ? 1 : 0) | (errorStateIndicator ? 2 : 0)))
            payload.appendHex(to: &text)
        }
    }

    private static func append(rawDLC: UInt8?, to text: inout [UInt8]) {
        guard let rawDLC else { return }
        text.append(UInt8(ascii: "_"))
        text.append(Hex.digit(rawDLC))
    }

    private static func identifier(cansend text: some StringProtocol) throws(InvalidFrame) -> Identifier {
        let digits = text.utf8.count
        guard digits == 3 || digits == 8, let value = Hex.number(text) else {
            throw InvalidFrame("id", "'\(text)' is neither 3 hex digits (standard) nor 8 (extended)")
        }
        return try Identifier(checking: value, extended: digits == 8)
    }

    private static func fd(
        _ identifier: Identifier, cansend text: some StringProtocol
    ) throws(InvalidFrame) -> Frame {
        guard let first = text.first, let flags = Hex.number(String(first)), flags < 8 else {
            throw InvalidFrame("fd", "has no flags; after '##' comes one digit: 0, 1 (BRS), 2 (ESI) or 3 (both)")
        }
        return try .fd(
            identifier, bytes(cansend: text.dropFirst()), bitRateSwitch: flags & 1 != 0,
            errorStateIndicator: flags & 2 != 0)
    }

    private static func remote(
        _ identifier: Identifier, cansend text: some StringProtocol
    ) throws(InvalidFrame) -> Frame {
        let (digits, code) = try splitRawDLC(text)
        guard digits.utf8.count <= 1, let length = digits.isEmpty ? 0 : Hex.number(digits) else {
            throw InvalidFrame("length", "'\(digits)' is no digit of 0 to 8")
        }
        return try .remote(identifier, length: Int(length), rawDLC: code)
    }

    private static func splitRawDLC<Text: StringProtocol>(
        _ text: Text
    ) throws(InvalidFrame) -> (Text.SubSequence, Int?) {
        guard let mark = text.firstIndex(of: "_") else { return (text[...], nil) }
        let digits = text[text.index(after: mark)...]
        guard digits.utf8.count == 1, let code = Hex.number(digits) else {
            throw InvalidFrame("dlc", "'\(digits)' is no hex digit of 9 to F")
        }
        return (text[..<mark], Int(code))
    }

    private static func bytes(cansend text: some StringProtocol) throws(InvalidFrame) -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 1 || !parts.contains(where: \.isEmpty) else {
                throw InvalidFrame("data", "'\(text)' has a '.' that does not stand between two bytes")
            }
            for part in parts { bytes += try Hex.bytes(part) }
        } catch let error as HexError {
            throw InvalidFrame("data", "\(error)")
        } catch {
            throw error as! InvalidFrame
        }
        return bytes
    }
}

extension Identifier {
    /// Makes an identifier of a number that the format must hold.
    /// - Throws: ``InvalidFrame`` with the field `id` and the greatest value.
    public init(checking value: UInt32, extended: Bool) throws(InvalidFrame) {
        if value & ~Identifier.greatestExtended == CANIDFlag.error {
            throw InvalidFrame("id", "has the error flag (20000000); error frames cannot be sent")
        }
        guard let identifier = Identifier(value, extended: extended) else {
            let digits = String(value, radix: 16, uppercase: true)
            throw InvalidFrame(
                "id",
                extended
                    ? "\(digits) is above 1FFFFFFF, the greatest extended identifier"
                    : "\(digits) is above 7FF, the greatest standard identifier (extended: true for 29 bits)")
        }
        self = identifier
    }
}
