/// How an ISO-TP exchange went.
struct ISOTPOutcome {
    /// The answer; nil where none was wanted.
    var response: [UInt8]?
    /// From the request on, the wait for its turn included, in nanoseconds.
    var elapsed: Int64
    /// How many answers said "response pending".
    var pending: Int
}
