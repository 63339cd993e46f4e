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
