/// What a CAN interface delivers: a frame, or a controller's report of an error.
public enum Message: Hashable, Sendable {
    /// A frame of the bus, or sent from this host.
    case frame(Frame)
    /// An error frame, made by the controller.
    case error(ErrorFrame)
}

/// Which way a frame went.
public enum Direction: String, Hashable, Sendable, CaseIterable {
    /// Received from the bus.
    case received = "rx"
    /// Sent from this host, by whatever program.
    case transmitted = "tx"
}
