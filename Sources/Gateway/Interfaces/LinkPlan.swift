internal import HTTP
internal import SocketCAN

/// The steps that bring an interface from how it is to how it is to be.
struct LinkPlan: Hashable {
    /// One step.
    struct Step: Hashable {
        /// What to ask of the kernel.
        let change: LinkChange
        /// The field of the request that it is for.
        let field: String
    }

    /// What to do, in order; nothing where all is so already.
    private(set) var steps: [Step] = []

    /// Plans what a client wants: only what really differs.
    /// - Throws: ``Problem``: `invalid-interface-setting`, `interface-busy`, `not-supported`.
    init(_ change: InterfaceChange, of interface: Interface) throws(Problem) {
        let controller = try Self.controllerPlan(change, of: interface)
        let mtu = try Self.mtu(change, of: interface, controller)
        let length = change.transmitQueueLength == interface.transmitQueueLength ? nil : change.transmitQueueLength
        let termination = try Self.termination(change, of: interface)
        let fieldThatNeedsDown = mtu != nil ? "mtu" : controller?.firstField
        let goesDown = interface.isUp && (change.isUp == false || fieldThatNeedsDown != nil)
        let isUpAfterwards = change.isUp ?? interface.isUp
        if let fieldThatNeedsDown, interface.isUp, isUpAfterwards, !change.cycles {
            throw Problem(
                .interfaceBusy,
                "'\(interface.name)' is up, and \(fieldThatNeedsDown) can only change while it is down; send \"up\": false "
                    + "along, or \"cycle\": true to take it down for the change and up again", field: fieldThatNeedsDown
            )
        }
        if isUpAfterwards, goesDown || !interface.isUp { try Self.checkTiming(of: interface, controller) }

        if goesDown { add(.down, "up") }
        if let controller, let field = controller.firstField { add(.controller(controller.settings), field) }
        if let mtu { add(.mtu(mtu), "mtu") }
        if let length { add(.transmitQueueLength(length), "txqueuelen") }
        if let termination { add(.termination(termination), "termination_ohm") }
        if isUpAfterwards, goesDown || !interface.isUp { add(.up, "up") }
    }

    /// Plans to put back what was, as far as it is different now.
    init(restoring before: Interface, from now: Interface) {
        var settings = ControllerSettings()
        if let old = before.controller, let new = now.controller {
            let isFD = old.modes.contains(.fd)
            let timing = old.bitTiming.flatMap { $0.isSame(as: new.bitTiming) ? nil : $0.setting }
            let dataTiming = old.dataBitTiming.flatMap { $0.isSame(as: new.dataBitTiming) ? nil : $0.setting }
            settings = ControllerSettings(
                from: new, to: old.modes, bitTiming: timing, dataBitTiming: isFD ? dataTiming : nil,
                otherwise: old, restartDelay: old.restartDelay == new.restartDelay ? nil : old.restartDelay)
        }
        let restoresMTU = before.controller == nil && before.mtu != now.mtu
        let goesDown = now.isUp && (!before.isUp || !settings.isEmpty || restoresMTU)
        if goesDown { add(.down, "up") }
        if !settings.isEmpty { add(.controller(settings), "modes") }
        if restoresMTU { add(.mtu(before.mtu), "mtu") }
        if before.transmitQueueLength != now.transmitQueueLength {
            add(.transmitQueueLength(before.transmitQueueLength), "txqueuelen")
        }
        if let termination = before.controller?.termination, termination != now.controller?.termination {
            add(.termination(termination), "termination_ohm")
        }
        if before.isUp, goesDown || !now.isUp { add(.up, "up") }
    }

    private mutating func add(_ change: LinkChange, _ field: String) {
        steps.append(Step(change: change, field: field))
    }

    // MARK: What each setting comes to

    private static func controllerPlan(
        _ change: InterfaceChange, of interface: Interface
    ) throws(Problem) -> ControllerPlan? {
        if let controller = interface.controller, interface.kind == .controller {
            return try ControllerPlan(change, of: controller)
        }
        guard let field = change.firstControllerField else { return nil }
        throw Problem(
            .notSupported,
            "'\(interface.name)' is of the kind \(interface.kind.rawValue), which has no \(field)"
                + (interface.kind == .slcan ? " here: its bit rate is set with slcand or slcan_attach" : ""),
            field: field)
    }

    /// The MTU to set, nil where it stays. That of a controller follows CAN FD, on or off.
    private static func mtu(
        _ change: InterfaceChange, of interface: Interface, _ plan: ControllerPlan?
    ) throws(Problem) -> Int? {
        guard let mtu = change.mtu else { return nil }
        guard let controller = interface.controller else { return mtu == interface.mtu ? nil : mtu }
        let isSwitched = plan.map { $0.modes.symmetricDifference(controller.modes).contains(.fd) } ?? false
        let expected = isSwitched ? (plan?.modes.contains(.fd) == true ? 72 : 16) : interface.mtu
        if mtu == expected { return nil }
        throw .invalidSetting(
            "mtu is \(mtu); that of a controller follows modes.fd, and is \(expected)", field: "mtu",
            allowedNumbers: [expected])
    }

    private static func termination(
        _ change: InterfaceChange, of interface: Interface
    ) throws(Problem) -> Int? {
        guard let termination = change.termination else { return nil }
        guard let allowed = interface.controller?.terminationValues else {
            throw Problem(
                .notSupported, "'\(interface.name)' has no termination that can be switched", field: "termination_ohm")
        }
        guard allowed.contains(termination) else {
            throw .invalidSetting(
                "termination_ohm is \(termination); '\(interface.name)' has "
                    + allowed.map(String.init).joined(separator: ", "), field: "termination_ohm",
                allowedNumbers: allowed)
        }
        return termination == interface.controller?.termination ? nil : termination
    }

    /// A controller goes up only with its bit timings set (open_candev).
    private static func checkTiming(of interface: Interface, _ plan: ControllerPlan?) throws(Problem) {
        guard let plan else { return }
        guard let rate = plan.bitrate else {
            throw .invalidSetting("'\(interface.name)' has no bit rate; set a bit rate first", field: "bitrate")
        }
        guard plan.modes.contains(.fd), plan.dataBitrate.map({ $0 < rate }) ?? true else { return }
        throw .invalidSetting(
            "'\(interface.name)' is in CAN FD mode, and "
                + (plan.dataBitrate.map { "its data_bitrate \($0) is below bitrate \(rate)" } ?? "has no data_bitrate")
                + "; set data_bitrate first", field: "data_bitrate")
    }
}
