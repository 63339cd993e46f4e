internal import SocketCAN

/// What a client wants to be different about an interface; what is nil or empty stays as it is. What holds for every
/// interface was checked, what depends on this one was not.
struct InterfaceChange: Hashable, Sendable {
    /// Whether it is switched on.
    var isUp: Bool?
    /// The size of the longest frame.
    var mtu: Int?
    /// In frames.
    var transmitQueueLength: Int?
    /// The bit timing of the arbitration phase.
    var arbitration = Timing()
    /// The bit timing of the data phase.
    var data = Timing()
    /// In milliseconds; 0 never.
    var restartDelay: Int?
    /// The modes that are named, and those of them that are on.
    var modes = ControllerSettings.Modes(mask: [], values: [])
    /// In ohms; 0 off.
    var termination: Int?
    /// Whether the interface may be taken down for the change, and up again.
    var cycles = false

    /// A bit timing, as it is asked for: a bit rate, a sample point, or both; or segments.
    struct Timing: Hashable, Sendable {
        /// In bits per second.
        var bitrate: Int?
        /// In thousandths.
        var samplePoint: Int?
        /// All of it, in segments; then nothing else is given.
        var segments: Segments?
    }

    /// The segments of a bit in time quanta.
    struct Segments: Hashable, Sendable {
        /// How long a quantum is.
        var quantum: Quantum
        /// The propagation segment.
        var propagation: Int
        /// The first phase segment.
        var phase1: Int
        /// The second phase segment.
        var phase2: Int
        /// The synchronization jump width, the kernel's choice when nil.
        var jumpWidth: Int?
    }

    /// A time quantum.
    enum Quantum: Hashable, Sendable {
        /// So many nanoseconds.
        case nanoseconds(Int)
        /// So many ticks of the controller's clock.
        case prescaler(Int)
    }

    /// The names of all settings, in the order in which they are looked at.
    static let fields = [
        "up", "mtu", "txqueuelen", "bitrate", "sample_point", "data_bitrate", "data_sample_point", "bit_timing",
        "data_bit_timing", "restart_ms", "modes", "termination_ohm",
    ]

    /// The first of the settings that only a controller has, by its field; nil when there is none of them.
    var firstControllerField: String? {
        let fields: [(String, Bool)] = [
            (BitPhase.arbitration.bitrateField, arbitration.bitrate != nil),
            (BitPhase.arbitration.samplePointField, arbitration.samplePoint != nil),
            (BitPhase.data.bitrateField, data.bitrate != nil),
            (BitPhase.data.samplePointField, data.samplePoint != nil),
            (BitPhase.arbitration.timingField, arbitration.segments != nil),
            (BitPhase.data.timingField, data.segments != nil),
            ("restart_ms", restartDelay != nil), ("modes", !modes.mask.isEmpty),
            ("termination_ohm", termination != nil),
        ]
        return fields.first { $0.1 }?.0
    }
}
