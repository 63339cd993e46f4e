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
        /// The socket was not open in time.
        case notOpen
        /// The transmit queue was full until the deadline.
        case queueFull(Errno)
        /// The kernel refused.
        case refused(SystemError)
        /// The service stops.
        case stopping
    }

    private final class Transmission {
        let frames: [Frame]
        let deadline: Int64
        let completion: (Outcome) -> Void
        var sent = 0
        var hasRetriedDown = false
        var lastFull = Errno.noBufferSpace
        var timer: Timer?

        init(_ frames: [Frame], _ deadline: Int64, _ completion: @escaping (Outcome) -> Void) {
            self.frames = frames
            self.deadline = deadline
            self.completion = completion
        }
    }

    private let loop: EventLoop
    /// Nil until it is open, and when this is stopped.
    private var socket: RawSocket?
    private let opened: (SystemError?) -> Void
    private let received: (() -> Void)?
    private var interest: Interest
    private var watch: WatchedDescriptor?
    private var isStopped = false
    private var queue: [Transmission] = []
    private var retry: Timer?
    private var backoff = QueueBackoff()
    /// Until when requests wait for the socket, whatever their deadline; a monotonic time in nanoseconds.
    private let openUntil: Int64

    /// For how long requests wait for the socket at least, in nanoseconds: the kernel opens none while it brings up
    /// another adapter.
    private static let openingTime: Int64 = 1_000_000_000

    /// Has a socket opened on another thread; what is sent meanwhile waits for it.
    /// - Parameters:
    ///   - open: Opens it.
    ///   - received: Called when it has something to read (``receive(into:)``); nil where it never has.
    ///   - opened: Called when it is open, with nil, or with the reason why it is not, before what waits for it fails.
    ///     Not called after ``stop(_:)``.
    init(
        loop: EventLoop, open: @escaping @Sendable () throws(SystemError) -> RawSocket, received: (() -> Void)? = nil,
        opened: @escaping (SystemError?) -> Void = { _ in }
    ) {
        self.loop = loop
        self.opened = opened
        self.received = received
        interest = received == nil ? [] : .readable
        openUntil = loop.now + Self.openingTime
        loop.open(open) { [self] result in take(result) }
    }

    private func take(_ result: Result<Parcel<RawSocket>, SystemError>) {
        do throws(SystemError) {
            let socket = try result.get().take()
            let number = socket.descriptor.number
            self.socket = consume socket
            guard !isStopped else { return close() }
            try self.socket?.minimizeSendBuffer()
            watch = try loop.watch(number: number, for: interest) { [unowned self] in ready($0) }
        } catch {
            guard !isStopped else { return }
            opened(error)
            return stop(.refused(error))
        }
        opened(nil)
        work()
        for transmission in queue { setTimer(transmission) }
    }

    private func close() {
        if let socket = socket.take() { loop.close(socket) }
    }

    private func ready(_ readiness: Readiness) {
        if readiness.isReadable, let received { received() }
        guard readiness.isWritable || readiness.isClosed else { return }
        // When the interface goes down or away, the socket is ready until the error is taken. What waits then fails
        // with the next send.
        if readiness.isClosed { _ = try? socket?.takeError() }
        try? watch?.update(interest)
        work()
    }

    // MARK: Receiving

    /// Reads what has arrived (``RawSocket/receive(into:)``).
    func receive(into batch: ReceiveBatch) throws(SystemError) -> Int { try socket?.receive(into: batch) ?? 0 }

    /// How many messages were lost (``RawSocket/dropCount()``).
    func dropCount() throws(SystemError) -> UInt32 { try socket?.dropCount() ?? 0 }

    /// Whether the owner is told when something has arrived.
    func setReads(_ isOn: Bool) {
        interest = isOn ? .readable : []
        try? watch?.update(queue.isEmpty ? interest : interest.union(.writable))
    }

    // MARK: Sending

    /// Sends frames in order, waiting for room until a monotonic time in nanoseconds.
    func send(_ frames: [Frame], deadline: Int64, completion: @escaping (Outcome) -> Void) {
        let transmission = Transmission(frames, deadline, completion)
        queue.append(transmission)
        if queue.count == 1 { work() }
        if queue.contains(where: { $0 === transmission }) { setTimer(transmission) }
    }

    private func setTimer(_ transmission: Transmission) {
        transmission.timer?.cancel()
        let isOpen = watch != nil
        let deadline = isOpen ? transmission.deadline : max(transmission.deadline, openUntil)
        transmission.timer = loop.at(deadline) { [unowned self, unowned transmission] in
            finish(transmission, isOpen ? .queueFull(transmission.lastFull) : .notOpen)
        }
    }

    /// How many requests wait.
    var waiting: Int { queue.count }

    /// Ends all requests, as the interface is gone or the service stops.
    func stop(_ failure: Failure) {
        isStopped = true
        watch?.cancel()
        watch = nil
        retry?.cancel()
        for transmission in queue { finish(transmission, failure) }
        close()
    }

    private func work() {
        while watch != nil, let transmission = queue.first {
            do throws(SystemError) {
                while transmission.sent < transmission.frames.count {
                    transmission.sent += try socket!.send(transmission.frames[transmission.sent...])
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
        transmission.timer?.cancel()
        transmission.completion(Outcome(sent: transmission.sent, failure: failure))
        if index == 0, failure != nil { loop.after(0) { [weak self] in self?.work() } }
    }
}
