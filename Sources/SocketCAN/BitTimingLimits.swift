/// The bounds of a controller's bit timing (`can_bittiming_const`), in time quanta but for the prescaler.
public struct BitTimingLimits: Hashable, Sendable {
    /// Propagation segment plus first phase segment.
    public var segment1: ClosedRange<Int>
    /// Second phase segment.
    public var segment2: ClosedRange<Int>
    /// The greatest synchronization jump width.
    public var greatestJumpWidth: Int
    /// The prescaler of the clock.
    public var prescaler: ClosedRange<Int>
    /// The step of the prescaler.
    public var prescalerStep: Int

    /// The prescaler that the kernel makes of a time quantum, as it rounds.
    /// - Parameters:
    ///   - timeQuantum: In nanoseconds, at most 32 bits.
    ///   - clock: In Hz, at most 32 bits.
    public func prescaler(timeQuantum: Int, clock: Int) -> Int {
        let step = UInt64(max(prescalerStep, 1))
        return Int((UInt64(clock) * UInt64(timeQuantum) / step + 499_999_999) / 1_000_000_000 * step)
    }
}
