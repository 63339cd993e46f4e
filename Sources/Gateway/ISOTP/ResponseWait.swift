/// How long an answer is waited for, where it may be announced as pending.
///
/// A UDS server that needs longer answers `7F <service> 78` first (ISO 14229-1, requestCorrectlyReceived-ResponsePending);
/// then the time begins anew, up to a bound for all together.
struct ResponseWait {
    private let timeout: Int64
    private let end: Int64?
    private let announcement: [UInt8]
    /// When the wait is over, a monotonic time in nanoseconds.
    private(set) var deadline: Int64
    /// How many announcements came.
    private(set) var announced = 0

    /// - Parameters:
    ///   - now: When the request was out, a monotonic time in nanoseconds.
    ///   - timeout: How long to wait for each answer, in nanoseconds.
    ///   - longest: How long to wait in all; nil where announcements count as answers.
    init(for request: [UInt8], since now: Int64, timeout: Int64, longest: Int64?) {
        self.timeout = timeout
        end = longest.map { now + $0 }
        announcement = [0x7F, request.first ?? 0, 0x78]
        deadline = min(now + timeout, end ?? .max)
    }

    /// Whether this is the answer, not an announcement of it.
    mutating func isAnswer(_ data: [UInt8], at now: Int64) -> Bool {
        guard let end, data == announcement else { return true }
        announced += 1
        deadline = min(now + timeout, end)
        return false
    }
}
