internal import CAN
internal import EventLoop
internal import HTTP
internal import JSON
internal import Linux
internal import SocketCAN

/// A bus for python-can-remote, whose client speaks a language of its own over WebSocket.
///
/// It has a raw socket of its own, so that the kernel filters for it and tells its own frames from others. It keeps no
/// more than what one system call received: when the client is slower than the bus, the kernel's buffer fills, and what
/// is lost there ends the connection, as the language has no word for a loss.
final class RemoteBus: StreamSource, ListedStream {
    /// What all these buses share.
    struct Context {
        let hub: StreamHub
        let interfaces: Interfaces
        let jobs: Jobs
        let batch = ReceiveBatch()
        /// The receive buffer to ask for, in bytes.
        let receiveBuffer: Int
    }

    private let context: Context
    private let language: RemoteLanguage
    private let interface: Interface
    private let peer: String
    private let opened = Clock.realtime
    private var number = 0
    private var connection: (any StreamConnection)?
    /// The socket; nil before the client has asked for the bus.
    private var transmitter: Transmitter?
    private var filters = FilterSet.everything
    private var drops = DropCount()
    private var shown = Tally()
    private var jobs: [Int: Job] = [:]
    private var lossCheck: Timer?
    /// Records that the connection has not taken, and where they end.
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    private var record: [UInt8] = []
    /// How many were lost after what waits; nil when none were.
    private var lossBehind: Int?

    /// How long a frame waits for room in the transmit queue, in nanoseconds.
    private static let sendTimeout: Int64 = 1_000_000_000
    /// The most bytes that the kernel keeps for one client that is slow.
    private static let receiveBuffer = 1 << 20
    /// The most frames that wait.
    private static let capacity = 4096
    /// How often a loss that no frame reports is looked for, in nanoseconds.
    private static let lossCheckInterval: Int64 = 500_000_000

    /// - Parameter peer: The address of the client.
    init(_ context: Context, _ language: RemoteLanguage, on interface: Interface, peer: String) {
        self.context = context
        self.language = language
        self.interface = interface
        self.peer = peer
        number = context.hub.list(self)
    }

    // MARK: StreamSource

    func opened(_ connection: any StreamConnection) {
        self.connection = connection
        scheduleLossCheck()
    }

    func writable() {
        deliver()
        if ends.isEmpty, connection != nil { transmitter?.setReads(true) }
    }

    func received(_ message: WebSocketMessage) {
        do throws(Problem) {
            switch message {
            case .text(let text): try perform(text)
            case .binary(let bytes): try send(RemoteMessage(binary: bytes))
            case .tooLong(let limit): throw .tooLong(limit)
            }
        } catch {
            say("error", .string(error.detail))
        }
    }

    func closed() {
        connection = nil
        lossCheck?.cancel()
        transmitter?.stop(.refused(SystemError(.noSuchDevice, call: "close")))
        transmitter = nil
        context.jobs.endWithConnection(Array(jobs.values))
        jobs = [:]
        context.hub.unlist(number)
    }

    var status: StreamStatus {
        let selection = Selection(
            interfaces: [context.hub.log.names.number(of: interface.name)], filters: filters, direction: nil)
        return StreamStatus(
            peer: peer, transport: language.rawValue, selection: selection, opened: opened, delivered: shown.messages,
            lost: shown.lost, lag: ends.count)
    }

    // MARK: What the client says

    private func perform(_ text: [UInt8]) throws(Problem) {
        let event = try JSONValue(message: text)
        guard case .string(let type) = event["type"], let payload = event["payload"] else {
            throw Problem(.malformedRequest, "a message has a type and a payload")
        }
        switch type {
        case "bus_request": try open(payload["config"] ?? [:])
        case "message": try send(RemoteMessage(payload))
        case "periodic_start": try startPeriodic(payload)
        case "periodic_stop": try stopPeriodic(payload)
        case "error": break
        default: throw Problem(.malformedRequest, "there is no message '\(type)'")
        }
    }

    private func open(_ config: JSONValue) throws(Problem) {
        guard transmitter == nil else { throw Problem(.malformedRequest, "the bus is open already") }
        let filters = try FilterSet(remote: config["can_filters"] ?? .null)
        let receivesOwn: Bool
        switch config["receive_own_messages"] {
        case .boolean(let value): receivesOwn = value
        case .null, nil: receivesOwn = false
        default: throw Problem(.malformedRequest, "receive_own_messages is no boolean")
        }
        let index = interface.index
        let receiveBuffer = min(context.receiveBuffer, Self.receiveBuffer)
        transmitter = Transmitter(loop: context.hub.loop) { () throws(SystemError) in
            let socket = try RawSocket(interfaceIndex: index, filters: filters)
            try socket.setReceiveBuffer(bytes: receiveBuffer)
            try socket.enableTimestamps()
            try socket.enableDropCount()
            try socket.setReceivesOwn(receivesOwn)
            return socket
        } received: { [unowned self] in
            readable()
        } opened: { [unowned self] error in
            if let error {
                transmitter = nil
                return say("error", .string(Problem(error, on: interface.name).detail))
            }
            self.filters = filters
            say("bus_response", ["channel_info": .string("canhttpd \(interface.name)")])
        }
    }

    private func send(_ message: RemoteMessage) throws(Problem) {
        guard let transmitter else { throw Problem(.malformedRequest, "a bus_request comes first") }
        let frame = try frame(message)
        guard context.interfaces.isUp(interface) else { throw .down(interface.name) }
        guard transmitter.waiting < Self.capacity else {
            throw Problem(.tooManyRequests, "\(Self.capacity) frames wait for room in the transmit queue already")
        }
        transmitter.send([frame], deadline: context.hub.loop.now + Self.sendTimeout) { [weak self] outcome in
            guard let self, let failure = outcome.failure else { return }
            say("error", .string(Problem(failure, outcome.sent, of: 1, on: interface.name).detail))
        }
    }

    private func frame(_ message: RemoteMessage) throws(Problem) -> Frame {
        let frame = try message.frame()
        if frame.isFD { try interface.checkFD(else: .invalidFrame) }
        return frame
    }

    // MARK: Periodic tasks

    private func startPeriodic(_ payload: JSONValue) throws(Problem) {
        guard transmitter != nil else { throw Problem(.malformedRequest, "a bus_request comes first") }
        let message = try RemoteMessage(payload["msg"] ?? .null)
        guard let period = payload["period"]?.microseconds, Jobs.intervals.contains(period) else {
            throw Problem(.invalidJob, "period is no time from 100 µs to 400 days, in seconds")
        }
        var specification = JobSpecification(
            frames: [try frame(message)], schedule: BroadcastManager.Schedule(interval: period))
        switch payload["duration"] {
        case nil, .null: break
        case let value?:
            guard let duration = value.microseconds, Jobs.intervals.contains(duration) else {
                throw Problem(.invalidJob, "duration is no time from 100 µs to 400 days, in seconds")
            }
            specification.duration = duration
        }
        for (identifier, job) in jobs where job.state == .finished {
            context.jobs.delete(job)
            jobs[identifier] = nil
        }
        let job = try context.jobs.make(
            specification, named: nil, on: interface, starts: true, belongsToConnection: true)
        if let before = jobs.updateValue(job, forKey: message.identifier) { context.jobs.delete(before) }
    }

    private func stopPeriodic(_ payload: JSONValue) throws(Problem) {
        guard case .integer(let identifier) = payload else {
            throw Problem(.malformedRequest, "periodic_stop names no task by its arbitration id")
        }
        // Some clients also stop a task that has ended by itself.
        if let job = jobs.removeValue(forKey: identifier) { context.jobs.delete(job) }
    }

    // MARK: What the bus says

    /// Reads what has arrived; returns whether nothing is left.
    @discardableResult
    private func readable() -> Bool {
        guard let transmitter, ends.isEmpty else { return false }
        var isDrained = false
        do throws(SystemError) {
            let count = try transmitter.receive(into: context.batch)
            isDrained = count < ReceiveBatch.capacity
            for index in 0..<count {
                let reception = context.batch[index]
                let lost = drops.lost(upTo: reception.dropped)
                guard lost == 0 else {
                    lossBehind = lost
                    break
                }
                append(reception)
            }
        } catch {
            // Said once, when the interface goes down; the socket works again when it is up.
            if error.errno != .networkDown { sayGone() }
            return false
        }
        deliver()
        if !ends.isEmpty { transmitter.setReads(false) }
        return isDrained
    }

    private func append(_ reception: Reception) {
        record.removeAll(keepingCapacity: true)
        language.append(reception.message, timestamp: reception.time, to: &record)
        WebSocket.append(record[...], as: language.opcode, to: &bytes)
        ends.append(bytes.count)
    }

    private func deliver() {
        guard let connection else { return }
        if !ends.isEmpty {
            let taken = connection.send(bytes, ends: ends)
            guard taken > 0 else { return }
            shown.messages += taken
            let start = ends[taken - 1]
            bytes.removeFirst(start)
            ends = ends.dropFirst(taken).map { $0 - start }
        }
        if ends.isEmpty, let lossBehind { lose(lossBehind) }
    }

    private func lose(_ lost: Int) {
        lossBehind = nil
        shown.lost += lost
        say("error", .string("\(lost) frames were lost: the client was too slow, or the service was held up"))
        connection?.end(.incomplete)
    }

    private func sayGone() {
        say("error", .string("the interface '\(interface.name)' is gone"))
        connection?.end(.interfaceGone)
    }

    private func say(_ type: String, _ payload: JSONValue) {
        connection?.answer(WebSocket.message(RemoteLanguage.event(type, payload), as: .text))
    }

    /// Looks for losses that no frame tells of. There are no pings: this client takes one for the frame it waits for.
    private func scheduleLossCheck() {
        lossCheck = context.hub.loop.after(Self.lossCheckInterval) { [weak self] in
            guard let self, connection != nil else { return }
            if readable(), ends.isEmpty, let count = try? transmitter?.dropCount() {
                let lost = drops.lost(upTo: count)
                if lost > 0 { lose(lost) }
            }
            // While a client takes nothing, the socket, which would tell this, is not read.
            if transmitter != nil, !context.interfaces.isPresent(interface) { sayGone() }
            if connection != nil { scheduleLossCheck() }
        }
    }
}
