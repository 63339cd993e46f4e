/// What a server allows its clients.
public struct ServerLimits: Sendable {
    /// The most bytes of a request's body.
    public var bodyBytes: Int
    /// The most connections at once; further ones wait to be accepted.
    public var connections: Int
    /// The most bytes of a WebSocket message from a client.
    public var webSocketMessageBytes: Int
    /// How many seconds a client may take to send a request, to take its answer, or to stay silent between requests.
    public var clientSeconds: Int

    /// Makes limits.
    public init(
        bodyBytes: Int = 1 << 20, connections: Int = 2048, webSocketMessageBytes: Int = 65536, clientSeconds: Int = 30
    ) {
        self.bodyBytes = bodyBytes
        self.connections = connections
        self.webSocketMessageBytes = webSocketMessageBytes
        self.clientSeconds = clientSeconds
    }
}
