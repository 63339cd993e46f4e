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
        case up
        case down
        case removed
    }

    private let log: EventLog
    private let names: InterfaceNames
    private let loop: EventLoop
    private let logger: Logger
    private let captureContext: Capture.Context
    private let monitor: LinkMonitor
    private var watch: WatchedDescriptor?
    private var known: [Int: Interface] = [:]
    private var captures: [Int: Capture] = [:]
    private var filters: [String: FilterSet] = [:]
    private var isResynchronizing = false
    /// Why nothing can be captured, nil when all is well.
    private(set) var trouble: String?

    /// Called when an interface went up, went down or was removed.
    var changed: ((Interface, Change) -> Void)?

    /// How often a loss that no frame reports is looked for, in nanoseconds.
    private static let lossCheckInterval: Int64 = 500_000_000

    /// Begins to watch and to capture.
    init(
        log: EventLog, names: InterfaceNames, encoder: FrameEncoder, loop: EventLoop, receiveBuffer: Int, logger: Logger
    ) throws(SystemError) {
        self.log = log
        self.names = names
        self.loop = loop
        self.logger = logger
        captureContext = Capture.Context(log: log, encoder: encoder, loop: loop, receiveBuffer: receiveBuffer)
        monitor = try LinkMonitor()
        if !KernelProtocol.raw.isSupported {
            trouble = "this kernel (\(Machine.kernelRelease)) has no CAN (socket: EAFNOSUPPORT)"
        }
        for interface in try Links.list() { add(interface, announced: false) }
        watch = try loop.watch(number: monitor.descriptorNumber, for: .readable) { [unowned self] _ in update() }
        scheduleLossCheck()
    }

    /// The interfaces that are there, in the order of their numbers.
    var present: [Interface] { known.values.sorted { $0.index < $1.index } }

    /// The interface of a name.
    /// - Throws: ``Problem``: `not-supported`, `interface-not-found`, `not-a-can-interface`.
    func interface(named name: String) throws(Problem) -> Interface {
        try checkSupported()
        // One that was made a moment ago may be waiting in the monitor's queue.
        update()
        if let interface = known.values.first(where: { $0.name == name }) { return interface }
        throw Links.exists(name)
            ? Problem(.notACANInterface, "'\(name)' is a network interface, but no CAN interface")
            : Problem(.interfaceNotFound, "there is no interface '\(name)'", errno: "ENODEV")
    }

    /// Whether an interface is there.
    func isPresent(_ interface: Interface) -> Bool { known[interface.index] != nil }

    /// Whether an interface is there and up.
    func isUp(_ interface: Interface) -> Bool { known[interface.index]?.isUp ?? false }

    /// The name of a number.
    func name(_ number: Int) -> String { names.names[number] }

    /// - Throws: ``Problem``: `not-supported` on a kernel without CAN.
    func checkSupported() throws(Problem) {
        if let trouble { throw Problem(.notSupported, trouble, errno: "EAFNOSUPPORT") }
    }

    /// The capture of an interface, nil while there is none.
    func capture(of interface: Interface) -> Capture? { captures[interface.index] }

    // MARK: Capture filters

    /// What is read from the interface of a name.
    func filters(of name: String) -> FilterSet { filters[name] ?? .everything }

    /// Changes what is read from an interface, at once and whenever an interface of this name comes back.
    func setFilters(_ set: FilterSet, of interface: Interface) throws(SystemError) {
        try captures[interface.index]?.setFilters(set)
        guard filters(of: interface.name) != set else { return }
        filters[interface.name] = set == .everything ? nil : set
        let number = names.number(of: interface.name)
        let event: JSONValue = [
            "type": "filters", "seq": .integer(log.nextSequence), "interface": .string(interface.name),
            "filters": JSONValue(capture: set),
        ]
        log.append(LogEntry(.filters, interface: number), event.encoded)
    }

    // MARK: Coming and going

    /// Takes in what the kernel has told since the last time.
    private func update() {
        let events: [LinkMonitor.Event]
        do {
            events = try monitor.events()
        } catch {
            logger.error("link notifications failed", metadata: ["error": "\(error)"])
            return
        }
        for event in events {
            switch event {
            case .present(let interface): present(interface)
            case .removed(let interface): remove(interface.index)
            case .overrun: resynchronize()
            }
        }
    }

    /// Takes in what the service itself has changed, before the change is answered.
    ///
    /// - Parameters:
    ///   - interface: How the interface that was changed is now, if it still is: of most settings that change while it
    ///     is down the kernel tells nothing (netdev_state_change).
    ///   - completion: Called when everything that the kernel has told is taken in.
    func takeIn(_ interface: Interface?, then completion: @escaping () -> Void) {
        update()
        // What was told may be newer.
        if let interface, let told = known[interface.index], told.name == interface.name, told.isUp == interface.isUp {
            present(interface)
        }
        guard isResynchronizing else { return completion() }
        loop.offload {
        } then: {
            completion()
        }
    }

    /// Notifications were lost: compares with how things are now.
    private func resynchronize() {
        isResynchronizing = true
        loop.offload {
            Result { () throws(SystemError) in try Links.list() }
        } then: { [unowned self] result in
            isResynchronizing = false
            guard case .success(let interfaces) = result else { return }
            let indices = Set(interfaces.map(\.index))
            for index in known.keys where !indices.contains(index) { remove(index) }
            for interface in interfaces { present(interface) }
        }
    }

    private func present(_ interface: Interface) {
        guard let before = known[interface.index] else { return add(interface, announced: true) }
        known[interface.index] = interface
        if before.name != interface.name {
            // The log and the filters go by name: it is another interface to whoever reads.
            stopCapture(of: interface.index)
            startCapture(of: interface)
            announce("renamed", interface, previousName: before.name)
            changed?(before, .removed)
            if before.isUp, interface.isUp { changed?(interface, .up) }
        }
        if before.isUp != interface.isUp {
            announce(interface.isUp ? "up" : "down", interface)
            changed?(interface, interface.isUp ? .up : .down)
        }
    }

    private func add(_ interface: Interface, announced: Bool) {
        known[interface.index] = interface
        startCapture(of: interface)
        guard announced else { return }
        announce("added", interface)
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
                interfaceIndex: interface.index, named: (names.number(of: interface.name), interface.name),
                filters: filters(of: interface.name), captureContext)
        } catch {
            logger.error("cannot capture", metadata: ["interface": "\(interface.name)", "error": "\(error)"])
        }
    }

    private func stopCapture(of index: Int) {
        captures.removeValue(forKey: index)?.finish()
    }

    private func announce(_ change: String, _ interface: Interface, previousName: String? = nil) {
        logger.info("interface \(change)", metadata: ["interface": "\(interface.name)"])
        let number = names.number(of: interface.name)
        let state: JSONValue? = change == "removed" ? .none : .some(JSONValue(interface, self))
        let event = JSONValue.members([
            "type": "interface", "seq": .integer(log.nextSequence), "interface": .string(interface.name),
            "change": .string(change), "state": state, "previous_name": previousName.map { .string($0) },
        ])
        log.append(LogEntry(.interface, interface: number), event.encoded)
    }

    private func scheduleLossCheck() {
        loop.after(Self.lossCheckInterval) { [unowned self] in
            for capture in captures.values { capture.checkForLosses() }
            scheduleLossCheck()
        }
    }
}
