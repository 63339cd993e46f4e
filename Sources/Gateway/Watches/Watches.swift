internal import EventLoop
internal import HTTP
internal import JSON
internal import Linux
internal import SocketCAN

/// All watches. The kernel looks at the frames; this tells the streams what it found.
final class Watches {
    /// The most watches at once, whatever their state.
    static let capacity = 1024
    /// The largest receive buffer of a socket, in bytes.
    private static let receiveBuffer = 1 << 20
    /// How often losses are looked for, in nanoseconds.
    private static let lossCheckInterval: Int64 = 500_000_000

    private let log: EventLog
    private let loop: EventLoop
    private let interfaces: Interfaces
    private let context: WatchSocket.Context
    private var watches: [String: Watch] = [:]
    private var buses: [String: WatchBus] = [:]
    private var lastNumber = 0
    private var lossCheck: Timer?

    /// - Parameter receiveBuffer: The receive buffer to ask for on each socket, in bytes; a mebibyte at most.
    init(log: EventLog, loop: EventLoop, interfaces: Interfaces, receiveBuffer: Int) {
        self.log = log
        self.loop = loop
        self.interfaces = interfaces
        context = WatchSocket.Context(loop: loop, receiveBuffer: min(receiveBuffer, Self.receiveBuffer))
    }

    // MARK: For clients

    /// The watches in the order in which they were made, of one interface or of all.
    func all(on interface: String? = nil) -> [Watch] {
        watches.values.filter { interface == nil || $0.interface == interface }.sorted { $0.number < $1.number }
    }

    /// - Throws: ``Problem``: `watch-not-found`.
    func watch(_ id: String) throws(Problem) -> Watch {
        guard let watch = watches[id] else { throw Problem(.watchNotFound, "there is no watch '\(id)'") }
        return watch
    }

    /// Makes a watch.
    /// - Throws: ``Problem``: `too-many-requests`, `interface-not-found`, `not-supported`.
    func make(_ specification: WatchSpecification, on interface: Interface) throws(Problem) -> Watch {
        guard watches.count < Self.capacity else {
            throw Problem(.tooManyRequests, "there are \(Self.capacity) watches, the most that the service takes")
        }
        let watch = Watch(
            number: lastNumber + 1, interface: interface.name, created: Clock.realtime, specification)
        try setUp(watch, on: interface)
        lastNumber += 1
        watches[watch.id] = watch
        scheduleLossCheck()
        return watch
    }

    /// Ends and forgets a watch.
    func delete(_ watch: Watch) {
        buses[watch.interface]?.remove(watch)
        watches[watch.id] = nil
    }

    // MARK: For the interfaces' comings and goings

    /// An interface was added, went up, went down or was removed.
    func interfaceChanged(_ interface: Interface, _ change: Interfaces.Change) {
        if change == .removed { buses.removeValue(forKey: interface.name)?.close() }
        for watch in all(on: interface.name) {
            switch change {
            case .removed: watch.state = .interfaceGone
            case .down where watch.state == .active: watch.state = .interfaceDown
            case .added, .up, .down:
                if watch.state == .interfaceGone {
                    // The interface may be gone again; then the next one of its name is tried.
                    try? setUp(watch, on: interface)
                } else if interface.isUp {
                    watch.state = .active
                }
            }
        }
    }

    /// Takes all watches out of the kernel, as the service stops.
    func stopAll() {
        for watch in watches.values { buses[watch.interface]?.remove(watch) }
    }

    // MARK: -

    private func setUp(_ watch: Watch, on interface: Interface) throws(Problem) {
        try bus(for: interface).add(watch)
        watch.state = interface.isUp ? .active : .interfaceDown
    }

    private func bus(for interface: Interface) -> WatchBus {
        if let bus = buses[interface.name], bus.interface.index == interface.index { return bus }
        let bus = WatchBus(interface, context)
        bus.reported = { [unowned self] watch, report in tell(watch, report) }
        bus.lost = { [unowned self] number in tellLoss(number, on: interface.name) }
        buses.removeValue(forKey: interface.name)?.close()
        buses[interface.name] = bus
        return bus
    }

    private func tell(_ watch: Watch, _ report: WatchReport) {
        let change: Watch.Change
        var frame: JSONValue?
        switch report.content {
        case .timeout:
            // A frame of a kind that a multiplexed watch does not look at ends no silence; the kernel waits anew.
            guard !watch.isSilent else { return }
            change = .timeout
            watch.timeouts += 1
        case .changed(let content):
            change = watch.isSilent ? .resumed : .changed
            watch.changes += 1
            frame = JSONValue(content)
        }
        watch.isSilent = change == .timeout
        log.append(
            .watch, on: watch.interface,
            [
                "timestamp": .real(seconds(ofNanoseconds: report.timestamp ?? Clock.realtime)),
                "interface": .string(watch.interface), "watch": .string(watch.id),
                "change": .string(change.rawValue), "frame": frame,
            ])
    }

    private func tellLoss(_ number: Int, on interface: String) {
        log.append(
            .watch, on: interface,
            [
                "timestamp": .real(seconds(ofNanoseconds: Clock.realtime)), "interface": .string(interface),
                "change": "lost", "lost": .integer(number),
            ])
    }

    private func scheduleLossCheck() {
        guard lossCheck?.isDone ?? true else { return }
        lossCheck = loop.after(Self.lossCheckInterval) { [unowned self] in
            for bus in buses.values { bus.checkForLosses() }
            if !watches.isEmpty { scheduleLossCheck() }
        }
    }
}
