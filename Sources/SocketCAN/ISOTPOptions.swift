/// How an ``ISOTPSocket`` speaks ISO-TP (ISO 15765-2).
public struct ISOTPOptions: Hashable, Sendable {
    /// What stands in the frames beside the identifier to say who talks to whom.
    public enum Addressing: Hashable, Sendable {
        /// Nothing.
        case normal
        /// A byte before the protocol's own, the same in both directions (CAN_ISOTP_EXTEND_ADDR).
        case mixed(UInt8)
        /// A byte before the protocol's own, another one in each direction (CAN_ISOTP_RX_EXT_ADDR as well).
        case extended(transmit: UInt8, receive: UInt8)
    }

    /// The frames that carry it. A socket hears only frames of the kind that it sends.
    public enum Link: Hashable, Sendable {
        /// Classic frames.
        case classic
        /// CAN FD frames of at most so many bytes of data: 8, 12, 16, 20, 24, 32, 48 or 64.
        case fd(dataLength: Int, bitRateSwitch: Bool)
    }

    /// Which part of the protocol is played.
    public enum Role: Hashable, Sendable {
        /// Sends to one and receives from one.
        case pointToPoint
        /// Sends single frames to all, which nobody confirms, and receives nothing (CAN_ISOTP_SF_BROADCAST).
        case functional
        /// Receives, and says nothing: longer transfers, which wait for flow control, do not arrive unless somebody else
        /// gives it (CAN_ISOTP_LISTEN_MODE).
        case listening
    }

    /// The addressing.
    public var addressing = Addressing.normal
    /// What fills sent frames up, nil to send them as short as they are. CAN FD has to fill up to the next length it
    /// has, and does so with 0xCC.
    public var transmitPadding: UInt8?
    /// What received frames must be filled up with to be taken, nil to take any.
    public var receivePadding: UInt8?
    /// After how many consecutive frames the sender has to wait for flow control again, 0 for never.
    public var blockSize: UInt8 = 0
    /// The least time between the frames that the sender may send.
    public var separationTime = SeparationTime.none
    /// The frames that carry it.
    public var link = Link.classic
    /// Which part is played.
    public var role = Role.pointToPoint

    /// The protocol's defaults: classic frames, no padding, no limits to the sender.
    public init() {}

    /// The lengths of data that frames may have as the longest.
    public static let dataLengths = [8, 12, 16, 20, 24, 32, 48, 64]

    /// The most bytes of a PDU that goes in a single frame.
    public var singleFrameCapacity: Int {
        let dataLength = if case .fd(let length, _) = link { length } else { 8 }
        // The length stands in half a byte, or from 9 bytes of data on in a second one.
        let header = dataLength > 8 ? 2 : 1
        return dataLength - header - (addressing == .normal ? 0 : 1)
    }
}
