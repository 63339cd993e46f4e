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
