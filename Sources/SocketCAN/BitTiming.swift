/// The timing of a bit (`can_bittiming`).
public struct BitTiming: Hashable, Sendable {
    /// In bits per second.
    public var bitrate: Int
    /// Where in the bit it is sampled, in thousandths.
    public var samplePoint: Int
    /// A time quantum in nanoseconds.
    public var timeQuantum: Int
    /// The propagation segment in time quanta.
    public var propagationSegment: Int
    /// The first phase segment in time quanta.
    public var phaseSegment1: Int
    /// The second phase segment in time quanta.
    public var phaseSegment2: Int
    /// The synchronization jump width in time quanta.
    public var jumpWidth: Int
    /// The prescaler of the clock.
    public var prescaler: Int

    /// What sets this very timing. A driver that takes only bit rates has no segments.
    public var setting: BitTimingSetting {
        guard timeQuantum > 0 else { return .bitrate(bitrate, samplePoint: samplePoint > 0 ? samplePoint : nil) }
        return .segments(
            timeQuantum: timeQuantum, propagation: propagationSegment, phase1: phaseSegment1, phase2: phaseSegment2,
            jumpWidth: jumpWidth > 0 ? jumpWidth : nil)
    }
}
