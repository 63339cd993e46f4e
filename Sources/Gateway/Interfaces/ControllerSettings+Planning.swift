internal import SocketCAN

extension ControllerSettings {
    /// The one message that brings a controller to other modes and timings, with what the kernel wants to find in it.
    /// - Parameters:
    ///   - now: How the controller is.
    ///   - modes: The modes that are to be on.
    ///   - bitTiming: The timing to set, nil when it stays.
    ///   - dataBitTiming: The data timing to set, nil when it stays.
    ///   - other: What has the timings that stay, where CAN FD needs them along.
    ///   - restartDelay: The delay to set, nil when it stays.
    init(
        from now: Controller, to modes: ControlModes, bitTiming: BitTimingSetting?, dataBitTiming: BitTimingSetting?,
        otherwise other: Controller, restartDelay: Int?
    ) {
        self.init()
        self.bitTiming = bitTiming
        self.dataBitTiming = dataBitTiming
        self.restartDelay = restartDelay
        // Delay compensation comes and goes with the data bit timing.
        var mask = now.modes.symmetricDifference(modes).subtracting(.delayCompensation)
        if dataBitTiming != nil { mask.insert(.fd) }
        guard !mask.isEmpty else { return }
        mask.formUnion(now.fixedModes)
        let values = modes.intersection(mask)
        self.modes = Modes(mask: mask, values: values)
        if values.contains(.fd) {
            self.bitTiming = bitTiming ?? other.bitTiming?.setting
            self.dataBitTiming = dataBitTiming ?? other.dataBitTiming?.setting
        }
    }
}

extension Controller {
    /// The modes that the driver has always on: the kernel wants them named whenever modes are set
    /// (can_changelink, `ctrlstatic`).
    var fixedModes: ControlModes {
        guard let supportedModes else { return [] }
        return modes.subtracting(supportedModes).subtracting(.delayCompensation)
    }
}

extension BitTiming {
    /// Whether it is the same timing. The time quantum does not count: the kernel rounds it in two ways.
    func isSame(as other: BitTiming?) -> Bool {
        guard var other else { return false }
        other.timeQuantum = timeQuantum
        return self == other
    }
}
