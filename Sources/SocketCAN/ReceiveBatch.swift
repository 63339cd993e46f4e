internal import CAN
internal import CLinuxCAN

/// Reused memory for what one system call receives.
@safe public final class ReceiveBatch {
    /// The most messages that one call takes.
    public static let capacity = Int(CCAN_BATCH)

    // Allocated in init, freed in deinit, and touched only by receive calls and the subscript.
    let memory: OpaquePointer
    /// The number of messages that the last call received.
    public internal(set) var count = 0

    /// Allocates the memory.
    public init() {
        guard let memory = unsafe ccan_batch_new() else { fatalError("out of memory") }
        unsafe self.memory = memory
    }

    deinit { unsafe ccan_batch_free(memory) }

    /// A message of the last call, by its place from 0.
    public subscript(index: Int) -> Reception {
        precondition(index < count)
        let received = unsafe ccan_batch_messages(memory)[index]
        return Reception(
            message: received.frame.message(size: received.size),
            timestamp: received.software_ns == 0 ? nil : received.software_ns,
            hardwareTimestamp: received.hardware_ns == 0 ? nil : received.hardware_ns,
            direction: received.from_this_host != 0 ? .transmitted : .received,
            isOwn: received.from_this_socket != 0, dropped: received.dropped)
    }
}
