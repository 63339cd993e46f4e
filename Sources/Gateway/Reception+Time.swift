internal import Linux
internal import SocketCAN

extension Reception {
    /// When it was received, in nanoseconds: as the kernel says, or else as the controller says by its own clock; now
    /// where neither does.
    var time: Int64 { timestamp ?? hardwareTimestamp ?? Clock.realtime }
}
