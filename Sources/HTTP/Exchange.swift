/// How a request is answered.
public enum Answer {
    /// With a whole response.
    case response(Response)
    /// With a response whose body goes on until the source or the client ends it.
    case stream(Response, any StreamSource)
    /// By switching to the WebSocket protocol.
    case webSocket(Headers, any StreamSource)
}

/// Answers requests. All calls come on one thread.
public protocol RequestHandler: AnyObject {
    /// Answers a request, at once or later, exactly once.
    func handle(_ request: Request, answer: @escaping (Answer) -> Void)
}

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

/// Why a stream ends.
public enum StreamEnd: Hashable, Sendable {
    /// It is complete (WebSocket: 1000).
    case complete
    /// The service stops (1001).
    case goingAway
    /// The client does not answer (1011).
    case unresponsive
    /// Frames were lost and the client's language has no word for that (1011).
    case incomplete
    /// The interface was removed (1011).
    case interfaceGone
    /// The client sent a kind of message that is not understood here (1003).
    case unsupportedMessage

    /// The status code of WebSocket's close frame (RFC 6455, section 7.4).
    public var webSocketCode: UInt16 {
        switch self {
        case .complete: 1000
        case .goingAway: 1001
        case .unresponsive, .incomplete, .interfaceGone: 1011
        case .unsupportedMessage: 1003
        }
    }

    /// A word for WebSocket's close frame.
    public var text: String {
        switch self {
        case .complete: "complete"
        case .goingAway: "the service stops"
        case .unresponsive: "no answer to pings"
        case .incomplete: "frames were lost"
        case .interfaceGone: "the interface is gone"
        case .unsupportedMessage: "text messages only"
        }
    }
}
