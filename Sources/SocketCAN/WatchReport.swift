public import CAN

/// What the kernel tells of a watch.
public struct WatchReport: Hashable, Sendable {
    /// What happened.
    public enum Content: Hashable, Sendable {
        /// A frame came that is worth a report (RX_CHANGED).
        case changed(Frame)
        /// None came for the watch's timeout (RX_TIMEOUT).
        case timeout
    }

    /// The watch, by what names it on its socket.
    public let key: BroadcastManager.WatchKey
    /// What happened.
    public let content: Content
    /// When the newest frame that the watch has seen was received, in nanoseconds since the epoch; nil where the kernel
    /// does not say, as with a timeout.
    public let timestamp: Int64?
}
