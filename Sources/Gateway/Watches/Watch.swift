/// Something that the kernel looks out for on an interface.
final class Watch {
    /// Whether the kernel looks.
    enum State: String {
        /// It does.
        case active
        /// It does, but the interface is down: there is nothing but silence.
        case interfaceDown = "interface-down"
        /// The interface was removed. When one of its name comes, the kernel is told again.
        case interfaceGone = "interface-gone"
    }

    /// What a watch tells.
    enum Change: String {
        /// A frame came that differs from the one before.
        case changed
        /// No frame came for the watch's timeout.
        case timeout
        /// The first frame after such a silence.
        case resumed
    }

    /// The place in the order in which the watches were made; never used twice in a run.
    let number: Int
    /// The name of its interface.
    let interface: String
    /// When it was made, in nanoseconds since the epoch.
    let created: Int64
    /// What it looks at.
    let specification: WatchSpecification
    /// Whether the kernel looks.
    var state = State.active
    /// How often it told of a frame.
    var changes = 0
    /// How often it told of a silence.
    var timeouts = 0
    /// Whether a silence was told and no frame since.
    var isSilent = false

    init(number: Int, interface: String, created: Int64, _ specification: WatchSpecification) {
        self.number = number
        self.interface = interface
        self.created = created
        self.specification = specification
    }

    /// Made by the service, `"w1"`.
    var id: String { "w\(number)" }
}
