/// Where a stream's bytes come from.
public protocol StreamSource: AnyObject {
    /// The client is there and bytes may be sent.
    func opened(_ connection: any StreamConnection)
    /// After the connection did not take everything, it can take more.
    func writable()
    /// The most bytes of a message that this source takes from a WebSocket client; nil for what the server takes.
    var longestMessage: Int? { get }
    /// A message came from a WebSocket client.
    func received(_ message: WebSocketMessage)
    /// The connection is gone, or was ended; nothing more can be sent. Called once.
    func closed()
}

extension StreamSource {
    /// What the server takes.
    public var longestMessage: Int? { nil }
}

/// What a WebSocket client sends.
public enum WebSocketMessage {
    /// A text message; valid UTF-8.
    case text([UInt8])
    /// A binary message.
    case binary([UInt8])
    /// A message that went beyond the server's limit, in bytes; it was not kept.
    case tooLong(limit: Int)
}

/// A connection that takes a stream's bytes.
public protocol StreamConnection: AnyObject {
    /// Whether records go in HTTP's chunked transfer coding.
    var isChunked: Bool { get }

    /// Sends records that are framed for this connection already.
    ///
    /// - Parameters:
    ///   - bytes: The records, one after the other.
    ///   - ends: Where each record ends in `bytes`.
    /// - Returns: How many records the connection took. It takes records as a whole: of one that did not fit it keeps
    ///   the rest and sends that first. When it is fewer than all, ``StreamSource/writable()`` follows.
    func send(_ bytes: [UInt8], ends: [Int]) -> Int

    /// Sends a record, framed for this connection already, that answers the client: also while records wait, after
    /// what was taken of them. As long as it is not out, no message of the client is read.
    func answer(_ record: [UInt8])

    /// Sends a ping, where the protocol has that.
    func ping()

    /// Ends the stream: properly (the end of the body; WebSocket's close handshake), or by cutting it where the client
    /// must notice that something is missing.
    func end(_ reason: StreamEnd)
}
