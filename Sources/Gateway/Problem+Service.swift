internal import HTTP

extension Problem {
    /// The service takes no more requests.
    static let stopping = Problem(.shuttingDown, "the service was told to stop")

    /// A WebSocket message has more bytes than the limit.
    static func tooLong(_ limit: Int) -> Problem {
        Problem(.bodyTooLarge, "the message is longer than \(limit) bytes, the most that the service takes")
    }
}
