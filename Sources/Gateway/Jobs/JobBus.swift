internal import EventLoop
internal import Linux
internal import SocketCAN

/// The broadcast manager's socket of one interface, which serves all the jobs there.
final class JobBus {
    /// The socket, on its own so that the worker thread can be the one to close it.
    final class Socket: Sendable {
        let manager: BroadcastManager
        private static let receiveBuffer = 4 << 20

        init(interfaceIndex: Int) throws(SystemError) {
            manager = try BroadcastManager(interfaceIndex: interfaceIndex)
            // As many as there may be jobs may end at once.
            try manager.prepareForReports(receiveBuffer: Socket.receiveBuffer)
        }
    }

    let interfaceIndex: Int
    private let socket: Socket
    private let loop: EventLoop
    private var watch: WatchedDescriptor?
    /// Called when the count of a sequence has run out.
    var expired: ((BroadcastManager.Key) -> Void)?

    init(interfaceIndex: Int, loop: EventLoop) throws(SystemError) {
        self.interfaceIndex = interfaceIndex
        self.loop = loop
        let socket = try Socket(interfaceIndex: interfaceIndex)
        self.socket = socket
        watch = try socket.manager.withDescriptor { descriptor throws(SystemError) in
            try loop.watch(descriptor, for: .readable) { [unowned self] _ in readable() }
        }
    }

    /// Calls a body with the broadcast manager.
    func withManager<Result>(
        _ body: (borrowing BroadcastManager) throws(SystemError) -> Result
    ) throws(SystemError) -> Result { try body(socket.manager) }

    /// Ends all sequences. The kernel takes its time to close the socket, so that is done elsewhere.
    func close() {
        watch?.cancel()
        watch = nil
        let socket = socket
        loop.offload {
            withExtendedLifetime(socket) {}
        } then: { _ in
        }
    }

    /// Takes in what the kernel has told until now.
    func catchUp() { readable() }

    private func readable() {
        do {
            while let event = try socket.manager.receive() {
                if case .expired(let key) = event { expired?(key) }
            }
        } catch {
            // ENETDOWN and ENODEV: the interface's own notifications say so too, and are acted on.
            if error.errno == .noSuchDevice { watch?.cancel() }
        }
    }
}
