public import HTTP

/// What the service is told at its start.
public struct GatewayConfiguration: Sendable {
    /// The version of the service.
    public static let version = "0.1.0"

    /// Which web pages may use it.
    public var policy: OriginPolicy
    /// The memory for the newest events, from which streams resume and slow readers catch up.
    public var logBytes: Int
    /// The receive buffer to ask for on each interface.
    public var receiveBufferBytes: Int
    /// The most streams at once.
    public var streams: Int
    /// The most bytes of a request's body, as the server enforces it.
    public var bodyBytes: Int
    /// The most connections at once, as the server enforces it.
    public var connections: Int
    /// The most bytes of a message from a WebSocket client, as the server enforces it.
    public var webSocketMessageBytes: Int

    /// Makes a configuration.
    public init(
        policy: OriginPolicy, logBytes: Int, receiveBufferBytes: Int, streams: Int, bodyBytes: Int, connections: Int,
        webSocketMessageBytes: Int
    ) {
        self.policy = policy
        self.logBytes = logBytes
        self.receiveBufferBytes = receiveBufferBytes
        self.streams = streams
        self.bodyBytes = bodyBytes
        self.connections = connections
        self.webSocketMessageBytes = webSocketMessageBytes
    }
}
