/// How an ISO-TP exchange went.
struct ISOTPOutcome {
    /// The answer; nil where none was wanted.
    var response: [UInt8]?
    /// How long it took from the beginning of sending on, in nanoseconds.
    var elapsed: Int64
    /// How many answers said "response pending".
    var pending: Int
}
