/// A limit of so many things a second, which may come all at once (a token bucket).
struct RateLimit {
    private let perSecond: Int64
    /// When the bucket would be full again, in nanoseconds.
    private var full: Int64 = 0

    /// Makes a full bucket.
    init(perSecond: Int) { self.perSecond = Int64(perSecond) }

    /// Takes one; false when there is none.
    /// - Parameter now: A monotonic time in nanoseconds.
    mutating func take(at now: Int64) -> Bool {
        let price = 1_000_000_000 / perSecond
        let next = max(full, now) + price
        guard next - now <= 1_000_000_000 else { return false }
        full = next
        return true
    }
}
