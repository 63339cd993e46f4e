/// A frame that carries or requests data: a classic CAN frame, a remote frame, or a CAN FD frame.
///
/// A value of this type is always valid; its initializers refuse what no bus could carry. Error frames, which only a
/// controller makes, are an ``ErrorFrame``.
public struct Frame: Hashable, Sendable {
    /// What a frame carries.
    public enum Content: Hashable, Sendable {
        /// A classic data frame. `rawDLC` is a data length code of 9...15, which says 8 bytes too.
        case data(Payload, rawDLC: UInt8?)
        /// A remote frame: a request for `length` bytes (0...8); `rawDLC` as above.
        case remote(length: UInt8, rawDLC: UInt8?)
        /// A CAN FD frame, with its bit rate switch (BRS) and error state indicator (ESI).
        case fd(Payload, bitRateSwitch: Bool, errorStateIndicator: Bool)
    }

    /// Who sends it and, in arbitration, its priority.
    public let identifier: Identifier
    /// What it carries.
    public let content: Content

    /// Makes a classic data frame.
    /// - Parameters:
    ///   - data: 0 to 8 bytes.
    ///   - rawDLC: A data length code of 9...15, only with 8 bytes.
    /// - Throws: ``InvalidFrame``, naming the field `data` or `dlc`.
    public static func data(
        _ identifier: Identifier, _ data: [UInt8], rawDLC: Int? = nil
    ) throws(InvalidFrame) -> Frame {
        guard data.count <= 8, let payload = Payload(data) else {
            throw InvalidFrame(
                "data", "has \(data.count) bytes; a classic frame carries at most 8 (CAN FD, fd, up to 64)")
        }
        let code = try checked(rawDLC: rawDLC, length: data.count)
        return Frame(identifier: identifier, content: .data(payload, rawDLC: code))
    }

    /// Makes a remote frame.
    /// - Parameters:
    ///   - length: The bytes that are asked for, 0...8.
    ///   - rawDLC: A data length code of 9...15, only with a length of 8.
    /// - Throws: ``InvalidFrame``, naming the field `length` or `dlc`.
    public static func remote(
        _ identifier: Identifier, length: Int, rawDLC: Int? = nil
    ) throws(InvalidFrame) -> Frame {
        guard (0...8).contains(length) else {
            throw InvalidFrame("length", "is \(length); a remote frame asks for 0 to 8 bytes")
        }
        let code = try checked(rawDLC: rawDLC, length: length)
        return Frame(identifier: identifier, content: .remote(length: UInt8(length), rawDLC: code))
    }

    /// Makes a CAN FD frame.
    /// - Parameters:
    ///   - data: 0 to 8, 12, 16, 20, 24, 32, 48 or 64 bytes.
    ///   - pad: Whether data of another length is filled up with zeros.
    /// - Throws: ``InvalidFrame``, naming the field `data` and the nearest lengths.
    public static func fd(
        _ identifier: Identifier, _ data: [UInt8], bitRateSwitch: Bool = false, errorStateIndicator: Bool = false,
        pad: Bool = false
    ) throws(InvalidFrame) -> Frame {
        guard let length = DataLength.fd(holding: data.count) else {
            throw InvalidFrame("data", "has \(data.count) bytes; a CAN FD frame carries at most 64")
        }
        guard pad || length == data.count else {
            let nearest = DataLength.fdNeighbours(of: data.count)
            throw InvalidFrame(
                "data",
                "has \(data.count) bytes, which no CAN FD frame has; the nearest lengths are "
                    + nearest.map(String.init).joined(separator: " and ") + " (or pad it with zeros: pad)",
                allowed: nearest)
        }
        var payload = Payload(zeros: length)
        for (index, byte) in data.enumerated() { payload[index] = byte }
        return Frame(
            identifier: identifier,
            content: .fd(
                payload, bitRateSwitch: bitRateSwitch, errorStateIndicator: errorStateIndicator))
    }

    /// Makes a frame of parts that are known to be valid together: what a kernel delivered.
    public init(identifier: Identifier, content: Content) {
        self.identifier = identifier
        self.content = content
    }

    /// Whether it is a CAN FD frame.
    public var isFD: Bool {
        if case .fd = content { true } else { false }
    }

    /// Whether it is a remote frame.
    public var isRemote: Bool {
        if case .remote = content { true } else { false }
    }

    private static func checked(rawDLC: Int?, length: Int) throws(InvalidFrame) -> UInt8? {
        guard let rawDLC else { return nil }
        guard (9...15).contains(rawDLC) else {
            throw InvalidFrame("dlc", "is \(rawDLC); a raw data length code is 9 to 15")
        }
        guard length == 8 else {
            throw InvalidFrame("dlc", "is \(rawDLC) with \(length) bytes; a raw data length code needs 8")
        }
        return UInt8(rawDLC)
    }
}
