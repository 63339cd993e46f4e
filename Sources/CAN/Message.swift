/// What a CAN interface delivers: a frame, or a controller's report of an error.
public enum Message: Hashable, Sendable {
    /// A frame of the bus, or sent from this host.
    case frame(Frame)
    /// An error frame, made by the controller.
    case error(ErrorFrame)
}
