internal import CAN
internal import CLinuxCAN

/// Reused memory for the reports that one system call receives.
@safe public final class ReportBatch {
    /// The most messages that one call takes.
    public static let capacity = Int(CCAN_BATCH)

    // Allocated in init, freed in deinit, and touched only by receive calls and the subscript.
    let batch: OpaquePointer
    /// The number of messages that the last call received.
    public internal(set) var count = 0

    /// Allocates the memory.
    public init() {
        guard let batch = unsafe ccan_bcm_batch_new() else { fatalError("out of memory") }
        unsafe self.batch = batch
    }

    deinit { unsafe ccan_bcm_batch_free(batch) }

    /// A message of the last call, by its place from 0; nil for one that is no report.
    public subscript(index: Int) -> WatchReport? {
        precondition(index < count)
        let report = unsafe ccan_bcm_batch_reports(batch)[index]
        let key = BroadcastManager.WatchKey(canID: report.can_id, flags: report.flags)
        let content: WatchReport.Content
        switch report.opcode {
        case UInt32(RX_TIMEOUT): content = .timeout
        case UInt32(RX_CHANGED) where report.frame_count == 1:
            content = .changed(report.frame.frame(size: key.isFD ? Wire.fdSize : Wire.classicSize))
        default: return nil
        }
        return WatchReport(
            key: key, content: content, timestamp: report.software_ns == 0 ? nil : report.software_ns)
    }
}
