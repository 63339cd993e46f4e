internal import EventLoop
internal import SocketCAN

/// A sequence of frames that the kernel sends by its own timers.
final class Job {
    /// What a job is doing.
    enum State: String, CaseIterable {
        /// The kernel sends it.
        case running
        /// It was told to stop, or not yet to start.
        case stopped
        /// Its count or its time is over.
        case finished
        /// Its lease was not renewed in time.
        case lapsed
        /// Its interface went down.
        case interfaceDown = "interface-down"
        /// Its interface was removed.
        case interfaceGone = "interface-gone"
    }

    /// Made by the service, `"j1"`; never used twice in a run.
    let id: String
    /// Chosen by the client.
    let name: String?
    /// The name of its interface.
    let interface: String
    /// When it was made, in nanoseconds since the epoch.
    let created: Int64
    /// Whether it ends with the connection that made it.
    let belongsToConnection: Bool
    /// What it sends and when.
    var specification: JobSpecification
    /// What it is doing.
    var state = State.stopped
    /// What the kernel calls it while it is running.
    var key: BroadcastManager.Key
    /// How many frames the kernel holds of it: it may be given fewer, never more.
    var framesInKernel = 0
    /// How many frames were sent of it, as far as the kernel was asked.
    private(set) var sent = 0
    /// How many of them the kernel has forgotten since.
    private var sentBefore = 0
    /// When it ends by itself. Whatever becomes of them, the first one that is left is told of when it has come.
    var ends = JobEnds() {
        didSet {
            timer?.cancel()
            timer = ends.first.map { loop.at($0.time, endHasCome) }
        }
    }

    private let loop: EventLoop
    private let endHasCome: () -> Void
    private var timer: Timer?

    /// - Parameter endHasCome: Called on the loop when the first of its ends has come.
    init(
        id: String, name: String?, interface: String, created: Int64, belongsToConnection: Bool,
        key: BroadcastManager.Key, _ specification: JobSpecification, on loop: EventLoop,
        endHasCome: @escaping () -> Void
    ) {
        self.id = id
        self.name = name
        self.interface = interface
        self.created = created
        self.belongsToConnection = belongsToConnection
        self.key = key
        self.specification = specification
        self.loop = loop
        self.endHasCome = endHasCome
    }

    /// The kernel counts from zero.
    func kernelCountsAnew() { sentBefore = sent }

    /// The kernel has counted so many frames since; nothing that was sent is taken back.
    func kernelCounted(_ count: Int) { sent = max(sent, sentBefore + count) }
}
