internal import SocketCAN

/// The protocols that the kernel was found to have. Finding out takes the kernel 17 ms, and is not done twice; a module
/// that is loaded later is found then.
final class KnownProtocols {
    private var supported: Set<KernelProtocol> = []

    /// Whether the kernel has a protocol.
    func isSupported(_ kernelProtocol: KernelProtocol) -> Bool {
        if supported.contains(kernelProtocol) { return true }
        guard kernelProtocol.isSupported else { return false }
        supported.insert(kernelProtocol)
        return true
    }
}
