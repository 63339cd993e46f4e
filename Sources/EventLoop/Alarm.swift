internal import CEpoll
internal import Glibc
internal import Linux

/// A descriptor that becomes readable at a time (timerfd_create(2)).
///
/// The loop's next deadline seldom changes from one turn to the next. Setting this when it does is cheaper than giving
/// each wait a timeout, for which the kernel starts and cancels a timer each time.
struct Alarm: ~Copyable {
    /// Readable when the time has come.
    let descriptor: Descriptor
    private var time: Int64?

    /// Makes one that is set to nothing.
    init() throws(SystemError) {
        descriptor = Descriptor(
            owning: try systemCall("timerfd_create") {
                timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK | TFD_CLOEXEC))
            })
    }

    /// Sets it to a monotonic time in nanoseconds, or to nothing.
    mutating func set(_ time: Int64?) throws(SystemError) {
        guard time != self.time else { return }
        self.time = time
        var value = itimerspec()
        if let time {
            value.it_value.tv_sec = Int(time / 1_000_000_000)
            value.it_value.tv_nsec = Int(time % 1_000_000_000)
        }
        let number = descriptor.number
        try systemCall("timerfd_settime") {
            unsafe timerfd_settime(number, Int32(TFD_TIMER_ABSTIME), &value, nil)
        }
    }

    /// It has become readable: it is set to nothing.
    mutating func acknowledge() {
        time = nil
        var expirations: UInt64 = 0
        _ = unsafe read(descriptor.number, &expirations, MemoryLayout<UInt64>.size)
    }
}
