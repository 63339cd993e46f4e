internal import CAN
internal import SocketCAN

/// What a watch looks at, and what it tells of.
struct WatchSpecification {
    /// The identifier of the frames.
    let identifier: Identifier
    /// Whether they are CAN FD.
    var isFD = false
    /// Which bits make a change; of a multiplexed identifier, which ones say what kind of message a frame is. Nil: every
    /// frame is a change.
    var mask: Payload?
    /// The kinds of messages of a multiplexed identifier.
    var kinds: [BroadcastManager.Multiplexed]?
    /// After how long a silence is told, in microseconds; nil for never.
    var timeout: Int64?
    /// How long it is at least from one change told to the next, in microseconds; nil for no limit.
    var throttle: Int64?
    /// Whether another length is a change too.
    var checksLength = false
    /// What remote frames are answered with. Such a watch tells of nothing.
    var reply: Frame?

    /// The bounds of both times, in microseconds.
    static let times = 1...BroadcastManager.longestInterval

    /// What the kernel knows it by.
    var key: BroadcastManager.WatchKey { .init(identifier, isFD: isFD, isRemote: reply != nil) }

    /// What the kernel compares.
    var comparison: BroadcastManager.Comparison {
        guard let mask else { return .everyFrame }
        return kinds.map { .multiplexed(mask: mask, $0) } ?? .content(mask: mask)
    }
}
