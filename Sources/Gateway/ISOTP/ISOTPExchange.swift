internal import CAN
internal import EventLoop
internal import HTTP
internal import Linux
internal import SocketCAN

/// One PDU sent, and the answer to it, if one is wanted, on sockets of its own. What arrived before it began is
/// discarded. A late answer to an earlier request cannot be told from its own.
final class ISOTPExchange {
    let interface: Interface
    private let request: ISOTPRequest
    private let loop: EventLoop
    private var completion: ((Result<ISOTPOutcome, Problem>) -> Void)?
    private let closed: () -> Void
    private let began = Clock.monotonic
    private var sender: ISOTPChannel?
    /// The channel that the answer comes by; the sender itself unless the request is functional.
    private var receiver: ISOTPChannel?
    private var wait: ResponseWait?
    private var deadline: Timer?
    private var openChannels = 0

    /// How long a transfer may still take once the exchange is over, in nanoseconds; normally none is left.
    private static let grace: Int64 = 1_000_000

    /// - Parameters:
    ///   - completion: Takes the outcome, once.
    ///   - closed: Called when the kernel has let go of the last socket.
    init(
        _ request: ISOTPRequest, on interface: Interface, loop: EventLoop,
        completion: @escaping (Result<ISOTPOutcome, Problem>) -> Void, closed: @escaping () -> Void
    ) {
        self.request = request
        self.interface = interface
        self.loop = loop
        self.completion = completion
        self.closed = closed
    }

    /// Begins: has the sockets opened.
    func start() {
        guard completion != nil else { return }
        let until = loop.now + request.link.timeout
        deadline = loop.at(until) { [unowned self] in end(.notOpen(request.link, on: interface.name)) }
        let link = request.link
        let isFunctional = link.options.role == .functional
        if request.wantsResponse, isFunctional, let receive = link.receive {
            // A socket that sends to all hears nothing (isotp_register_rxid).
            var options = link.options
            options.role = request.flowControl == nil ? .listening : .pointToPoint
            receiver = makeChannel(transmit: request.flowControl ?? link.transmit, receive: receive, options) {}
        }
        // Sockets are opened one after the other: with this one the other is open too.
        let sender = makeChannel(transmit: link.transmit, receive: link.receive ?? link.transmit, link.options) {
            [unowned self] in send(until: until)
        }
        self.sender = sender
        if request.wantsResponse, !isFunctional { receiver = sender }
        receiver?.readable = { [unowned self] in readable() }
    }

    private func makeChannel(
        transmit: Identifier, receive: Identifier, _ options: ISOTPOptions, opened: @escaping () -> Void
    ) -> ISOTPChannel {
        let index = interface.index
        let channel = ISOTPChannel(loop: loop, singleFrameCapacity: options.singleFrameCapacity) {
            () throws(SystemError) in
            try ISOTPSocket(interfaceIndex: index, transmit: transmit, receive: receive, options: options)
        } opened: { [unowned self] error in
            if let error { return end(.failure(problem(error))) }
            opened()
        }
        channel.failed = { [unowned self] in failed($0) }
        return channel
    }

    private func send(until deadline: Int64) {
        self.deadline?.cancel()
        // An answer to somebody else's request may have come meanwhile.
        while receiver?.receive() != nil {}
        // Nothing that comes before a request of many frames is out can be the answer to it. A single frame may be
        // answered before the kernel has said that it is out.
        receiver?.reads = request.data.count > request.link.options.singleFrameCapacity
        sender?.transmit(request.data, deadline: deadline) { [unowned self] failure in
            if let failure { return end(.failure(problem(failure))) }
            sent()
        }
    }

    /// Ends it before its time.
    func end(_ problem: Problem) { end(.failure(problem)) }

    // MARK: What happens

    private func sent() {
        guard request.wantsResponse else { return end(.success(outcome(nil))) }
        wait = ResponseWait(
            for: request.data, since: loop.now, timeout: request.link.timeout, longest: request.longestWait)
        awaitAnswer()
        receiver?.reads = true
    }

    /// Waits for the whole of an answer: of its beginning the kernel says nothing.
    private func awaitAnswer() {
        guard let wait else { return }
        deadline?.cancel()
        deadline = loop.at(wait.deadline) { [unowned self] in end(.failure(unanswered)) }
    }

    private func readable() {
        while let pdu = receiver?.receive() {
            // Before the request is out, it is nobody's answer.
            guard wait != nil else { continue }
            if wait?.isAnswer(pdu.data, at: loop.now) == true { return end(.success(outcome(pdu.data))) }
            awaitAnswer()
        }
    }

    private func failed(_ error: SystemError) {
        switch error.errno {
        // What goes wrong with somebody else's PDU while the request is on its way.
        case .timedOut, .illegalSequence, .badMessage: guard wait != nil else { return }
        default: break
        }
        end(.failure(problem(error)))
    }

    private func outcome(_ response: [UInt8]?) -> ISOTPOutcome {
        ISOTPOutcome(response: response, elapsed: Clock.monotonic - began, pending: wait?.announced ?? 0)
    }

    private func end(_ result: Result<ISOTPOutcome, Problem>) {
        guard let completion else { return }
        self.completion = nil
        deadline?.cancel()
        let channels = (sender === receiver ? [sender] : [sender, receiver]).compactMap { $0 }
        sender = nil
        receiver = nil
        openChannels = channels.count
        for channel in channels {
            channel.close(grace: Self.grace) { [self] in
                openChannels -= 1
                if openChannels == 0 { closed() }
            }
        }
        completion(result)
        if channels.isEmpty { closed() }
    }

    // MARK: What went wrong

    private func problem(_ failure: ISOTPChannel.Failure) -> Problem {
        Problem(failure, request.link, count: request.data.count, on: interface.name)
    }

    private func problem(_ error: SystemError) -> Problem {
        Problem(isotp: error, request.link, on: interface.name)
    }

    private var unanswered: Problem {
        let source = request.link.receive?.description ?? ""
        if let wait, wait.announced > 0 {
            return Problem(
                .isotpTimeout,
                "\(source) announced its answer \(wait.announced) times (7F..78) and then did not give it in time")
        }
        let needsFlowControl = request.link.options.role == .functional && request.flowControl == nil
        return Problem(
            .isotpTimeout,
            "no whole answer came from \(source) within \(request.link.timeout / 1_000_000) ms of the request"
                + (needsFlowControl ? " (one of more than one frame needs fc_id)" : ""))
    }
}
