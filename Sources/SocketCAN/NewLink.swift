/// A virtual interface to be made. It is made switched off.
public struct NewLink: Hashable, Sendable {
    /// What it is to be.
    public enum Kind: Hashable, Sendable {
        /// A virtual bus within this host.
        case vcan
        /// A virtual cable, with the name of its other end.
        case vxcan(peer: String)
    }

    /// Its name, 1 to 15 bytes.
    public var name: String
    /// What it is to be.
    public var kind: Kind
    /// The size of the longest frame, for both ends of a cable; the kind's own when nil.
    public var mtu: Int?
    /// The length of the transmit queue in frames, for both ends of a cable; the kind's own when nil.
    public var transmitQueueLength: Int?

    /// Makes a description.
    public init(name: String, kind: Kind, mtu: Int? = nil, transmitQueueLength: Int? = nil) {
        self.name = name
        self.kind = kind
        self.mtu = mtu
        self.transmitQueueLength = transmitQueueLength
    }
}
