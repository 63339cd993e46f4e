internal import CAN

/// What a client wants sent by ISO-TP, and whether it wants an answer.
struct ISOTPRequest {
    var link: ISOTPLink
    var data: [UInt8]
    var wantsResponse: Bool
    /// After a functional request, the identifier for the flow control of the answer; nil to give none.
    var flowControl: Identifier?
    /// How long answers that say "response pending" may extend the wait in all, in nanoseconds; nil where they count as
    /// answers.
    var longestWait: Int64?
}
