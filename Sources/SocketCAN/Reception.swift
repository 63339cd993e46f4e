public import CAN

/// A message that a raw socket received, with what the kernel says about it.
public struct Reception: Sendable {
    /// The frame or error frame.
    public let message: Message
    /// When the kernel received it, in nanoseconds since the epoch; nil where it does not say, as for the first
    /// message after the timestamps were switched on.
    public let timestamp: Int64?
    /// When the controller received it, in nanoseconds of its own clock; nil without one.
    public let hardwareTimestamp: Int64?
    /// Received from the bus, or sent from this host.
    public let direction: Direction
    /// Whether it is the echo of what this very socket sent.
    public let isOwn: Bool
    /// How many messages this socket had lost when this one was queued (SO_RXQ_OVFL): a running total that wraps at
    /// 2³².
    public let dropped: UInt32
}
