internal import CAN
internal import SocketCAN

/// Between whom ISO-TP is spoken, and how.
struct ISOTPLink {
    /// The identifier of what is sent.
    var transmit: Identifier
    /// The identifier of what is received; nil where nothing is.
    var receive: Identifier?
    var options: ISOTPOptions
    /// How long sending a PDU may take, in nanoseconds, and then the answer to it.
    var timeout: Int64

    static let defaultTimeout: Int64 = 1_000_000_000
}
