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
