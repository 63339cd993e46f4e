internal import EventLoop
internal import Linux
internal import SocketCAN

/// An ISO-TP socket on the loop: sends one PDU after the other, each until its deadline, and tells what else happens.
///
/// It must be closed before it goes: the kernel takes its time for that, which is spent on a thread of its own.
final class ISOTPChannel {
    /// Why a PDU was not sent.
    enum Failure {
        /// It was on its way when its deadline came. The kernel goes on until the channel is closed.
        case late
        /// The transmit queue was full until the deadline.
        case queueFull(Errno)
        /// The kernel refused, or the transfer failed.
        case refused(SystemError)
    }

    private final class Transfer {
        let data: [UInt8]
        let needsFlowControl: Bool
        let completion: (Failure?) -> Void
        var isUnderWay = false
        var waitsForRoom = false
        var lastFull = Errno.noBufferSpace
        var backoff = QueueBackoff()
        var deadline: Timer?

        init(_ data: [UInt8], needsFlowControl: Bool, _ completion: @escaping (Failure?) -> Void) {
            self.data = data
            self.needsFlowControl = needsFlowControl
            self.completion = completion
        }
    }

    private let loop: EventLoop
    private let singleFrameCapacity: Int
    /// Nil until it is open, and once it is closed.
    private var socket: ISOTPSocket?
    private var opened: ((SystemError?) -> Void)?
    /// What closes it as soon as it is open.
    private var closeWhenOpen: (() -> Void)?
    private var watch: WatchedDescriptor?
    private var transfer: Transfer?
    private var retry: Timer?
    /// Whether the kernel is still busy with a PDU that was given up here because the interface went down.
    private var isAbandoned = false

    /// Called when a PDU may have arrived, while ``reads`` is on.
    var readable: (() -> Void)?
    /// Called with an error that ends no transfer of this side: something went wrong in receiving, or the interface went
    /// down or away.
    var failed: ((SystemError) -> Void)?
    /// Whether what arrives is told of.
    var reads = false {
        didSet { if reads != oldValue { updateInterest() } }
    }

    /// Has a socket opened on another thread.
    /// - Parameters:
    ///   - singleFrameCapacity: The most bytes that it sends in a single frame.
    ///   - open: Opens it. An error that waits on it, as of an interface that is down, is dropped.
    ///   - opened: Called when it is open, with nil, or with the reason why it is not; not once it is closed.
    init(
        loop: EventLoop, singleFrameCapacity: Int,
        open: @escaping @Sendable () throws(SystemError) -> ISOTPSocket, opened: @escaping (SystemError?) -> Void
    ) {
        self.loop = loop
        self.singleFrameCapacity = singleFrameCapacity
        self.opened = opened
        loop.open(open) { [self] result in take(result) }
    }

    private func take(_ result: Result<Parcel<ISOTPSocket>, SystemError>) {
        let opened = opened.take()
        var refusal: SystemError?
        do throws(SystemError) {
            socket = try result.get().take()
            _ = try socket?.takeError()
            if closeWhenOpen == nil { try startWatching() }
        } catch {
            refusal = error
        }
        if let close = closeWhenOpen.take() { close() } else { opened?(refusal) }
    }

    /// Whether the socket is open.
    var isOpen: Bool { socket != nil }

    /// Ends everything; what is being sent is not told of any more.
    /// - Parameters:
    ///   - grace: How many nanoseconds a transfer that is under way is given to end.
    ///   - then: Called when the kernel has closed the socket.
    func close(grace: Int64, then: @escaping () -> Void = {}) {
        watch?.cancel()
        watch = nil
        retry?.cancel()
        transfer?.deadline?.cancel()
        transfer = nil
        guard opened == nil else {
            closeWhenOpen = { [self] in close(grace: grace, then: then) }
            return
        }
        guard let socket = socket.take() else { return then() }
        loop.detach(socket.relinquish(grace: grace)) { then() }
    }

    // MARK: Waiting

    private func startWatching() throws(SystemError) {
        guard let number = socket?.descriptor.number else { return }
        watch = try loop.watch(number: number, for: interest) { [unowned self] in ready($0) }
    }

    private var interest: Interest {
        var interest: Interest = reads ? .readable : []
        if let transfer, transfer.isUnderWay || transfer.waitsForRoom { interest.insert(.writable) }
        return interest
    }

    private func updateInterest() { try? watch?.update(interest) }

    private func ready(_ readiness: Readiness) {
        // With an error the socket counts as writable too. And one may come between the wait and here, just when the
        // transfer is over.
        if readiness.isClosed || readiness.isWritable {
            if let error = pendingError() { return settle(error) }
            if readiness.isClosed { return }
        }
        if readiness.isWritable, let transfer {
            if transfer.isUnderWay { finish(nil) } else { attempt() }
        }
        if readiness.isReadable, reads { readable?() }
    }

    private func pendingError() -> SystemError? {
        guard let errno = try? socket?.takeError() else { return nil }
        return SystemError(errno, call: "send")
    }

    /// Tells whoever it concerns of an error of the socket.
    private func settle(_ error: SystemError) {
        switch error.errno {
        case .communicationError, .messageTooLong:
            if transfer?.isUnderWay == true { return finish(.refused(error)) }
            if isAbandoned {
                isAbandoned = false
                return
            }
        case .badMessage where transfer?.needsFlowControl == true:
            // A bad flow control frame ends the transfer, a bad PDU that is being received does not.
            if hasEnded { return finish(.refused(error)) }
        case .badMessage, .illegalSequence, .timedOut:
            // The transfer was through before.
            if hasEnded { finish(nil) }
        case .networkDown, .noSuchDevice:
            if let transfer {
                isAbandoned = transfer.isUnderWay
                return finish(.refused(error))
            }
        default: break
        }
        failed?(error)
    }

    /// Whether the kernel has finished with the transfer.
    private var hasEnded: Bool { transfer?.isUnderWay == true && (try? socket?.isIdle()) == true }

    // MARK: Receiving

    /// The next PDU that has arrived, nil when there is none. Errors are told of by ``failed``.
    func receive() -> ISOTPSocket.PDU? {
        do throws(SystemError) {
            return try socket?.receive()
        } catch {
            settle(error)
            return nil
        }
    }

    /// How many PDUs were lost because nobody read them.
    func dropCount() -> UInt32? { try? socket?.dropCount() }

    // MARK: Sending

    /// Sends a PDU. Another is sent only when this one is through or has failed.
    /// - Parameters:
    ///   - deadline: A monotonic time in nanoseconds.
    ///   - completion: Called when it is through, with nil, or with the reason why it is not.
    func transmit(_ data: [UInt8], deadline: Int64, completion: @escaping (Failure?) -> Void) {
        precondition(transfer == nil)
        let transfer = Transfer(data, needsFlowControl: data.count > singleFrameCapacity, completion)
        self.transfer = transfer
        attempt()
        guard self.transfer === transfer else { return }
        transfer.deadline = loop.at(deadline) { [unowned self, unowned transfer] in
            finish(transfer.isUnderWay ? .late : .queueFull(transfer.lastFull))
        }
    }

    private func attempt() {
        // What waits on the socket would be taken for a refusal of this PDU. That the interface is down, it says itself.
        if let error = pendingError(), error.errno != .networkDown {
            if error.errno == .noSuchDevice { return finish(.refused(error)) }
            settle(error)
        }
        guard let transfer else { return }
        do throws(SystemError) {
            try send(transfer.data)
            transfer.isUnderWay = true
            isAbandoned = false
        } catch {
            switch error.errno {
            case .wouldBlock:
                transfer.lastFull = error.errno
                transfer.waitsForRoom = true
            case .noBufferSpace:
                transfer.lastFull = error.errno
                transfer.waitsForRoom = false
                retry = loop.after(transfer.backoff.next()) { [unowned self] in attempt() }
            default: return finish(.refused(error))
            }
        }
        updateInterest()
    }

    /// Kernels before 6.6 refuse to send while anybody waits on the socket, this loop included.
    private func send(_ data: [UInt8]) throws(SystemError) {
        guard socket != nil else { throw SystemError(.noSuchDevice, call: "send") }
        watch?.cancel()
        watch = nil
        var refusal: SystemError?
        do throws(SystemError) { try socket?.send(data) } catch { refusal = error }
        try startWatching()
        if let refusal { throw refusal }
    }

    private func finish(_ failure: Failure?) {
        guard let transfer else { return }
        self.transfer = nil
        transfer.deadline?.cancel()
        retry?.cancel()
        updateInterest()
        transfer.completion(failure)
    }
}
