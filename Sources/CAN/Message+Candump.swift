extension Message {
    /// Appends the message as a line of candump's log format, which canplayer and log2asc read; without a line feed.
    ///
    /// ```
    /// line = "(" seconds "." 6 digits ")" SP interface SP frame
    /// ```
    ///
    /// The frame is in cansend's notation, an error frame with its flag in the identifier.
    ///
    /// Examples: `(1700000000.123456) can0 123#DEADBEEF`, `(1700000000.000001) vcan0 18DAF110##1AABB`,
    /// `(0000000000.000000) can0 20000004#0010000000000000`.
    ///
    /// - Parameters:
    ///   - timestamp: When the kernel saw it: nanoseconds since the epoch; the text holds microseconds.
    ///   - interface: The name of the interface.
    public func appendCandump(timestamp: Int64, interface: String, to text: inout [UInt8]) {
        let microseconds = timestamp / 1000
        text.append(UInt8(ascii: "("))
        Self.append(microseconds / 1_000_000, digits: 10, to: &text)
        text.append(UInt8(ascii: "."))
        Self.append(microseconds % 1_000_000, digits: 6, to: &text)
        text.append(contentsOf: ") ".utf8)
        text.append(contentsOf: interface.utf8)
        text.append(UInt8(ascii: " "))
        switch self {
        case .frame(let frame): frame.appendCansend(to: &text)
        case .error(let error):
            Hex.append(error.canID, digits: 8, to: &text)
            text.append(UInt8(ascii: "#"))
            error.data.appendHex(to: &text)
        }
    }

    private static func append(_ value: Int64, digits: Int, to text: inout [UInt8]) {
        var divisor: Int64 = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }
}
