internal import CAN
internal import EventLoop
internal import JSON
internal import Linux
internal import SocketCAN

/// Reads everything from one interface into the log, for all streams.
final class Capture {
    private let log: EventLog
    private let encoder: FrameEncoder
    private let batch: ReceiveBatch
    private let socket: RawSocket
    private var watch: WatchedDescriptor?
    private let interface: (Int, String)
    private var dropCount: UInt32 = 0
    /// Frames and error frames read.
    private(set) var received = 0
    /// Frames and error frames that the kernel dropped.
    private(set) var kernelDropped = 0
    /// The receive buffer that the kernel granted, in bytes.
    let receiveBuffer: Int

    /// What all captures share.
    struct Context {
        let log: EventLog
        let encoder = FrameEncoder()
        let batch = ReceiveBatch()
        let loop: EventLoop
        /// The receive buffer to ask for, in bytes.
        let receiveBuffer: Int
    }

    /// Begins to read.
    /// - Throws: EAFNOSUPPORT without CAN in the kernel, ENODEV when the interface has gone.
    init(
        interfaceIndex: Int, named interface: (Int, String), filters: FilterSet, _ context: Context
    ) throws(SystemError) {
        log = context.log
        encoder = context.encoder
        batch = context.batch
        self.interface = interface
        let socket = try RawSocket(interfaceIndex: interfaceIndex)
        receiveBuffer = try socket.setReceiveBuffer(bytes: context.receiveBuffer)
        try socket.enableTimestamps()
        try socket.enableDropCount()
        try socket.setFilters(filters)
        self.socket = socket
        watch = try self.socket.withDescriptor { descriptor throws(SystemError) in
            try context.loop.watch(descriptor, for: .readable) { [unowned self] _ in readable() }
        }
    }

    /// Ends the reading.
    func stop() {
        watch?.cancel()
        watch = nil
    }

    /// Changes what is read.
    func setFilters(_ filters: FilterSet) throws(SystemError) { try socket.setFilters(filters) }

    /// Reads what has arrived, and reports a loss that no frame has reported since: on a bus that went quiet, none
    /// would.
    func checkForLosses() {
        guard watch != nil, drain(), let dropCount = try? socket.dropCount() else { return }
        reportLosses(upTo: dropCount)
    }

    private func readable() {
        // Few enough that the streams get their turn.
        for _ in 0..<4 {
            guard let count = receive(), count == ReceiveBatch.capacity else { return }
        }
    }

    /// Reads until nothing is left; false when there is always more.
    private func drain() -> Bool {
        for _ in 0..<64 {
            guard let count = receive() else { return false }
            if count < ReceiveBatch.capacity { return true }
        }
        return false
    }

    /// Reads a batch into the log; returns its size, nil when the interface is gone.
    private func receive() -> Int? {
        do {
            let count = try socket.receive(into: batch)
            for index in 0..<count { record(batch[index]) }
            return count
        } catch  where error.errno == .networkDown {
            // Said once, when the interface goes down; the socket works again when it is up.
            return 0
        } catch {
            stop()
            return nil
        }
    }

    private func record(_ reception: Reception) {
        if reception.dropped != dropCount { reportLosses(upTo: reception.dropped) }
        received += 1
        let timestamp = reception.timestamp ?? reception.hardwareTimestamp ?? Clock.realtime
        let isHardwareTime = reception.timestamp == nil && reception.hardwareTimestamp != nil
        let entry = LogEntry(reception.message, reception.direction, interface: interface.0)
        log.append(entry, count: 1) { sequence, text in
            switch reception.message {
            case .frame(let frame):
                encoder.encode(
                    frame, reception.direction, timestamp: timestamp, isHardwareTime: isHardwareTime,
                    interface: interface, sequence: sequence, into: &text)
            case .error(let error):
                JSONValue(error, timestamp: timestamp, interface: interface.1, sequence: sequence).encode(into: &text)
            }
        }
    }

    private func reportLosses(upTo count: UInt32) {
        // The kernel's count wraps; a smaller one is an older one, said by a frame queued before the check.
        let lost = Int(Int32(bitPattern: count &- dropCount))
        guard lost > 0 else { return }
        dropCount = count
        kernelDropped += lost
        log.append(LogEntry(.gap, interface: interface.0), count: lost) { sequence, text in
            let event: JSONValue = [
                "type": "gap", "seq": .integer(sequence), "lost": .integer(lost), "exact": true, "where": "kernel",
                "interface": .string(interface.1),
            ]
            event.encode(into: &text)
        }
    }
}
