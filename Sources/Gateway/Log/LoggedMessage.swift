internal import CAN

/// A frame or an error frame as the log keeps it.
struct LoggedMessage {
    /// The frame or error frame.
    var message: Message
    /// Received from the bus, or sent from this host.
    var direction: Direction
    /// When it was received or sent, in nanoseconds since the epoch or of the controller's clock.
    var timestamp: Int64
    /// Whether the time is of the controller's clock.
    var isHardwareTime: Bool
    /// The number of its interface's name (``InterfaceNames``).
    var interface: Int
}
