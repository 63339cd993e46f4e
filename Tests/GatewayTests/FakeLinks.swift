import Linux
internal import Synchronization

@testable import Gateway
@testable import SocketCAN

/// A kernel of tests, with the rules of the real one as far as changing interfaces needs them.
final class FakeLinks: LinkKernel {
    private struct State {
        var interfaces: [Interface]
        var changes: [LinkChange] = []
        var failures: [Int: Errno] = [:]
        var newNames: [String: String] = [:]
    }

    private let state: Mutex<State>

    init(_ interfaces: Interface...) { state = Mutex(State(interfaces: interfaces)) }

    /// What was asked for, in order, refused or not.
    var changes: [LinkChange] { state.withLock { $0.changes } }

    /// An interface as it is now.
    subscript(name: String) -> Interface? { state.withLock { $0.interfaces.first { $0.name == name } } }

    /// Makes the change of a number, from 0, fail.
    func fail(_ number: Int, with errno: Errno) { state.withLock { $0.failures[number] = errno } }

    /// Has interfaces renamed as soon as they are made.
    func renameNew(_ names: [String: String]) { state.withLock { $0.newNames = names } }

    /// Changes an interface behind the back of who uses this.
    func edit(_ name: String, _ body: (inout Interface) -> Void) {
        state.withLock { state in
            guard let index = state.interfaces.firstIndex(where: { $0.name == name }) else { return }
            body(&state.interfaces[index])
        }
    }

    func interfaces() throws(SystemError) -> [Interface] { state.withLock { $0.interfaces } }

    func index(of name: String) -> Int? { self[name]?.index }

    func apply(_ change: LinkChange, to interface: Interface) throws(LinkError) {
        let errno = state.withLock { state -> Errno? in
            state.changes.append(change)
            if let errno = state.failures[state.changes.count - 1] { return errno }
            guard let index = state.interfaces.firstIndex(where: { $0.index == interface.index }) else {
                return .noSuchDevice
            }
            return state.interfaces[index].take(change)
        }
        if let errno { throw LinkError(errno, call: "RTM_NEWLINK", interface: interface.name) }
    }

    func make(_ link: NewLink) throws(LinkError) {
        state.withLock { state in
            var names = [link.name]
            var kind = Interface.Kind.vcan
            if case .vxcan(let peer) = link.kind {
                names = [peer, link.name]
                kind = .vxcan
            }
            for name in names {
                state.interfaces.append(
                    Interface(
                        name: state.newNames[name] ?? name, index: state.interfaces.count + 1, kind: kind, isUp: false,
                        isRunning: false,
                        mtu: link.mtu ?? 72, transmitQueueLength: link.transmitQueueLength ?? 0))
            }
        }
    }

    func remove(index: Int, named name: String) throws(LinkError) {
        state.withLock { state in
            let isCable = state.interfaces.first { $0.index == index }?.kind == .vxcan
            state.interfaces.removeAll { $0.index == index || (isCable && $0.kind == .vxcan) }
        }
    }
}

extension Interface {
    /// A bus within the host.
    static func bus(_ name: String = "vcan0", mtu: Int = 72, isUp: Bool = false) -> Interface {
        Interface(
            name: name, index: 1, kind: .vcan, isUp: isUp, isRunning: isUp, mtu: mtu, transmitQueueLength: 0)
    }

    /// A controller with a clock of 80 MHz that has CAN FD, and listen_only, one_shot and berr_reporting beside it.
    static func controller(_ name: String = "can0", bitrate: Int? = 500_000, isUp: Bool = false) -> Interface {
        var interface = Interface(
            name: name, index: 2, kind: .controller, isUp: isUp, isRunning: isUp, mtu: 16, transmitQueueLength: 10)
        var controller = Controller()
        let limits = BitTimingLimits(
            segment1: 2...256, segment2: 2...128, greatestJumpWidth: 128, prescaler: 1...512,
            prescalerStep: 1)
        controller.bitTimingLimits = limits
        controller.dataBitTimingLimits = limits
        controller.clock = 80_000_000
        controller.restartDelay = 0
        controller.supportedModes = ControlModes(rawValue: 0x3A)
        controller.termination = 0
        controller.terminationValues = [0, 120]
        controller.bitTiming = bitrate.map { BitTiming(.bitrate($0, samplePoint: nil)) }
        controller.state = isUp ? .errorActive : .stopped
        interface.controller = controller
        return interface
    }

    /// The same with CAN FD on.
    static func fd(_ name: String = "can0", dataBitrate: Int = 2_000_000, isUp: Bool = false) -> Interface {
        var interface = controller(name, isUp: isUp)
        interface.mtu = 72
        interface.controller?.modes = .fd
        interface.controller?.dataBitTiming = BitTiming(.bitrate(dataBitrate, samplePoint: nil))
        return interface
    }

    /// Does what the kernel would, or returns why it would not.
    fileprivate mutating func take(_ change: LinkChange) -> Errno? {
        switch change {
        case .up:
            if let controller {
                guard let rate = controller.bitTiming?.bitrate else { return .invalidArgument }
                if controller.modes.contains(.fd), controller.dataBitTiming.map({ $0.bitrate < rate }) ?? true {
                    return .invalidArgument
                }
            }
            isUp = true
        case .down: isUp = false
        case .mtu(let mtu):
            if isUp { return .busy }
            self.mtu = mtu
        case .transmitQueueLength(let length): transmitQueueLength = length
        case .termination(let resistance): controller?.termination = resistance
        case .restart: controller?.state = .errorActive
        case .controller(let settings): return take(settings)
        }
        return nil
    }

    private mutating func take(_ settings: ControllerSettings) -> Errno? {
        guard var controller else { return .operationNotSupported }
        if isUp { return .busy }
        let switchesOn = settings.modes.map { $0.mask.intersection($0.values).contains(.fd) } ?? false
        if switchesOn, settings.bitTiming == nil || settings.dataBitTiming == nil { return .operationNotSupported }
        if settings.dataBitTiming != nil, !switchesOn { return .operationNotSupported }
        // The kernel has set the first when the second fails.
        defer { self.controller = controller }
        if let timing = settings.bitTiming {
            guard BitTiming(timing).bitrate <= 1_000_000 else { return .outOfDomain }
            controller.bitTiming = BitTiming(timing)
        }
        if let modes = settings.modes {
            controller.modes = controller.modes.subtracting(modes.mask).union(modes.values)
            mtu = controller.modes.contains(.fd) ? 72 : 16
            if !controller.modes.contains(.fd) { controller.dataBitTiming = nil }
        }
        if let delay = settings.restartDelay { controller.restartDelay = delay }
        if let timing = settings.dataBitTiming {
            guard BitTiming(timing).bitrate <= 8_000_000 else { return .outOfDomain }
            controller.dataBitTiming = BitTiming(timing)
        }
        return nil
    }
}

extension BitTiming {
    /// Something like what the kernel makes of it: at 80 MHz, 20 quanta a bit where a rate is given.
    init(_ setting: BitTimingSetting) {
        switch setting {
        case .bitrate(let rate, let point):
            let phase2 = (20 * (1000 - (point ?? 800)) + 500) / 1000
            self.init(
                bitrate: rate, samplePoint: point ?? 800, timeQuantum: 1_000_000_000 / (rate * 20),
                propagationSegment: 9, phaseSegment1: 10 - phase2, phaseSegment2: phase2, jumpWidth: 1,
                prescaler: 80_000_000 / (rate * 20))
        case .segments(let quantum, let propagation, let phase1, let phase2, let width):
            let prescaler = (quantum * 80 + 499) / 1000
            let length = 1 + propagation + phase1 + phase2
            self.init(
                bitrate: 80_000_000 / (prescaler * length), samplePoint: (1 + propagation + phase1) * 1000 / length,
                timeQuantum: quantum, propagationSegment: propagation, phaseSegment1: phase1, phaseSegment2: phase2,
                jumpWidth: width ?? 1, prescaler: prescaler)
        }
    }
}
