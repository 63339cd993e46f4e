/// How many messages a socket has lost, as far as was told.
///
/// The kernel counts in 32 bits, which wrap. A frame carries the count of when it was queued (SO_RXQ_OVFL); if the
/// socket's own count (SO_MEMINFO) was read in the meantime, the frame's is an older one and tells of no new loss: so the
/// difference of two counts is signed. The sockets of ISO-TP and watches have only the second count, with which it is
/// never negative.
struct DropCount {
    /// The kernel's count up to which losses were told.
    private(set) var count: UInt32 = 0

    /// How many messages were lost between what was told before and a count of the kernel.
    mutating func lost(upTo count: UInt32) -> Int {
        let lost = Int(Int32(bitPattern: count &- self.count))
        guard lost > 0 else { return 0 }
        self.count = count
        return lost
    }
}
