internal import EventLoop
internal import Linux
internal import SocketCAN

/// A broadcast manager's socket, on its own so that the worker thread can be the one to close it: the kernel takes its
/// time for that.
final class BroadcastSocket: Sendable {
    let manager: BroadcastManager

    /// - Parameter receiveBuffer: The receive buffer to ask for, in bytes.
    init(interfaceIndex: Int, receiveBuffer: Int) throws(SystemError) {
        manager = try BroadcastManager(interfaceIndex: interfaceIndex)
        try manager.prepareForReports(receiveBuffer: receiveBuffer)
    }

    /// Has a socket closed on the worker thread. The loop's reference goes first, which would close it here otherwise.
    static func close(_ owned: inout BroadcastSocket?, on loop: EventLoop) {
        guard let socket = owned else { return }
        owned = nil
        loop.offload {
            withExtendedLifetime(socket) {}
        } then: { _ in
        }
    }
}
