internal import CAN
internal import EventLoop
internal import HTTP
internal import JSON
internal import Linux
internal import Logging
internal import SocketCAN

/// The CAN interfaces of the machine, as they come and go: each is captured while it is there.
final class Interfaces {
    /// What became of an interface.
    enum Change {
        /// It has appeared; if it is up, ``up`` follows.
        case added
        case up
        case down
        case removed
    }

    private let log: EventLog
    let loop: EventLoop
    let logger: Logger
    private var captureContext: Capture.Context
    private let monitor: LinkMonitor
    private var watch: WatchedDescriptor?
    private(set) var known: [Int: Interface] = [:]
    private var captures: [Int: Capture] = [:]
    private var filters: [String: FilterSet] = [:]
    private let protocols: KnownProtocols

    /// Called when an interface was added, went up, went down or was removed.
    var changed: ((Interface, Change) -> Void)?

    /// Called twice a second: what failed for want of descriptors or memory may be tried again.
    var checked: (() -> Void)?

    /// Called each second with the load of the interfaces that are up.
    var loadMeasured: (([(interface: Interface, load: BusLoad.Measurement)]) -> Void)?

    private var isUpdating = false
    // For what notifications do not tell (Interfaces+Refreshing.swift).
    var isRefreshing = false
    var needsRefresh = false
    var isRefreshPending = false
    /// The indices of interfaces that notifications have told of since the list was asked for.
    var notified: Set<Int> = []

    /// Begins to watch and to capture.
    init(
        log: EventLog, encoder: FrameEncoder, loop: EventLoop, protocols: KnownProtocols, receiveBuffer: Int,
        logger: Logger
    ) throws(SystemError) {
        self.log = log
        self.loop = loop
        self.protocols = protocols
        self.logger = logger
        captureContext = Capture.Context(log: log, encoder: encoder, loop: loop, receiveBuffer: receiveBuffer)
        monitor = try LinkMonitor()
        captureContext.controllerReported = { [unowned self] in refreshSoon() }
        for interface in try Links.list() { add(interface, announced: false) }
        watch = try loop.watch(number: monitor.descriptorNumber, for: .readable) { [unowned self] _ in update() }
        scheduleCheck()
    }

    /// The interfaces that are there, in the order of their numbers.
    var present: [Interface] { known.values.sorted { $0.index < $1.index } }

    /// The interface of a name.
    /// - Throws: ``Problem``: `interface-not-found`, `not-a-can-interface`.
    func interface(named name: String) throws(Problem) -> Interface {
        // One that was made a moment ago may be waiting in the monitor's queue.
        update()
        if let interface = known.values.first(where: { $0.name == name }) { return interface }
        throw Links.exists(name)
            ? Problem(.notACANInterface, "'\(name)' is a network interface, but no CAN interface")
            : Problem(.interfaceNotFound, "there is no interface '\(name)'", errno: "ENODEV")
    }

    /// Whether an interface is there, under the same name.
    func isPresent(_ interface: Interface) -> Bool { known[interface.index]?.name == interface.name }

    /// Whether an interface is there and up.
    func isUp(_ interface: Interface) -> Bool { isPresent(interface) && known[interface.index]?.isUp == true }

    /// The name of a number.
    func name(_ number: Int) -> String { log.names.names[number] }

    /// Why nothing can be captured, nil when all is well. Once the kernel has CAN, the next check opens the captures.
    var trouble: String? {
        protocols.isSupported(.raw) ? nil : "this kernel (\(Machine.kernelRelease)) has no CAN (socket: EAFNOSUPPORT)"
    }

    /// - Throws: ``Problem``: `not-supported` on a kernel without CAN.
    func checkSupported() throws(Problem) {
        if let trouble { throw Problem(.notSupported, trouble, errno: "EAFNOSUPPORT") }
    }

    /// The capture of an interface, nil while there is none.
    func capture(of interface: Interface) -> Capture? { captures[interface.index] }

    // MARK: Capture filters

    /// What is read from the interface of a name.
    func filters(of name: String) -> FilterSet { filters[name] ?? .everything }

    /// Changes what is read from an interface, as soon as the kernel can and whenever an interface of this name comes
    /// back.
    func setFilters(
        _ set: FilterSet, of interface: Interface, then completion: @escaping (Result<Void, SystemError>) -> Void
    ) {
        guard let capture = captures[interface.index] else {
            keep(set, of: interface.name)
            return completion(.success(()))
        }
        capture.setFilters(set) { [unowned self] result in
            // An interface that went meanwhile took the socket along, and another may have its name.
            guard captures[interface.index] === capture else {
                return completion(.failure(SystemError(.noSuchDevice, call: "setsockopt")))
            }
            if case .success = result { keep(set, of: interface.name) }
            completion(result)
        }
    }

    private func keep(_ set: FilterSet, of name: String) {
        guard filters(of: name) != set else { return }
        filters[name] = set == .everything ? nil : set
        log.append(.filters, on: name, ["interface": .string(name), "filters": JSONValue(capture: set)])
    }

    // MARK: Coming and going

    /// Takes in what the kernel has told since the last time.
    ///
    /// What ``changed`` calls may ask for an interface, and so call this again. That call returns at once: the rest is
    /// taken in when ``changed`` has returned.
    func update() {
        guard !isUpdating else { return }
        isUpdating = true
        while takeInNotifications() {}
        isUpdating = false
    }

    /// Returns whether there were any.
    private func takeInNotifications() -> Bool {
        let events: [LinkMonitor.Event]
        do {
            events = try monitor.events()
        } catch {
            logger.error("link notifications failed", metadata: ["error": "\(error)"])
            return false
        }
        for event in events {
            switch event {
            case .present(let interface):
                notified.insert(interface.index)
                present(interface)
            case .removed(let interface):
                notified.insert(interface.index)
                remove(interface.index)
            case .overrun: refresh()
            }
        }
        return !events.isEmpty
    }

    /// Takes in how the interfaces are, as the kernel listed them.
    /// - Parameter newer: The indices of interfaces of which something newer is known than the list has.
    func takeIn(_ interfaces: [Interface], except newer: Set<Int>) {
        // Notifications that come meanwhile are newer, and are taken in afterwards.
        isUpdating = true
        defer { isUpdating = false }
        let indices = Set(interfaces.map(\.index))
        for index in known.keys where !indices.contains(index) && !newer.contains(index) { remove(index) }
        for interface in interfaces where !newer.contains(interface.index) { present(interface) }
    }

    func present(_ interface: Interface) {
        guard let before = known[interface.index] else { return add(interface, announced: true) }
        known[interface.index] = interface
        if before.name != interface.name {
            // The log and the filters go by name: to every reader it is another interface.
            stopCapture(of: interface.index)
            startCapture(of: interface)
            announce("renamed", interface, previousName: before.name)
            changed?(before, .removed)
            changed?(interface, .added)
            if before.isUp, interface.isUp { changed?(interface, .up) }
        }
        if before.isUp != interface.isUp {
            announce(interface.isUp ? "up" : "down", interface)
            changed?(interface, interface.isUp ? .up : .down)
        }
        if before.hasOtherState(than: interface) { announce("state", interface) }
        if before.hasOtherSettings(than: interface) { announce("settings", interface) }
    }

    private func add(_ interface: Interface, announced: Bool) {
        known[interface.index] = interface
        startCapture(of: interface)
        guard announced else { return }
        announce("added", interface)
        changed?(interface, .added)
        if interface.isUp { changed?(interface, .up) }
    }

    private func remove(_ index: Int) {
        guard let interface = known.removeValue(forKey: index) else { return }
        stopCapture(of: index)
        announce("removed", interface)
        changed?(interface, .removed)
    }

    private func startCapture(of interface: Interface) {
        do {
            captures[interface.index] = try Capture(
                interfaceIndex: interface.index, named: interface.name, filters: filters(of: interface.name),
                captureContext)
        } catch {
            logger.error("cannot capture", metadata: ["interface": "\(interface.name)", "error": "\(error)"])
        }
    }

    private func stopCapture(of index: Int) {
        captures.removeValue(forKey: index)?.finish()
    }

    private func announce(_ change: String, _ interface: Interface, previousName: String? = nil) {
        logger.info("interface \(change)", metadata: ["interface": "\(interface.name)"])
        log.append(
            .interface, on: interface.name,
            [
                "interface": .string(interface.name), "change": .string(change),
                "state": change == "removed" ? .none : .some(JSONValue(interface, self)),
                "previous_name": previousName.map { .string($0) },
            ])
    }

    // MARK: Checks

    /// Between two checks, in nanoseconds.
    private static let checkInterval: Int64 = 500_000_000

    private func scheduleCheck(number: Int = 1) {
        loop.after(Self.checkInterval) { [unowned self] in
            for capture in captures.values { capture.checkForLosses() }
            // Those that could not be opened, for want of descriptors or memory.
            for interface in known.values where captures[interface.index] == nil { startCapture(of: interface) }
            checked?()
            if number.isMultiple(of: 2) { measureLoads() }
            let hasController = known.values.contains { $0.controller != nil }
            if number.isMultiple(of: 4), hasController || needsRefresh { refresh() }
            scheduleCheck(number: number + 1)
        }
    }

    private func measureLoads() {
        var loads: [(interface: Interface, load: BusLoad.Measurement)] = []
        for interface in present {
            guard let capture = captures[interface.index] else { continue }
            let seesAll = interface.isUp && filters(of: interface.name) == .everything
            capture.endSecond(now: loop.now, nextRates: seesAll ? BusLoad.Rates(interface) : nil)
            if interface.isUp, let load = capture.busLoad { loads.append((interface, load)) }
        }
        loadMeasured?(loads)
    }
}

extension BusLoad.Rates {
    /// Those of a controller; nil where none are set.
    fileprivate init?(_ interface: Interface) {
        guard let nominal = interface.controller?.bitTiming?.bitrate else { return nil }
        self.init(nominal: nominal, data: interface.controller?.dataBitTiming?.bitrate ?? nominal)
    }
}
