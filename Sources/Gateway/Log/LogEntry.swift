internal import CAN

/// What the log knows of an event beside its text.
struct LogEntry {
    /// The events that the log numbers.
    enum Kind: UInt8 {
        case frame
        case error
        /// Frames that the kernel lost.
        case gap
        case interface
        case job
        case filters
    }

    var kind: Kind
    var direction: Direction
    /// Whether a frame is a remote frame.
    var isRemote: Bool
    /// Of a frame.
    var identifier: Identifier
    /// Of an error frame.
    var errors: ErrorClasses
    /// The number of the interface's name (``InterfaceNames``).
    var interface: Int
    /// Where the text ends in its segment; it begins where the one before ends.
    var end = 0
    /// How many frames, error frames and frames lost by the kernel there were on the interface, this event included.
    var total = 0

    /// An event that is neither a frame nor an error frame.
    init(_ kind: Kind, interface: Int) {
        self.kind = kind
        self.interface = interface
        direction = .received
        isRemote = false
        identifier = Identifier(truncating: 0, extended: false)
        errors = []
    }

    /// A frame or an error frame.
    init(_ message: Message, _ direction: Direction, interface: Int) {
        switch message {
        case .frame(let frame):
            self.init(.frame, interface: interface)
            identifier = frame.identifier
            isRemote = frame.isRemote
        case .error(let error):
            self.init(.error, interface: interface)
            errors = error.classes
        }
        self.direction = direction
    }
}
