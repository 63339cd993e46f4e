internal import CAN
internal import EventLoop
internal import HTTP
internal import SocketCAN

/// All that speaks ISO-TP: the exchanges under way and the open PDU streams.
final class ISOTPHub {
    let loop: EventLoop
    private var exchanges: [Int: ISOTPExchange] = [:]
    /// Exchanges that receive on the same identifier, the first of them under way and the others waiting for their
    /// turn: two at once would take each other's answers and flow control.
    private var lines: [Line: [Int]] = [:]
    private var streams: [ObjectIdentifier: ISOTPStream] = [:]
    private var lastNumber = 0
    /// How many exchanges there are, including those whose sockets the kernel is still closing.
    private(set) var exchangeCount = 0
    /// Sockets of streams that have ended, which the kernel is still closing.
    private var closingStreams = 0
    private let protocols: KnownProtocols
    private var knownLongestPDU: Int?

    /// The most exchanges at once, including those whose sockets are still being closed. Closing takes a thread for
    /// each; streams being closed have the same limit of their own.
    static let capacity = 64

    init(loop: EventLoop, protocols: KnownProtocols) {
        self.loop = loop
        self.protocols = protocols
        // The module is loaded by the first question, and not while a client waits.
        _ = longestPDU
    }

    /// The most bytes of a PDU; nil on a kernel without ISO-TP.
    var longestPDU: Int? {
        if knownLongestPDU == nil, protocols.isSupported(.isotp) { knownLongestPDU = ISOTPSocket.longestPDU }
        return knownLongestPDU
    }

    private struct Line: Hashable {
        let interface: Int
        /// What is received; what is sent where nothing is received.
        let identifier: Identifier
    }

    /// Begins an exchange, after those that receive on the same identifier.
    /// - Throws: ``Problem``: `interface-down`, `too-many-requests`.
    func begin(
        _ request: ISOTPRequest, on interface: Interface,
        completion: @escaping (Result<ISOTPOutcome, Problem>) -> Void
    ) throws(Problem) {
        guard interface.isUp else { throw .down(interface.name) }
        guard exchangeCount < Self.capacity else {
            throw Problem(.tooManyRequests, "\(Self.capacity) ISO-TP exchanges are under way or being ended already")
        }
        exchangeCount += 1
        lastNumber += 1
        let number = lastNumber
        let line = Line(interface: interface.index, identifier: request.link.receive ?? request.link.transmit)
        let exchange = ISOTPExchange(request, on: interface, loop: loop) { [unowned self] result in
            exchanges[number] = nil
            completion(result)
        } closed: { [unowned self] in
            exchangeCount -= 1
            // Until now its sockets took part in what comes for this identifier.
            leave(line, number)
        }
        exchanges[number] = exchange
        lines[line, default: []].append(number)
        if lines[line]?.count == 1 { exchange.start() }
    }

    private func leave(_ line: Line, _ number: Int) {
        guard var numbers = lines[line] else { return }
        let wasFirst = numbers.first == number
        numbers.removeAll { $0 == number }
        lines[line] = numbers.isEmpty ? nil : numbers
        guard wasFirst, let next = numbers.first else { return }
        // Not from here: a row of failures would go deep.
        loop.after(0) { [weak self] in
            guard let self, lines[line]?.first == next else { return }
            exchanges[next]?.start()
        }
    }

    // MARK: Streams

    /// Checks that one more stream may be opened.
    /// - Throws: ``Problem``: `too-many-requests`.
    func checkRoom() throws(Problem) {
        guard closingStreams < Self.capacity else {
            throw Problem(.tooManyRequests, "the sockets of \(Self.capacity) ISO-TP streams are being closed already")
        }
    }

    /// A stream is open.
    func add(_ stream: ISOTPStream) { streams[ObjectIdentifier(stream)] = stream }

    /// A stream has ended: its channel is closed.
    func remove(_ stream: ISOTPStream, closing channel: ISOTPChannel?, grace: Int64) {
        streams[ObjectIdentifier(stream)] = nil
        if let channel { close(channel, grace: grace) {} }
    }

    /// Closes the channel of a stream.
    func close(_ channel: ISOTPChannel, grace: Int64, then completion: @escaping () -> Void) {
        closingStreams += 1
        channel.close(grace: grace) { [self] in
            closingStreams -= 1
            completion()
        }
    }

    // MARK: Ends

    /// An interface went down or away.
    func interfaceChanged(_ interface: Interface, _ change: Interfaces.Change) {
        guard change == .down || change == .removed else { return }
        let problem = change == .down ? Problem.down(interface.name) : .gone(interface.name)
        for exchange in exchanges.values where exchange.interface.index == interface.index { exchange.end(problem) }
        guard change == .removed else { return }
        for stream in streams.values where stream.interface.index == interface.index { stream.interfaceIsGone() }
    }

    /// The service stops: what waits is answered. The streams are the server's to end.
    func stop() {
        for exchange in exchanges.values { exchange.end(.stopping) }
    }
}
