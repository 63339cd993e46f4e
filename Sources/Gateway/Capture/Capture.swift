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
    private let loop: EventLoop
    /// Nil once it is closed.
    private var socket: RawSocket?
    private var watch: WatchedDescriptor?
    private let interface: (number: Int, name: String)
    private var content: [UInt8] = []
    private var drops = DropCount()
    private var load: BusLoad
    private let controllerReported: () -> Void
    /// Frames and error frames read.
    private(set) var received = 0
    /// Frames and error frames that the kernel dropped.
    private(set) var kernelDropped = 0
    /// The receive buffer that the kernel granted, in bytes.
    let receiveBuffer: Int

    /// What all captures share.
    struct Context {
        let log: EventLog
        let encoder: FrameEncoder
        let batch = ReceiveBatch()
        let loop: EventLoop
        /// The receive buffer to ask for, in bytes.
        let receiveBuffer: Int
        /// Called when an error frame tells that a controller's state may have changed.
        var controllerReported: () -> Void = {}
    }

    /// Begins to read, before anybody is told of the interface: what is said of it later includes every frame. That may
    /// wait for the kernel's lock of all interfaces.
    /// - Throws: EAFNOSUPPORT without CAN in the kernel, ENODEV when the interface has gone.
    init(interfaceIndex: Int, named name: String, filters: FilterSet, _ context: Context) throws(SystemError) {
        log = context.log
        encoder = context.encoder
        batch = context.batch
        loop = context.loop
        controllerReported = context.controllerReported
        load = BusLoad(now: context.loop.now)
        interface = (context.log.names.number(of: name), name)
        let socket = try RawSocket(interfaceIndex: interfaceIndex, filters: filters)
        receiveBuffer = try socket.setReceiveBuffer(bytes: context.receiveBuffer)
        try socket.enableTimestamps()
        try socket.enableDropCount()
        let number = socket.descriptor.number
        self.socket = consume socket
        watch = try loop.watch(number: number, for: .readable) { [unowned self] _ in readable() }
    }

    /// The interface is gone, or has another name: reads what has arrived until now, and ends the reading.
    func finish() {
        guard watch != nil else { return }
        watch?.cancel()
        watch = nil
        // The first read may fail because the interface is gone; what has arrived comes after that.
        _ = read(batches: 1)
        // No more than the buffer holds: an interface that was only renamed goes on receiving.
        _ = read(batches: 1 + receiveBuffer / (ReceiveBatch.capacity * Self.leastMessageSize))
        if let dropCount = try? socket?.dropCount() { reportLosses(upTo: dropCount) }
        if let socket = socket.take() { loop.close(socket) }
    }

    /// The load of the bus over the last second that is over; nil before that.
    var busLoad: BusLoad.Measurement? { load.last }

    /// Ends a second of the bus's load.
    func endSecond(now: Int64, nextRates: BusLoad.Rates?) { load.endSecond(now: now, nextRates: nextRates) }

    /// Changes what is read, on another thread; one change after the other.
    func setFilters(_ filters: FilterSet, then completion: @escaping (Result<Void, SystemError>) -> Void) {
        let parcel: Parcel<RawSocket>
        do throws(SystemError) {
            guard let duplicate = try socket?.duplicate() else { throw SystemError(.noSuchDevice, call: "setsockopt") }
            parcel = Parcel(duplicate)
        } catch {
            return completion(.failure(error))
        }
        loop.offloadBrief(
            {
                let socket = parcel.take()
                return Result { () throws(SystemError) in try socket.setFilters(filters) }
            }, then: completion)
    }

    /// Reads what has arrived, and reports a loss that no frame has reported since: on a bus that went quiet, none
    /// would.
    func checkForLosses() {
        guard watch != nil, read(batches: Self.batchesPerTurn), let count = try? socket?.dropCount() else { return }
        reportLosses(upTo: count)
    }

    private func readable() { _ = read(batches: Self.batchesPerTurn) }

    /// The least that a message takes of the receive buffer as the kernel counts, in bytes.
    private static let leastMessageSize = 256

    /// Few enough that the streams get their turn.
    private static let batchesPerTurn = 4

    /// Reads at most so many batches; returns whether nothing is left.
    private func read(batches: Int) -> Bool {
        for _ in 0..<batches {
            guard let count = receive() else { return false }
            if count < ReceiveBatch.capacity { return true }
        }
        return false
    }

    /// Reads a batch into the log; returns its size, nil when the interface is gone.
    private func receive() -> Int? {
        do {
            let count = try socket?.receive(into: batch) ?? 0
            for index in 0..<count { record(batch[index]) }
            return count
        } catch  where error.errno == .networkDown {
            // The kernel says so once, when the interface goes down; the socket works again when it is up.
            return 0
        } catch {
            finish()
            return nil
        }
    }

    private func record(_ reception: Reception) {
        if reception.dropped != drops.count { reportLosses(upTo: reception.dropped) }
        received += 1
        switch reception.message {
        case .frame(let frame): load.add(frame)
        case .error(let error):
            if !error.classes.isDisjoint(with: [.controller, .busOff, .restarted]) { controllerReported() }
        }
        let isHardwareTime = reception.timestamp == nil && reception.hardwareTimestamp != nil
        let logged = LoggedMessage(
            message: reception.message, direction: reception.direction, timestamp: reception.time,
            isHardwareTime: isHardwareTime, interface: interface.number)
        encoder.encodeContent(logged, sequence: log.nextSequence, into: &content)
        log.append(LogEntry(logged), content)
    }

    private func reportLosses(upTo count: UInt32) {
        let lost = drops.lost(upTo: count)
        guard lost > 0 else { return }
        kernelDropped += lost
        log.append(
            .gap, on: interface.name, count: lost,
            ["lost": .integer(lost), "exact": true, "where": "kernel", "interface": .string(interface.name)])
    }
}
