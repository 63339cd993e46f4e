/// The settings and the state of a CAN controller (linux/can/netlink.h).
public struct Controller: Hashable, Sendable {
    /// Where its error confinement stands (ISO 11898-1).
    public enum State: UInt32, Hashable, Sendable, CaseIterable {
        /// Both error counters below 96.
        case errorActive = 0
        /// A counter at 96 or above.
        case errorWarning
        /// A counter at 128 or above.
        case errorPassive
        /// The transmit counter at 256: it takes no part in the bus.
        case busOff
        /// Switched off.
        case stopped
        /// Asleep.
        case sleeping

        /// `"error-active"`.
        public var name: String {
            switch self {
            case .errorActive: "error-active"
            case .errorWarning: "error-warning"
            case .errorPassive: "error-passive"
            case .busOff: "bus-off"
            case .stopped: "stopped"
            case .sleeping: "sleeping"
            }
        }
    }

    /// Its state.
    public var state: State?
    /// The timing of the arbitration phase; nil when none was set.
    public var bitTiming: BitTiming?
    /// The timing of the data phase of CAN FD; nil when none was set.
    public var dataBitTiming: BitTiming?
    /// What timings of the arbitration phase it can do.
    public var bitTimingLimits: BitTimingLimits?
    /// What timings of the data phase it can do.
    public var dataBitTimingLimits: BitTimingLimits?
    /// The clock that bit timing is made from, in Hz.
    public var clock: Int?
    /// After how many milliseconds it restarts from bus-off by itself; 0 never.
    public var restartDelay: Int?
    /// The modes that are on.
    public var modes: ControlModes = []
    /// The modes that it can do; nil where the driver does not say (before Linux 6.0).
    public var supportedModes: ControlModes?
    /// The error counters, where the driver can read them.
    public var errorCounters: ErrorCounters?
    /// The resistance of the built-in termination in ohms, 0 off; nil when it has none.
    public var termination: Int?
    /// The resistances that the built-in termination can have, in ohms; nil when it has none.
    public var terminationValues: [Int]?
    /// Counts of what happened on the bus.
    public var statistics: Statistics?

    /// The counters of error confinement.
    public struct ErrorCounters: Hashable, Sendable {
        /// Of errors while transmitting.
        public var transmit: Int
        /// Of errors while receiving.
        public var receive: Int
    }

    /// Counts of what happened on the bus (`can_device_stats`).
    public struct Statistics: Hashable, Sendable {
        /// Bus errors.
        public var busErrors = 0
        /// Changes to error-warning.
        public var errorWarning = 0
        /// Changes to error-passive.
        public var errorPassive = 0
        /// Changes to bus-off.
        public var busOff = 0
        /// Arbitrations lost.
        public var arbitrationLost = 0
        /// Restarts from bus-off.
        public var restarts = 0
    }
}

/// The timing of a bit (`can_bittiming`).
public struct BitTiming: Hashable, Sendable {
    /// In bits per second.
    public var bitrate: Int
    /// Where in the bit it is sampled, in thousandths.
    public var samplePoint: Int
    /// A time quantum in nanoseconds.
    public var timeQuantum: Int
    /// The propagation segment in time quanta.
    public var propagationSegment: Int
    /// The first phase segment in time quanta.
    public var phaseSegment1: Int
    /// The second phase segment in time quanta.
    public var phaseSegment2: Int
    /// The synchronization jump width in time quanta.
    public var jumpWidth: Int
    /// The prescaler of the clock.
    public var prescaler: Int
}

/// The bounds of a controller's bit timing (`can_bittiming_const`), in time quanta but for the prescaler.
public struct BitTimingLimits: Hashable, Sendable {
    /// Propagation segment plus first phase segment.
    public var segment1: ClosedRange<Int>
    /// Second phase segment.
    public var segment2: ClosedRange<Int>
    /// The greatest synchronization jump width.
    public var greatestJumpWidth: Int
    /// The prescaler of the clock.
    public var prescaler: ClosedRange<Int>
    /// The step of the prescaler.
    public var prescalerStep: Int
}

/// The modes of a controller (CAN_CTRLMODE_*).
public struct ControlModes: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt32
    /// Makes a set of its bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// CAN FD.
    public static let fd = ControlModes(rawValue: 0x20)
    /// Transmitter delay compensation, worked out or given; the kernel sets it along with the data bit timing.
    public static let delayCompensation = ControlModes(rawValue: 0x600)

    /// The modes that have a name here, in the order of their bits.
    public static let named: [(name: String, bit: ControlModes)] = [
        ("loopback", ControlModes(rawValue: 0x01)),
        ("listen_only", ControlModes(rawValue: 0x02)),
        ("triple_sampling", ControlModes(rawValue: 0x04)),
        ("one_shot", ControlModes(rawValue: 0x08)),
        ("berr_reporting", ControlModes(rawValue: 0x10)),
        ("fd", fd),
        ("presume_ack", ControlModes(rawValue: 0x40)),
        ("fd_non_iso", ControlModes(rawValue: 0x80)),
        ("cc_len8_dlc", ControlModes(rawValue: 0x100)),
    ]

    /// The names of the modes in the set.
    public var names: [String] { Self.named.filter { contains($0.bit) }.map(\.name) }
}
