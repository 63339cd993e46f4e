/// One line of candump's log format, which canplayer and log2asc read.
///
/// ```
/// line = "(" seconds "." 6 digits ")" SP interface SP frame [ SP ( "R" / "T" ) ]
/// ```
///
/// The frame is in cansend's notation, an error frame with its flag in the identifier; the last letter, which newer
/// versions of candump write, is the direction.
///
/// Examples: `(1700000000.123456) can0 123#DEADBEEF`, `(1700000000.000001) vcan0 18DAF110##1AABB T`,
/// `(0000000000.000000) can0 20000004#0010000000000000`.
public struct LogRecord: Hashable, Sendable {
    /// When the kernel saw it: nanoseconds since the epoch; the text holds microseconds.
    public var timestamp: Int64
    /// The name of the interface.
    public var interface: String
    /// The frame or error frame.
    public var message: Message
    /// The direction, where the line has one.
    public var direction: Direction?

    /// Makes a record of its parts.
    public init(timestamp: Int64, interface: String, message: Message, direction: Direction? = nil) {
        self.timestamp = timestamp
        self.interface = interface
        self.message = message
        self.direction = direction
    }

    /// Reads a line, without its line feed.
    /// - Throws: ``InvalidFrame``.
    public init(candump line: some StringProtocol) throws(InvalidFrame) {
        let words = line.split(separator: " ")
        guard words.count == 3 || words.count == 4 else {
            throw InvalidFrame("", "'\(line)' is no line of candump: (seconds) interface frame")
        }
        timestamp = try Self.timestamp(words[0])
        interface = String(words[1])
        if let error = try Self.errorFrame(words[2]) {
            message = .error(error)
        } else {
            message = .frame(try Frame(cansend: words[2]))
        }
        switch words.count == 4 ? words[3] : "" {
        case "": direction = nil
        case "R": direction = .received
        case "T": direction = .transmitted
        default: throw InvalidFrame("", "'\(words[3])' is no direction; R or T")
        }
    }

    /// The line, without a line feed and without the direction, as candump -L writes it.
    public var candump: String {
        var text: [UInt8] = []
        appendCandump(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the line, without a line feed and without the direction.
    public func appendCandump(to text: inout [UInt8]) {
        let microseconds = timestamp / 1000
        text.append(UInt8(ascii: "("))
        Self.append(microseconds / 1_000_000, digits: 10, to: &text)
        text.append(UInt8(ascii: "."))
        Self.append(microseconds % 1_000_000, digits: 6, to: &text)
        text.append(contentsOf: ") ".utf8)
        text.append(contentsOf: interface.utf8)
        text.append(UInt8(ascii: " "))
        switch message {
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

    private static func timestamp(_ word: some StringProtocol) throws(InvalidFrame) -> Int64 {
        let parts = word.dropFirst().dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard word.first == "(", word.last == ")", parts.count == 2, parts[1].utf8.count == 6,
            parts.joined().utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let seconds = Int64(parts[0]), let microseconds = Int64(parts[1]), seconds < 1 << 33
        else {
            throw InvalidFrame("", "'\(word)' is no time; (1700000000.123456)")
        }
        return (seconds * 1_000_000 + microseconds) * 1000
    }

    private static func errorFrame(_ word: some StringProtocol) throws(InvalidFrame) -> ErrorFrame? {
        guard let hash = word.firstIndex(of: "#"), word[..<hash].utf8.count == 8,
            let identifier = Hex.number(word[..<hash]), CANIDFlag.marksError(identifier)
        else { return nil }
        guard let bytes = try? Hex.bytes(word[word.index(after: hash)...]), bytes.count == 8,
            let data = Payload(bytes)
        else { throw InvalidFrame("data", "of an error frame has 8 bytes") }
        return ErrorFrame(classes: ErrorClasses(rawValue: identifier), data: data)
    }
}
