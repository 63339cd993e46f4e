/// Which way a frame went.
public enum Direction: String, Hashable, Sendable, CaseIterable {
    /// Received from the bus.
    case received = "rx"
    /// Sent from this host, by whatever program.
    case transmitted = "tx"
}
