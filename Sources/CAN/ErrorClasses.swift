/// The classes of an error frame, the bits of its identifier (CAN_ERR_MASK).
public struct ErrorClasses: OptionSet, Hashable, Sendable {
    /// The bits, 0...0x1FFFFFFF.
    public let rawValue: UInt32
    /// Makes a set of its bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue & 0x1FFF_FFFF }

    /// The corresponding C constant is `CAN_ERR_MASK`.
    public static let all = ErrorClasses(rawValue: 0x1FFF_FFFF)

    /// The classes that have a name, in the order of their bits, from `CAN_ERR_TX_TIMEOUT` to `CAN_ERR_CNT`.
    public static let named: [(name: String, bit: ErrorClasses)] = [
        ("tx-timeout", ErrorClasses(rawValue: 0x001)),
        ("lost-arbitration", lostArbitration),
        ("controller", controller),
        ("protocol", `protocol`),
        ("transceiver", transceiver),
        ("no-ack", ErrorClasses(rawValue: 0x020)),
        ("bus-off", busOff),
        ("bus-error", ErrorClasses(rawValue: 0x080)),
        ("restarted", restarted),
        ("counters", counters),
    ]

    /// The corresponding C constant is `CAN_ERR_LOSTARB`.
    public static let lostArbitration = ErrorClasses(rawValue: 0x002)
    /// The corresponding C constant is `CAN_ERR_CRTL`.
    public static let controller = ErrorClasses(rawValue: 0x004)
    /// The corresponding C constant is `CAN_ERR_PROT`.
    public static let `protocol` = ErrorClasses(rawValue: 0x008)
    /// The corresponding C constant is `CAN_ERR_TRX`.
    public static let transceiver = ErrorClasses(rawValue: 0x010)
    /// The corresponding C constant is `CAN_ERR_BUSOFF`.
    public static let busOff = ErrorClasses(rawValue: 0x040)
    /// The corresponding C constant is `CAN_ERR_RESTARTED`.
    public static let restarted = ErrorClasses(rawValue: 0x100)
    /// The corresponding C constant is `CAN_ERR_CNT`.
    public static let counters = ErrorClasses(rawValue: 0x200)

    /// The names of the classes in the set.
    public var names: [String] {
        Self.named.filter { contains($0.bit) }.map(\.name)
    }

    /// The class of a name, nil for an unknown one.
    public init?(name: String) {
        guard let found = Self.named.first(where: { $0.name == name }) else { return nil }
        self = found.bit
    }
}
