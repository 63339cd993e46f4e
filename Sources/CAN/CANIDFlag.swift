/// The flags above the 29 bits of an identifier in `canid_t`, Linux's number for the head of a frame (linux/can.h).
public enum CANIDFlag {
    /// The corresponding C constant is `CAN_EFF_FLAG`: an extended frame.
    public static let extended: UInt32 = 0x8000_0000
    /// The corresponding C constant is `CAN_RTR_FLAG`: a remote frame.
    public static let remote: UInt32 = 0x4000_0000
    /// The corresponding C constant is `CAN_ERR_FLAG`: an error frame.
    public static let error: UInt32 = 0x2000_0000
}

extension Identifier {
    /// The `canid_t` of a data frame with this identifier.
    public var canID: UInt32 { value | (isExtended ? CANIDFlag.extended : 0) }

    /// Makes an identifier of a `canid_t`, whose other flags do not count.
    public init(canID: UInt32) { self.init(truncating: canID, extended: canID & CANIDFlag.extended != 0) }
}

extension Frame {
    /// The frame's `canid_t`.
    public var canID: UInt32 { identifier.canID | (isRemote ? CANIDFlag.remote : 0) }
}

extension ErrorFrame {
    /// The frame's `canid_t`: its classes and the error flag.
    public var canID: UInt32 { classes.rawValue | CANIDFlag.error }
}
