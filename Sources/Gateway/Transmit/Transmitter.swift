internal import CAN
internal import EventLoop
internal import Linux
internal import SocketCAN

/// Sends frames by one socket: one request after the other, each until its deadline.
///
/// Nothing is queued here but the requests that wait for their answer: what the kernel does not take in time is not
/// sent.
final class Transmitter {
    /// How a request ended: how many frames the kernel took, and what stopped it.
    struct Outcome {
        var sent: Int
        var failure: Failure?
    }

    /// What stopped a request before all its frames were taken.
    enum Failure {
        /// The transmit queue was full until the deadline.
        case queueFull(Errno)
        /// The kernel refused.
        case refused(SystemError)
        /// The service stops.
        case stopping
    }

    private final class Transmission {
        let frames: [Frame]
        let completion: (Outcome) -> Void
        var sent = 0
        var hasRetriedDown = false
        var lastFull = Errno.noBufferSpace
        var deadline: Timer?

        init(_ frames: [Frame], _ completion: @escaping (Outcome) -> Void) {
            self.frames = frames
            self.completion = completion
        }
    }

    private let loop: EventLoop
    private let socket: RawSocket
    private let received: (() -> Void)?
    private var interest: Interest
    private var watch: WatchedDescriptor?
    private var queue: [Transmission] = []
    private var retry: Timer?

    private var backoff = QueueBackoff()

    /// Opens a socket on an interface, by which nothing is received.
    convenience init(interfaceIndex: Int, loop: EventLoop) throws(SystemError) {
        let socket = try RawSocket(interfaceIndex: interfaceIndex)
        try socket.setFilters(FilterSet(filters: [], errors: []))
        try self.init(socket, loop: loop)
    }

    /// Takes a socket.
    /// - Parameter received: Called when it has something to read (``receive(into:)``); nil where it never has.
    init(_ socket: consuming RawSocket, loop: EventLoop, received: (() -> Void)? = nil) throws(SystemError) {
        self.loop = loop
        self.received = received
        interest = received == nil ? [] : .readable
        try socket.minimizeSendBuffer()
        self.socket = socket
        watch = try loop.watch(self.socket.descriptor, for: interest) { [unowned self] in ready($0) }
    }

    private func ready(_ readiness: Readiness) {
        if readiness.isReadable, let received { received() }
        guard readiness.isWritable || readiness.isClosed else { return }
        // When the interface goes down or away, the socket is ready until the error is taken. What waits then fails
        // with the next send.
        if readiness.isClosed { _ = try? socket.takeError() }
        try? watch?.update(interest)
        work()
    }

    // MARK: Receiving

    /// Reads what has arrived (``RawSocket/receive(into:)``).
    func receive(into batch: ReceiveBatch) throws(SystemError) -> Int { try socket.receive(into: batch) }

    /// How many messages were lost (``RawSocket/dropCount()``).
    func dropCount() throws(SystemError) -> UInt32 { try socket.dropCount() }

    /// Whether the owner is told when something has arrived.
    func setReads(_ isOn: Bool) {
        interest = isOn ? .readable : []
        try? watch?.update(queue.isEmpty ? interest : interest.union(.writable))
    }

    // MARK: Sending

    /// Sends frames in order, waiting for room until a monotonic time in nanoseconds.
    func send(_ frames: [Frame], deadline: Int64, completion: @escaping (Outcome) -> Void) {
        let transmission = Transmission(frames, completion)
        queue.append(transmission)
        if queue.count == 1 { work() }
        guard queue.contains(where: { $0 === transmission }) else { return }
        transmission.deadline = loop.at(deadline) { [unowned self, unowned transmission] in
            finish(transmission, .queueFull(transmission.lastFull))
        }
    }

    /// How many requests wait.
    var waiting: Int { queue.count }

    /// Ends all requests, as the interface is gone or the service stops.
    func stop(_ failure: Failure) {
        watch?.cancel()
        watch = nil
        retry?.cancel()
        for transmission in queue { finish(transmission, failure) }
    }

    private func work() {
        while watch != nil, let transmission = queue.first {
            do throws(SystemError) {
                while transmission.sent < transmission.frames.count {
                    transmission.sent += try socket.send(transmission.frames[transmission.sent...])
                    backoff.reset()
                }
                finish(transmission, nil)
            } catch {
                guard !waits(transmission, after: error) else { return }
            }
        }
    }

    /// What to do after a send failed; true when the transmission has to wait.
    private func waits(_ transmission: Transmission, after error: SystemError) -> Bool {
        switch error.errno {
        case .wouldBlock:
            transmission.lastFull = error.errno
            try? watch?.update(interest.union(.writable))
            return true
        case .noBufferSpace:
            transmission.lastFull = error.errno
            retry?.cancel()
            retry = loop.after(backoff.next()) { [unowned self] in work() }
            return true
        case .networkDown where !transmission.hasRetriedDown:
            // The first write after the interface went down gets that error, even if the interface is up again.
            transmission.hasRetriedDown = true
            return false
        default:
            finish(transmission, .refused(error))
            return false
        }
    }

    private func finish(_ transmission: Transmission, _ failure: Failure?) {
        guard let index = queue.firstIndex(where: { $0 === transmission }) else { return }
        queue.remove(at: index)
        transmission.deadline?.cancel()
        transmission.completion(Outcome(sent: transmission.sent, failure: failure))
        if index == 0, failure != nil { loop.after(0) { [weak self] in self?.work() } }
    }
}
