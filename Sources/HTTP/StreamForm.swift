/// The forms in which a stream's records are framed on the wire.
///
/// A record is framed once for all the connections that have its form, so the transfer coding of HTTP belongs to the
/// form: a record is a chunk of its own.
public struct StreamForm: Hashable, Sendable {
    /// What goes around a record.
    public enum Framing: Hashable, Sendable {
        /// A WebSocket text message each (RFC 6455).
        case textMessage
        /// `id:` and `data:` lines (WHATWG HTML, server-sent events).
        case serverSentEvent
        /// A line each.
        case line
        /// Nothing: the records say themselves where they end.
        case none
    }

    /// What goes around a record.
    public let framing: Framing
    /// Whether HTTP's chunked transfer coding goes around them (RFC 9112, section 7.1).
    public let isChunked: Bool

    /// Makes a form. Chunks are HTTP's; a WebSocket has none.
    public init(_ framing: Framing, isChunked: Bool) {
        self.framing = framing
        self.isChunked = isChunked && framing != .textMessage
    }

    /// Appends a record in this form.
    /// - Parameters:
    ///   - record: Its bytes; for lines and server-sent events without a line feed.
    ///   - epoch: The run of the service, and with `sequence` the identifier of a server-sent event.
    public func append(_ record: ArraySlice<UInt8>, epoch: [UInt8], sequence: Int, to bytes: inout [UInt8]) {
        switch framing {
        case .textMessage: WebSocket.append(record, as: .text, to: &bytes)
        case .none:
            appendChunk(length: record.count, to: &bytes) { $0.append(contentsOf: record) }
        case .line:
            appendChunk(length: record.count + 1, to: &bytes) { bytes in
                bytes.append(contentsOf: record)
                bytes.append(UInt8(ascii: "\n"))
            }
        case .serverSentEvent:
            // "id: " epoch ":" sequence LF "data: " record LF LF
            let length = 4 + epoch.count + 1 + Self.digits(sequence) + 1 + 6 + record.count + 2
            appendChunk(length: length, to: &bytes) { bytes in
                bytes.append(contentsOf: Self.identifierField)
                bytes.append(contentsOf: epoch)
                bytes.append(UInt8(ascii: ":"))
                Self.append(decimal: sequence, to: &bytes)
                bytes.append(contentsOf: Self.dataField)
                bytes.append(contentsOf: record)
                bytes.append(contentsOf: Self.endOfEvent)
            }
        }
    }

    private static let identifierField: [UInt8] = Array("id: ".utf8)
    private static let dataField: [UInt8] = Array("\ndata: ".utf8)
    private static let endOfEvent: [UInt8] = Array("\n\n".utf8)
    private static let lineEnd: [UInt8] = Array("\r\n".utf8)

    private func appendChunk(length: Int, to bytes: inout [UInt8], _ body: (inout [UInt8]) -> Void) {
        guard isChunked else { return body(&bytes) }
        var shift = 28
        while shift > 0, length >> shift == 0 { shift -= 4 }
        while shift >= 0 {
            let nibble = UInt8(truncatingIfNeeded: length >> shift) & 0xF
            bytes.append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10)
            shift -= 4
        }
        bytes.append(contentsOf: Self.lineEnd)
        body(&bytes)
        bytes.append(contentsOf: Self.lineEnd)
    }

    private static func digits(_ value: Int) -> Int {
        var digits = 1
        var rest = value / 10
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        return digits
    }

    private static func append(decimal value: Int, to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: digits(value)))
        var rest = value
        for index in stride(from: bytes.count - 1, through: start, by: -1) {
            bytes[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }
}
