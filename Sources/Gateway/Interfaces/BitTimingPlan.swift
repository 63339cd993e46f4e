internal import HTTP
internal import SocketCAN

/// What is to become of one bit timing, checked against what the controller has and can do.
struct BitTimingPlan: Hashable {
    /// What to set; nil where it is so already, or nothing is asked.
    private(set) var setting: BitTimingSetting?
    /// The first field that asks for something else than there is.
    private(set) var field: String?
    /// The bit rate that will be; nil where there will be none.
    private(set) var bitrate: Int?

    /// - Throws: ``Problem``: `invalid-interface-setting`, `not-supported`.
    init(_ wanted: InterfaceChange.Timing, _ phase: BitPhase, of controller: Controller) throws(Problem) {
        let present = phase.timing(of: controller)
        bitrate = present?.bitrate
        if let segments = wanted.segments {
            try plan(segments, phase, of: controller)
        } else if wanted.bitrate != nil || wanted.samplePoint != nil {
            guard let rate = wanted.bitrate ?? present?.bitrate else {
                throw .invalidSetting(
                    "\(phase.samplePointField) needs \(phase.bitrateField): the controller has none yet",
                    field: phase.samplePointField)
            }
            bitrate = rate
            let isPointThere = wanted.samplePoint == nil || wanted.samplePoint == present?.samplePoint
            if rate == present?.bitrate, isPointThere { return }
            field = rate == present?.bitrate ? phase.samplePointField : phase.bitrateField
            setting = .bitrate(rate, samplePoint: wanted.samplePoint)
        }
    }

    private mutating func plan(
        _ segments: InterfaceChange.Segments, _ phase: BitPhase, of controller: Controller
    ) throws(Problem) {
        guard let limits = phase.limits(of: controller), let clock = controller.clock, clock > 0 else {
            throw Problem(
                .notSupported, "this controller takes no segments of a bit; set \(phase.bitrateField)",
                field: phase.timingField)
        }
        try Self.check(segments, limits, phase.timingField)
        let quantum = try Self.quantum(segments.quantum, limits, clock: clock, phase.timingField)
        let bitLength = 1 + segments.propagation + segments.phase1 + segments.phase2
        bitrate = clock / (quantum.prescaler * bitLength)
        let present = phase.timing(of: controller)
        if let present, present.prescaler == quantum.prescaler, present.propagationSegment == segments.propagation,
            present.phaseSegment1 == segments.phase1, present.phaseSegment2 == segments.phase2,
            segments.jumpWidth == nil || segments.jumpWidth == present.jumpWidth
        {
            return
        }
        field = phase.timingField
        setting = .segments(
            timeQuantum: quantum.nanoseconds, propagation: segments.propagation, phase1: segments.phase1,
            phase2: segments.phase2, jumpWidth: segments.jumpWidth)
    }

    private static func check(
        _ segments: InterfaceChange.Segments, _ limits: BitTimingLimits, _ name: String
    ) throws(Problem) {
        let first = segments.propagation + segments.phase1
        guard limits.segment1.contains(first) else {
            throw .outOfBounds("prop_seg + phase_seg1", first, limits.segment1, field: "\(name).phase_seg1")
        }
        guard limits.segment2.contains(segments.phase2) else {
            throw .outOfBounds("phase_seg2", segments.phase2, limits.segment2, field: "\(name).phase_seg2")
        }
        if let width = segments.jumpWidth, width > limits.greatestJumpWidth {
            throw .outOfBounds("sjw", width, 1...max(limits.greatestJumpWidth, 1), field: "\(name).sjw")
        }
    }

    /// The time quantum as the kernel takes it, in nanoseconds, and the prescaler that it makes of it.
    private static func quantum(
        _ quantum: InterfaceChange.Quantum, _ limits: BitTimingLimits, clock: Int, _ name: String
    ) throws(Problem) -> (nanoseconds: Int, prescaler: Int) {
        switch quantum {
        case .nanoseconds(let time):
            let prescaler = limits.prescaler(timeQuantum: time, clock: clock)
            guard prescaler > 0, limits.prescaler.contains(prescaler) else {
                throw .outOfBounds(
                    "tq of \(time) ns at a clock of \(clock) Hz makes a brp that", prescaler, limits.prescaler,
                    field: "\(name).tq")
            }
            return (time, prescaler)
        case .prescaler(let prescaler):
            guard limits.prescaler.contains(prescaler) else {
                throw .outOfBounds("brp", prescaler, limits.prescaler, field: "\(name).brp")
            }
            // The kernel is told nanoseconds, and makes the prescaler of them again.
            let time = (prescaler * 1_000_000_000 + clock / 2) / clock
            guard time <= UInt32.max, limits.prescaler(timeQuantum: time, clock: clock) == prescaler else {
                throw .invalidSetting(
                    "brp is \(prescaler); the controller takes multiples of \(limits.prescalerStep)",
                    field: "\(name).brp")
            }
            return (time, prescaler)
        }
    }
}
