internal import HTTP
internal import SocketCAN

/// What is to become of a controller's settings that need the interface down, checked against what it has and can do.
struct ControllerPlan: Hashable {
    /// What to set, all in one message; empty where all is so already.
    let settings: ControllerSettings
    /// The fields that ask for something else than there is.
    let fields: [String]
    /// The modes that will be on.
    let modes: ControlModes
    /// The bit rate that will be, nil where there will be none.
    let bitrate: Int?
    /// The bit rate of the data phase that will be, nil where there will be none.
    let dataBitrate: Int?

    /// - Throws: ``Problem``: `invalid-interface-setting`, `not-supported`.
    init(_ change: InterfaceChange, of controller: Controller) throws(Problem) {
        let differing = try Self.differingModes(change.modes, controller)
        let modes = controller.modes.symmetricDifference(differing)
        if let field = change.firstDataField { try Self.checkFD(controller, after: modes, field) }
        let arbitration = try BitTimingPlan(change.arbitration, .arbitration, of: controller)
        let data = try BitTimingPlan(change.data, .data, of: controller)
        let restartDelay = change.restartDelay == controller.restartDelay ? nil : change.restartDelay
        if modes.contains(.fd) {
            try Self.checkRates(
                arbitration, data, needsBoth: differing.contains(.fd) || data.setting != nil)
        }
        settings = ControllerSettings(
            from: controller, to: modes, bitTiming: arbitration.setting, dataBitTiming: data.setting,
            otherwise: controller, restartDelay: restartDelay)
        let modeFields = differing.names.map { "modes.\($0)" }
        fields =
            [arbitration.field, data.field, restartDelay.map { _ in "restart_ms" }].compactMap { $0 } + modeFields
        self.modes = modes
        bitrate = arbitration.bitrate
        dataBitrate = data.bitrate
    }

    /// The first of the fields that differ, in the order of ``InterfaceChange/fields``.
    var firstField: String? {
        InterfaceChange.fields.lazy.compactMap { name in fields.first { $0 == name || $0.hasPrefix(name + ".") } }.first
    }

    private static func differingModes(
        _ wanted: ControllerSettings.Modes, _ controller: Controller
    ) throws(Problem) -> ControlModes {
        let differing = wanted.mask.intersection(controller.modes.symmetricDifference(wanted.values))
        guard let supported = controller.supportedModes else { return differing }
        if let name = differing.subtracting(supported).names.first {
            throw Problem(
                .notSupported,
                controller.modes.names.contains(name)
                    ? "the mode \(name) is always on with this driver" : "this driver has no mode \(name)",
                field: "modes.\(name)", allowed: supported.names)
        }
        return differing
    }

    private static func checkFD(
        _ controller: Controller, after modes: ControlModes, _ field: String
    ) throws(Problem) {
        if modes.contains(.fd) { return }
        if let supported = controller.supportedModes, !supported.union(controller.modes).contains(.fd) {
            throw Problem(.notSupported, "\(field) is for CAN FD, which this driver does not have", field: field)
        }
        throw .invalidSetting("\(field) is for CAN FD, which is off; set modes.fd to true as well", field: field)
    }

    /// - Parameter needsBoth: Whether both rates must be there, as for CAN FD to be switched on.
    private static func checkRates(
        _ arbitration: BitTimingPlan, _ data: BitTimingPlan, needsBoth: Bool
    ) throws(Problem) {
        if needsBoth, arbitration.bitrate == nil {
            throw .invalidSetting("CAN FD needs bitrate, and the controller has none yet", field: "bitrate")
        }
        if needsBoth, data.bitrate == nil {
            throw .invalidSetting("CAN FD needs data_bitrate, and the controller has none yet", field: "data_bitrate")
        }
        guard let field = data.field ?? arbitration.field ?? (needsBoth ? "data_bitrate" : nil),
            let rate = arbitration.bitrate, let dataRate = data.bitrate, dataRate < rate
        else { return }
        throw .invalidSetting(
            "the bit rate of the data phase would be \(dataRate), which is below that of the arbitration phase, \(rate)",
            field: field)
    }
}

extension InterfaceChange {
    fileprivate var firstDataField: String? {
        if data.bitrate != nil { return BitPhase.data.bitrateField }
        if data.samplePoint != nil { return BitPhase.data.samplePointField }
        return data.segments != nil ? BitPhase.data.timingField : nil
    }
}
