/// A change of an interface: what one message asks of the kernel.
public enum LinkChange: Hashable, Sendable {
    /// To switch it on.
    case up
    /// To switch it off.
    case down
    /// To set the size of its longest frame, while it is down. A controller's follows its modes.
    case mtu(Int)
    /// To set the length of its transmit queue, in frames.
    case transmitQueueLength(Int)
    /// To set the timing and the modes of a controller.
    case controller(ControllerSettings)
    /// To set the resistance of the built-in termination, in ohms; 0 is off.
    case termination(Int)
    /// To restart a controller that is bus-off.
    case restart
}
