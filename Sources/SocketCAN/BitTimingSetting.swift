/// A bit timing to be set.
///
/// The kernel works it out from a bit rate (can_calc_bittiming), or checks segments that are given
/// (can_fixup_bittiming); it refuses both in one.
public enum BitTimingSetting: Hashable, Sendable {
    /// So many bits per second, sampled at so many thousandths of the bit; the kernel's choice when nil.
    case bitrate(Int, samplePoint: Int?)
    /// Segments in time quanta of so many nanoseconds; the kernel's choice of the jump width when nil.
    case segments(timeQuantum: Int, propagation: Int, phase1: Int, phase2: Int, jumpWidth: Int?)
}

extension BitTiming {
    /// What sets this timing again. A driver that takes bit rates only has no segments.
    public var setting: BitTimingSetting {
        guard timeQuantum > 0 else { return .bitrate(bitrate, samplePoint: samplePoint > 0 ? samplePoint : nil) }
        return .segments(
            timeQuantum: timeQuantum, propagation: propagationSegment, phase1: phaseSegment1, phase2: phaseSegment2,
            jumpWidth: jumpWidth > 0 ? jumpWidth : nil)
    }
}

extension BitTimingLimits {
    /// The prescaler that the kernel makes of a time quantum, as it rounds.
    /// - Parameters:
    ///   - timeQuantum: In nanoseconds, at most 32 bits.
    ///   - clock: In Hz, at most 32 bits.
    public func prescaler(timeQuantum: Int, clock: Int) -> Int {
        let step = UInt64(max(prescalerStep, 1))
        return Int((UInt64(clock) * UInt64(timeQuantum) / step + 499_999_999) / 1_000_000_000 * step)
    }
}
