/// A bit timing to be set.
///
/// The kernel works it out from a bit rate (can_calc_bittiming), or checks segments that are given
/// (can_fixup_bittiming); it refuses the two together.
public enum BitTimingSetting: Hashable, Sendable {
    /// A rate in bits per second, and where in the bit it is sampled, in thousandths; nil leaves that to the kernel.
    case bitrate(Int, samplePoint: Int?)
    /// A time quantum in nanoseconds, and segments in time quanta; nil leaves the jump width to the kernel.
    case segments(timeQuantum: Int, propagation: Int, phase1: Int, phase2: Int, jumpWidth: Int?)
}
