internal import CAN
internal import Linux

/// What the log knows of an event beside its text: of a frame or an error frame everything but its payload.
struct LogEntry {
    /// The events that the log numbers.
    enum Kind: String, CaseIterable {
        case frame
        case error
        /// Frames that the kernel lost.
        case gap
        case interface
        case job
        case watch
        case filters
    }

    /// What happened.
    let kind: Kind
    /// Whether a frame or error frame was received or sent.
    let direction: Direction
    private let shape: Shape
    /// The raw data length code of a frame, 0 without one.
    private let rawDLC: UInt8
    /// Of a frame or error frame: the bytes of its payload, or what a remote frame asks for.
    private let length: UInt8
    /// The identifier, or the classes of an error frame.
    private let bits: UInt32
    private let interfaceNumber: UInt32
    private let counted: UInt32
    private var textEnd: UInt32 = 0
    /// When it happened, in nanoseconds since the epoch.
    let timestamp: Int64
    /// How many frames, error frames and frames lost by the kernel there were on the interface, this event included.
    var total = 0

    private struct Shape: OptionSet {
        let rawValue: UInt8
        static let extended = Shape(rawValue: 1)
        static let remote = Shape(rawValue: 2)
        static let fd = Shape(rawValue: 4)
        static let bitRateSwitch = Shape(rawValue: 8)
        static let errorStateIndicator = Shape(rawValue: 16)
        static let hardwareTime = Shape(rawValue: 32)
    }

    /// An event that is neither a frame nor an error frame.
    /// - Parameter count: How many frames it stands for: what the kernel lost.
    init(_ kind: Kind, interface: Int, count: Int = 0) {
        self.kind = kind
        direction = .received
        shape = []
        rawDLC = 0
        length = 0
        bits = 0
        interfaceNumber = UInt32(interface)
        counted = UInt32(count)
        timestamp = Clock.realtime
    }

    /// A frame or an error frame.
    init(_ logged: LoggedMessage) {
        var shape: Shape = logged.isHardwareTime ? .hardwareTime : []
        switch logged.message {
        case .frame(let frame):
            kind = .frame
            bits = frame.identifier.value
            if frame.identifier.isExtended { shape.insert(.extended) }
            switch frame.content {
            case .data(let payload, let code):
                rawDLC = code ?? 0
                length = UInt8(payload.count)
            case .remote(let count, let code):
                shape.insert(.remote)
                rawDLC = code ?? 0
                length = count
            case .fd(let payload, let bitRateSwitch, let errorStateIndicator):
                shape.insert(.fd)
                if bitRateSwitch { shape.insert(.bitRateSwitch) }
                if errorStateIndicator { shape.insert(.errorStateIndicator) }
                rawDLC = 0
                length = UInt8(payload.count)
            }
        case .error(let error):
            kind = .error
            bits = error.classes.rawValue
            rawDLC = 0
            length = UInt8(error.data.count)
        }
        self.shape = shape
        direction = logged.direction
        interfaceNumber = UInt32(logged.interface)
        counted = 1
        timestamp = logged.timestamp
    }

    /// The number of the interface's name (``InterfaceNames``).
    var interface: Int { Int(interfaceNumber) }

    /// By how much it raises the total of its interface.
    var count: Int { Int(counted) }

    /// Where the bytes end in its segment; they begin where those of the event before it end.
    var end: Int {
        get { Int(textEnd) }
        set { textEnd = UInt32(newValue) }
    }

    /// How many bytes of payload stand before its text.
    var payloadCount: Int { shape.contains(.remote) ? 0 : Int(length) }

    /// Whether a frame is a remote frame.
    var isRemote: Bool { shape.contains(.remote) }

    /// The identifier of a frame.
    var identifier: Identifier { Identifier(truncating: bits, extended: shape.contains(.extended)) }

    /// The classes of an error frame.
    var errors: ErrorClasses { ErrorClasses(rawValue: bits) }

    /// The frame or error frame, given its payload; nil for another event.
    func message(payload: ArraySlice<UInt8>) -> LoggedMessage? {
        var data = Payload(zeros: payload.count)
        for (index, byte) in payload.enumerated() { data[index] = byte }
        let message: Message
        switch kind {
        case .error: message = .error(ErrorFrame(classes: errors, data: data))
        case .frame: message = .frame(Frame(identifier: identifier, content: content(data)))
        case .gap, .interface, .job, .watch, .filters: return nil
        }
        return LoggedMessage(
            message: message, direction: direction, timestamp: timestamp,
            isHardwareTime: shape.contains(.hardwareTime), interface: interface)
    }

    private func content(_ data: Payload) -> Frame.Content {
        let code = rawDLC == 0 ? nil : rawDLC
        if shape.contains(.remote) { return .remote(length: length, rawDLC: code) }
        guard shape.contains(.fd) else { return .data(data, rawDLC: code) }
        return .fd(
            data, bitRateSwitch: shape.contains(.bitRateSwitch),
            errorStateIndicator: shape.contains(.errorStateIndicator))
    }
}
