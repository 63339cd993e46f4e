internal import HTTP
internal import JSON
internal import SocketCAN

extension InterfaceChange {
    /// Reads what a client wants to be different.
    /// - Throws: ``Problem``: `malformed-request`, `invalid-interface-setting`.
    init(_ json: JSONValue) throws(Problem) {
        let reader = try ObjectReader(json, fields: Self.fields + ["cycle"])
        guard Self.fields.contains(where: reader.has) else { throw Self.nothingToChange }
        isUp = try reader.boolean("up")
        mtu = try reader.mtu()
        transmitQueueLength = try reader.transmitQueueLength()
        arbitration = try reader.timing(.arbitration)
        data = try reader.timing(.data)
        restartDelay = try reader.setting("restart_ms", in: 0...Int(UInt32.max))
        modes = try reader.modes()
        termination = try reader.setting("termination_ohm", in: 0...Int(UInt16.max))
        cycles = try reader.boolean("cycle") ?? false
        var nothing = InterfaceChange()
        nothing.cycles = cycles
        if self == nothing { throw Self.nothingToChange }
    }

    private static var nothingToChange: Problem {
        .invalidSetting("there is nothing to change; name one of the fields", field: nil, allowed: fields)
    }
}

extension ObjectReader {
    /// A whole number within bounds.
    func setting(_ name: String, in bounds: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let value = try integer(name) else { return nil }
        guard bounds.contains(value) else { throw .outOfBounds(path(of: name), value, bounds, field: path(of: name)) }
        return value
    }

    /// The size of the longest frame: 16 classic CAN, 72 CAN FD, 76 to 2060 CAN XL.
    func mtu() throws(Problem) -> Int? {
        guard let mtu = try integer("mtu") else { return nil }
        guard mtu == 16 || mtu == 72 || (76...2060).contains(mtu) else {
            throw .invalidSetting(
                "mtu is \(mtu); it is 16 for classic CAN, 72 for CAN FD (76 to 2060 for CAN XL, where the kernel has it)",
                field: "mtu", allowedNumbers: [16, 72])
        }
        return mtu
    }

    /// In frames.
    func transmitQueueLength() throws(Problem) -> Int? { try setting("txqueuelen", in: 0...32767) }

    fileprivate func timing(_ phase: BitPhase) throws(Problem) -> InterfaceChange.Timing {
        var timing = InterfaceChange.Timing()
        timing.bitrate = try setting(phase.bitrateField, in: 1...Int(UInt32.max))
        timing.samplePoint = try samplePoint(phase.samplePointField)
        timing.segments = try segments(phase.timingField)
        if timing.segments != nil, timing.bitrate != nil || timing.samplePoint != nil {
            throw .invalidSetting(
                "\(phase.timingField) says all; \(phase.bitrateField) and \(phase.samplePointField) cannot be given with it",
                field: phase.timingField)
        }
        return timing
    }

    /// A fraction of the bit, in thousandths.
    private func samplePoint(_ name: String) throws(Problem) -> Int? {
        guard let value = try number(name) else { return nil }
        let thousandths = (value * 1000).rounded()
        guard value < 1, (1...999).contains(thousandths) else {
            throw .invalidSetting("\(name) is \(value.text); it is a fraction of the bit, 0.001 to 0.999", field: name)
        }
        return Int(thousandths)
    }

    private func segments(_ name: String) throws(Problem) -> InterfaceChange.Segments? {
        let fields = ["tq", "prop_seg", "phase_seg1", "phase_seg2", "sjw", "brp"]
        guard let reader = try object(name, fields: fields) else { return nil }
        // 31 bits: sums of them are 32.
        let segment = 0...Int(Int32.max)
        return InterfaceChange.Segments(
            quantum: try reader.quantum(), propagation: try reader.required("prop_seg", in: segment),
            phase1: try reader.required("phase_seg1", in: segment),
            phase2: try reader.required("phase_seg2", in: segment),
            jumpWidth: try reader.setting("sjw", in: 1...Int(Int32.max)))
    }

    private func quantum() throws(Problem) -> InterfaceChange.Quantum {
        let time = try setting("tq", in: 1...Int(UInt32.max))
        let prescaler = try setting("brp", in: 1...Int(UInt32.max))
        switch (time, prescaler) {
        case (let time?, nil): return .nanoseconds(time)
        case (nil, let prescaler?): return .prescaler(prescaler)
        case (nil, nil):
            throw .invalidSetting("\(path(of: "tq")) is missing (or brp in its place)", field: path(of: "tq"))
        case (_?, _?):
            throw .invalidSetting(
                "\(path(of: "tq")) and \(path(of: "brp")) are both given; one follows from the other",
                field: path(of: "brp"))
        }
    }

    private func required(_ name: String, in bounds: ClosedRange<Int>) throws(Problem) -> Int {
        guard let value = try setting(name, in: bounds) else {
            throw .invalidSetting("\(path(of: name)) is missing", field: path(of: name))
        }
        return value
    }

    fileprivate func modes() throws(Problem) -> ControllerSettings.Modes {
        var modes = ControllerSettings.Modes(mask: [], values: [])
        guard let reader = try object("modes", fields: ControlModes.named.map(\.name)) else { return modes }
        for (name, bit) in ControlModes.named {
            guard let isOn = try reader.boolean(name) else { continue }
            modes.mask.insert(bit)
            if isOn { modes.values.insert(bit) }
        }
        guard !modes.mask.isEmpty else {
            throw .invalidSetting(
                "modes names no mode to change", field: "modes", allowed: ControlModes.named.map(\.name))
        }
        return modes
    }
}
