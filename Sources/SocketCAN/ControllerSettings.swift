/// Settings of a controller that the kernel takes together, in one message, while the interface is down.
///
/// CAN FD goes on only together with both bit timings, and the data bit timing is taken only together with CAN FD
/// (can_validate).
public struct ControllerSettings: Hashable, Sendable {
    /// The timing of the arbitration phase.
    public var bitTiming: BitTimingSetting?
    /// The timing of the data phase.
    public var dataBitTiming: BitTimingSetting?
    /// The modes that are set, each on or off.
    public var modes: Modes?
    /// After how many milliseconds it restarts from bus-off by itself; 0 never.
    public var restartDelay: Int?

    /// Modes to be set.
    public struct Modes: Hashable, Sendable {
        /// Those that are set.
        public var mask: ControlModes
        /// Those of them that are on.
        public var values: ControlModes

        /// Makes a setting of modes.
        public init(mask: ControlModes, values: ControlModes) {
            self.mask = mask
            self.values = values
        }
    }

    /// Sets nothing.
    public init() {}

    /// Whether nothing is set.
    public var isEmpty: Bool { self == ControllerSettings() }
}
