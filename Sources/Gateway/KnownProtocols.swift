internal import Linux
internal import SocketCAN

/// The protocols that the kernel was found to have. Finding out takes the kernel 17 ms, as it looks for a module: what it
/// has is asked for once, and what it lacks once in a while, as a module may be loaded later.
final class KnownProtocols {
    private var supported: Set<KernelProtocol> = []
    /// Until when a protocol counts as missing, as monotonic times in nanoseconds.
    private var missing: [KernelProtocol: Int64] = [:]
    private static let missingTime: Int64 = 2_000_000_000

    /// Whether the kernel has a protocol.
    func isSupported(_ kernelProtocol: KernelProtocol) -> Bool {
        if supported.contains(kernelProtocol) { return true }
        let now = Clock.monotonic
        if let end = missing[kernelProtocol], now < end { return false }
        guard kernelProtocol.isSupported else {
            missing[kernelProtocol] = now + Self.missingTime
            return false
        }
        supported.insert(kernelProtocol)
        return true
    }
}
