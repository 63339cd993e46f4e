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
