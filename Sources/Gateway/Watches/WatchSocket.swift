internal import EventLoop
internal import Linux
internal import SocketCAN

/// A broadcast manager's socket for watches, no two of the same key.
final class WatchSocket {
    /// What all sockets share.
    struct Context {
        let loop: EventLoop
        let batch = ReportBatch()
        /// The receive buffer to ask for, in bytes.
        let receiveBuffer: Int
    }

    private let loop: EventLoop
    private let batch: ReportBatch
    /// Nil once it is closed.
    private var socket: BroadcastSocket?
    private var descriptor: WatchedDescriptor?
    private var watches: [BroadcastManager.WatchKey: Watch] = [:]
    private var drops = DropCount()
    /// Whether a whole batch came at once since losses were looked for last.
    private var isBurst = false

    /// Called with what the kernel tells of a watch.
    var reported: ((Watch, WatchReport) -> Void)?
    /// Called with the number of reports that were lost since the last time.
    var lost: ((Int) -> Void)?

    /// Few enough that the streams get their turn.
    private static let batchesPerTurn = 4
    /// More than a receive buffer of a mebibyte holds.
    private static let wholeBuffer = 64

    init(interfaceIndex: Int, _ context: Context) throws(SystemError) {
        loop = context.loop
        batch = context.batch
        let socket = try BroadcastSocket(interfaceIndex: interfaceIndex, receiveBuffer: context.receiveBuffer)
        self.socket = socket
        descriptor = try loop.watch(socket.manager.descriptor, for: .readable) { [unowned self] _ in readable() }
    }

    /// Whether no watch of a key is here.
    func isFree(_ key: BroadcastManager.WatchKey) -> Bool { watches[key] == nil }

    /// Has the kernel begin to look.
    func add(_ watch: Watch) throws(SystemError) {
        guard let socket else { throw SystemError(.notConnected, call: "write") }
        let specification = watch.specification
        // The reports that are still there are of an earlier watch of this key.
        read(batches: Self.wholeBuffer)
        if let reply = specification.reply {
            try socket.manager.answer(remoteFramesOf: specification.identifier, with: reply)
        } else {
            // A watch that has told of the silence already waits for a frame first.
            try socket.manager.watch(
                specification.key, specification.comparison, timeout: specification.timeout ?? 0,
                throttle: specification.throttle ?? 0, startsTimer: !watch.isSilent,
                checksLength: specification.checksLength)
        }
        watches[specification.key] = watch
    }

    /// Has the kernel stop looking; returns whether the watch was here.
    func remove(_ watch: Watch) -> Bool {
        guard watches[watch.specification.key] === watch else { return false }
        // It fails when the interface is gone, and the kernel's watch with it.
        try? socket?.manager.endWatch(watch.specification.key)
        read(batches: Self.wholeBuffer)
        watches[watch.specification.key] = nil
        return true
    }

    /// Takes in what was told until now, and ends all watches.
    func close() {
        read(batches: Self.wholeBuffer)
        tellLosses()
        descriptor?.cancel()
        descriptor = nil
        watches = [:]
        BroadcastSocket.close(&socket, on: loop)
    }

    /// Reads what is there, and tells of losses that no burst of reports has shown.
    func checkForLosses() {
        if read(batches: Self.batchesPerTurn) { tellLosses() }
    }

    private func readable() {
        // Looking for losses after each report would cost as much as the report.
        if read(batches: Self.batchesPerTurn), isBurst { tellLosses() }
    }

    /// Reads at most so many batches; returns whether nothing is left.
    @discardableResult
    private func read(batches: Int) -> Bool {
        for _ in 0..<batches {
            guard let count = receive() else { continue }
            if count < ReportBatch.capacity { return true }
            isBurst = true
        }
        return false
    }

    /// Reads a batch and tells of it; returns its size, nil where an error came before the reports that may be there.
    private func receive() -> Int? {
        guard let socket else { return 0 }
        do throws(SystemError) {
            let count = try socket.manager.receive(into: batch)
            for index in 0..<count {
                guard case .watch(let report) = batch[index], let watch = watches[report.key] else { continue }
                reported?(watch, report)
            }
            return count
        } catch {
            // Each comes once, when the interface goes down or is removed; its notifications say so too.
            if error.errno == .networkDown || error.errno == .noSuchDevice { return nil }
            descriptor?.cancel()
            return 0
        }
    }

    private func tellLosses() {
        isBurst = false
        guard let count = try? socket?.manager.dropCount() else { return }
        let number = drops.lost(upTo: count)
        if number > 0 { lost?(number) }
    }
}
