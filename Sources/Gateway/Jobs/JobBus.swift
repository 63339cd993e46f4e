internal import EventLoop
internal import Linux
internal import SocketCAN

/// The broadcast manager's socket of one interface, which serves all the jobs there.
final class JobBus {
    /// As many as there may be jobs may end at once.
    private static let receiveBuffer = 4 << 20

    let interfaceIndex: Int
    /// Nil once it is closed.
    private var socket: BroadcastSocket?
    private let loop: EventLoop
    private let batch = ReportBatch()
    private var watch: WatchedDescriptor?
    /// Called when the count of a sequence has run out.
    var expired: ((BroadcastManager.Key) -> Void)?

    init(interfaceIndex: Int, loop: EventLoop) throws(SystemError) {
        self.interfaceIndex = interfaceIndex
        self.loop = loop
        let socket = try BroadcastSocket(interfaceIndex: interfaceIndex, receiveBuffer: Self.receiveBuffer)
        self.socket = socket
        watch = try loop.watch(socket.manager.descriptor, for: .readable) { [unowned self] _ in catchUp() }
    }

    /// Calls a body with the broadcast manager.
    func withManager<Result>(
        _ body: (borrowing BroadcastManager) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        guard let socket else { throw SystemError(.notConnected, call: "write") }
        return try body(socket.manager)
    }

    /// Ends all sequences.
    func close() {
        watch?.cancel()
        watch = nil
        BroadcastSocket.close(&socket, on: loop)
    }

    /// Takes in what the kernel has told until now.
    func catchUp() {
        while let socket {
            do throws(SystemError) {
                guard try socket.manager.receive(into: batch) > 0 else { return }
                for index in 0..<batch.count {
                    if case .expired(let key) = batch[index] { expired?(key) }
                }
            } catch {
                // Each comes once, before what was told until then; the interface's own notifications say so too.
                if error.errno == .networkDown { continue }
                watch?.cancel()
                if error.errno != .noSuchDevice { return }
            }
        }
    }
}
