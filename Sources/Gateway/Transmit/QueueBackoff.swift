/// How long to wait while an interface's transmit queue is full, as the kernel does not tell when there is room again:
/// at first about the time of a frame at 500 kbit/s, then twice as long each time.
struct QueueBackoff {
    private static let pauses: ClosedRange<Int64> = 250_000...4_000_000
    private var pause = pauses.lowerBound

    /// The next pause, in nanoseconds.
    mutating func next() -> Int64 {
        defer { pause = min(2 * pause, Self.pauses.upperBound) }
        return pause
    }

    /// There was room.
    mutating func reset() { pause = Self.pauses.lowerBound }
}
