/// How a request is answered.
public enum Answer {
    /// With a whole response.
    case response(Response)
    /// With a response whose body goes on until the source or the client ends it.
    case stream(Response, any StreamSource)
    /// By switching to the WebSocket protocol.
    case webSocket(Headers, any StreamSource)

    /// Where its bytes come from, to be told when nobody takes them; nil for a whole response.
    public var source: (any StreamSource)? {
        switch self {
        case .response: nil
        case .stream(_, let source), .webSocket(_, let source): source
        }
    }
}

/// Answers requests. All calls come on one thread.
public protocol RequestHandler: AnyObject {
    /// Answers a request, at once or later, exactly once.
    func handle(_ request: Request, answer: @escaping (Answer) -> Void)
}
