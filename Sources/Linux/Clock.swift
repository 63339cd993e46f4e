internal import Glibc

/// The kernel's clocks, in nanoseconds.
public enum Clock {
    /// CLOCK_MONOTONIC: for intervals and deadlines.
    public static var monotonic: Int64 { read(CLOCK_MONOTONIC) }

    /// CLOCK_REALTIME: nanoseconds since the epoch, the clock of the kernel's receive timestamps.
    public static var realtime: Int64 { read(CLOCK_REALTIME) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
