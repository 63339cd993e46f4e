/// A CAN interface, as rtnetlink describes it at one moment.
public struct Interface: Hashable, Sendable {
    /// What kind of device it is.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// A controller, or what its driver makes look like one.
        case controller = "can"
        /// A virtual bus within this host.
        case vcan
        /// One end of a virtual cable, between network namespaces as a rule.
        case vxcan
        /// A serial line adapter of the SLCAN protocol.
        case slcan
    }

    /// Its name, `"can0"`.
    public var name: String
    /// Its number, which is never used twice while the machine runs.
    public var index: Int
    /// What kind of device it is.
    public var kind: Kind
    /// Whether it is switched on (IFF_UP).
    public var isUp: Bool
    /// Whether it is on and can carry frames (IFF_RUNNING).
    public var isRunning: Bool
    /// The size of the longest frame that it takes: 16 classic CAN, 72 CAN FD, above that CAN XL.
    public var mtu: Int
    /// The length of its transmit queue, in frames.
    public var transmitQueueLength: Int
    /// The bus or platform device it belongs to, `"0000:00:04.0"`.
    public var parent: String?
    /// The name of its driver, `"kvaser_pci"`.
    public var driver: String?
    /// The counters that every interface has.
    public var statistics = Statistics()
    /// What only a controller has; nil for virtual interfaces.
    public var controller: Controller?

    /// Whether it takes CAN FD frames. More than 72 is CAN XL, which carries them too.
    public var takesFD: Bool { mtu >= 72 }
    /// Whether it takes CAN XL frames.
    public var takesXL: Bool { mtu >= 76 }

    /// Counts since the interface was made.
    public struct Statistics: Hashable, Sendable {
        /// Frames received.
        public var receivedFrames = 0
        /// Bytes of data received.
        public var receivedBytes = 0
        /// Receive errors.
        public var receiveErrors = 0
        /// Received frames that were dropped.
        public var receiveDropped = 0
        /// Frames sent.
        public var sentFrames = 0
        /// Bytes of data sent.
        public var sentBytes = 0
        /// Transmit errors.
        public var transmitErrors = 0
        /// Frames dropped before they were sent.
        public var transmitDropped = 0
    }
}
