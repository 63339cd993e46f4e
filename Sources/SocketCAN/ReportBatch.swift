internal import CAN
internal import CLinuxCAN

/// Reused memory for what one system call receives of a broadcast manager.
@safe public final class ReportBatch {
    /// The most messages that one call takes.
    public static let capacity = Int(CCAN_BATCH)

    // Allocated in init, freed in deinit, and touched only by receive calls and the subscript.
    let memory: OpaquePointer
    /// The number of messages that the last call received.
    public internal(set) var count = 0

    /// Allocates the memory.
    public init() {
        guard let memory = unsafe ccan_bcm_batch_new() else { fatalError("out of memory") }
        unsafe self.memory = memory
    }

    deinit { unsafe ccan_bcm_batch_free(memory) }

    /// A message of the last call, by its place from 0; nil for one of another kind.
    public subscript(index: Int) -> BroadcastManager.Report? {
        precondition(index < count)
        let report = unsafe ccan_bcm_batch_reports(memory)[index]
        let isFD = report.flags & UInt32(CAN_FD_FRAME) != 0
        let content: WatchReport.Content
        switch report.opcode {
        case UInt32(TX_EXPIRED): return .expired(.init(canID: report.can_id, isFD: isFD))
        case UInt32(RX_TIMEOUT): content = .timeout
        case UInt32(RX_CHANGED) where report.frame_count == 1:
            content = .changed(report.frame.frame(size: isFD ? Wire.fdSize : Wire.classicSize))
        default: return nil
        }
        return .watch(
            WatchReport(
                key: .init(canID: report.can_id, isFD: isFD), content: content,
                timestamp: report.software_ns == 0 ? nil : report.software_ns))
    }
}
