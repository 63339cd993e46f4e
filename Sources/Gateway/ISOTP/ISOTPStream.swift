internal import CAN
internal import EventLoop
internal import HTTP
internal import JSON
internal import Linux
internal import SocketCAN

/// A WebSocket of PDUs: what its client says goes out by ISO-TP, one PDU at a time, and what comes in is told to it.
///
/// It has an ISO-TP socket of its own and keeps no more than one PDU that its client has not taken: then the kernel's
/// buffer fills, and what is lost there is told.
final class ISOTPStream: StreamSource, ListedStream {
    /// What all these streams share.
    struct Context {
        let streams: StreamHub
        let interfaces: Interfaces
        let isotp: ISOTPHub
    }

    private struct Order {
        let data: [UInt8]
        let reference: JSONValue?
    }

    let interface: Interface
    private let context: Context
    private let link: ISOTPLink
    private let isBinary: Bool
    private let longestPDU: Int
    private let peer: String
    private let opened = Clock.realtime
    private var number = 0
    private var connection: (any StreamConnection)?
    /// The socket; nil while a new one is waited for, and in the end.
    private var channel: ISOTPChannel?
    private var orders: [Order] = []
    private var isSending = false
    /// A PDU that the connection has not taken.
    private var unsent: [UInt8]?
    /// How many errors in receiving have been held back since then.
    private var unsaid = 0
    private var drops = DropCount()
    private var shown = Tally()
    private var nextPing: Timer?

    /// The most PDUs that wait to be sent, the one that is being sent included.
    static let capacity = 16
    /// The receive buffer to ask for, in bytes: several of the longest PDUs.
    private static let receiveBuffer = 1 << 20
    private static let pingInterval: Int64 = 15_000_000_000
    /// How long a PDU that is on its way may still take when the client leaves, in nanoseconds: hardly any time, or the
    /// next client with these identifiers would find its frames among its own.
    private static let grace: Int64 = 1_000_000
    /// Few enough that others get their turn.
    private static let readsPerTurn = 16

    /// - Parameters:
    ///   - longestPDU: The most bytes of a PDU.
    ///   - isBinary: Whether PDUs come as binary messages.
    init(
        _ context: Context, _ link: ISOTPLink, on interface: Interface, longestPDU: Int, isBinary: Bool, peer: String
    ) {
        self.context = context
        self.link = link
        self.interface = interface
        self.longestPDU = longestPDU
        self.isBinary = isBinary
        self.peer = peer
        number = context.streams.list(self)
        context.isotp.add(self)
    }

    /// Has the socket opened.
    /// - Parameter completion: Takes what the kernel refuses, with which the stream is over; nil when it is open.
    func open(then completion: @escaping (Problem?) -> Void) {
        openChannel { [self] error in
            if error != nil { closed() }
            completion(error.map { Problem(isotp: $0, link, on: interface.name) })
        }
    }

    private func openChannel(then completion: @escaping (SystemError?) -> Void) {
        let (index, link) = (interface.index, link)
        let channel = ISOTPChannel(
            loop: context.streams.loop, singleFrameCapacity: link.options.singleFrameCapacity
        ) { () throws(SystemError) in
            let socket = try ISOTPSocket(
                interfaceIndex: index, transmit: link.transmit, receive: link.receive ?? link.transmit,
                options: link.options)
            try socket.setReceiveBuffer(bytes: Self.receiveBuffer)
            return socket
        } opened: {
            completion($0)
        }
        channel.readable = { [unowned self] in readable() }
        channel.failed = { [unowned self] in failed($0) }
        self.channel = channel
        drops = DropCount()
    }

    // MARK: StreamSource

    func opened(_ connection: any StreamConnection) {
        self.connection = connection
        begin()
        schedulePing()
        // While it was being opened nobody could be told so.
        if !context.interfaces.isPresent(interface) { interfaceIsGone() }
    }

    /// Tells the client that the socket is open, and then what arrives.
    private func begin() {
        say([
            "type": "open", "interface": .string(interface.name), "tx_id": .string(link.transmit.description),
            "rx_id": JSONValue(link.receive?.description), "extended": .boolean(link.transmit.isExtended),
            "max_pdu_bytes": .integer(longestPDU),
        ])
        channel?.reads = unsent == nil
    }

    func writable() {
        guard let bytes = unsent else { return }
        unsent = nil
        deliver(bytes)
        guard unsent == nil else { return }
        channel?.reads = true
        guard unsaid > 0 else { return }
        say(Problem(.isotpError, "\(unsaid) transfers from the bus failed while the client took nothing"), nil)
        unsaid = 0
    }

    // A PDU in hex, and what stands around it.
    var longestMessage: Int? { 2 * longestPDU + 1024 }

    func received(_ message: WebSocketMessage) {
        var reference: JSONValue?
        do throws(Problem) {
            switch message {
            case .text(let text):
                let json = try JSONValue(message: text)
                reference = try StreamCommands.reference(json)
                try order(try ObjectReader(json, fields: ["data", "ref"]).pdu(), reference)
            case .binary(let data): try order(data, nil)
            case .tooLong(let limit): throw .tooLong(limit)
            }
        } catch {
            say(error, reference)
        }
    }

    func closed() {
        connection = nil
        nextPing?.cancel()
        orders = []
        let channel = channel
        self.channel = nil
        context.isotp.remove(self, closing: channel, grace: Self.grace)
        context.streams.unlist(number)
    }

    var status: StreamStatus {
        let selection = Selection(
            interfaces: [context.streams.log.names.number(of: interface.name)], filters: .everything, direction: nil)
        return StreamStatus(
            peer: peer, transport: "isotp", selection: selection, opened: opened, delivered: shown.messages,
            lost: shown.lost, lag: unsent == nil ? 0 : 1)
    }

    /// The interface was removed, or has another name now.
    func interfaceIsGone() {
        refuseOrders(.gone(interface.name))
        connection?.end(.interfaceGone)
    }

    // MARK: What the client says

    private func order(_ data: [UInt8], _ reference: JSONValue?) throws(Problem) {
        guard (1...longestPDU).contains(data.count) else { throw .pdu(of: data.count, longest: longestPDU) }
        guard orders.count < Self.capacity else {
            throw Problem(.tooManyRequests, "\(Self.capacity) PDUs wait to be sent already")
        }
        guard context.interfaces.isUp(interface) else { throw .down(interface.name) }
        orders.append(Order(data: data, reference: reference))
        send()
    }

    private func send() {
        guard !isSending, let channel, channel.isOpen, let order = orders.first else { return }
        isSending = true
        channel.transmit(order.data, deadline: context.streams.loop.now + link.timeout) { [unowned self] failure in
            isSending = false
            guard !orders.isEmpty else { return }
            orders.removeFirst()
            if let failure {
                var problem = Problem(failure, link, count: order.data.count, on: interface.name)
                if case .late = failure {
                    problem.detail += ", and PDUs that arrive until 'open' is said again are lost"
                    say(problem, order.reference)
                    return replaceChannel()
                }
                say(problem, order.reference)
                // The kernel may be busy with the transfer that failed for a while: what waits would wait in vain.
                if !context.interfaces.isUp(interface) { return refuseOrders(.down(interface.name)) }
            } else {
                acknowledge(order)
            }
            // Not from here: a row of refusals would go deep.
            context.streams.loop.after(0) { [weak self] in self?.send() }
        }
    }

    private func refuseOrders(_ problem: Problem) {
        for order in orders { say(problem, order.reference) }
        orders = []
    }

    /// Ends a transfer that takes too long: the kernel ends it only with its socket.
    private func replaceChannel() {
        guard let channel else { return }
        self.channel = nil
        context.isotp.close(channel, grace: 0) { [weak self] in
            guard let self, connection != nil else { return }
            openChannel { [unowned self] error in
                if let error {
                    say(Problem(isotp: error, link, on: interface.name), nil)
                    connection?.end(.incomplete)
                    return
                }
                begin()
                send()
            }
        }
    }

    // MARK: What the bus says

    private func readable() {
        for _ in 0..<Self.readsPerTurn {
            guard unsent == nil else { return }
            guard let pdu = channel?.receive() else { return reportLosses() }
            deliver(framed(pdu))
        }
    }

    private func framed(_ pdu: ISOTPSocket.PDU) -> [UInt8] {
        if isBinary { return WebSocket.message(pdu.data, as: .binary) }
        let event: JSONValue = [
            "type": "pdu", "timestamp": .real(seconds(ofNanoseconds: pdu.timestamp ?? Clock.realtime)),
            "data": .string(Hex.text(pdu.data)),
        ]
        return WebSocket.message(event.encoded, as: .text)
    }

    private func deliver(_ bytes: [UInt8]) {
        guard let connection else { return }
        if connection.send(bytes, ends: [bytes.count]) == 1 {
            shown.messages += 1
        } else {
            unsent = bytes
            channel?.reads = false
        }
    }

    private func reportLosses() {
        guard let count = channel?.dropCount() else { return }
        let lost = drops.lost(upTo: count)
        guard lost > 0 else { return }
        shown.lost += lost
        say(Problem(.isotpError, "\(lost) PDUs were lost: the client was too slow"), nil)
    }

    private func failed(_ error: SystemError) {
        // What is removed is told of by the interfaces, with the end of this stream.
        guard error.errno != .noSuchDevice, error.errno != .addressNotAvailable else { return }
        guard unsent == nil else {
            unsaid += 1
            return
        }
        say(Problem(isotp: error, link, on: interface.name), nil)
    }

    // MARK: Answers

    private func acknowledge(_ order: Order) {
        say(JSONValue.members(["type": "ack", "ref": order.reference, "sent": .integer(order.data.count)]))
    }

    private func say(_ problem: Problem, _ reference: JSONValue?) {
        let members = JSONValue.members(["type": "problem", "ref": reference]).members
        say(.object(members + problem.members))
    }

    private func say(_ value: JSONValue) { connection?.answer(WebSocket.message(value.encoded, as: .text)) }

    /// Finds out in time that a client is gone.
    private func schedulePing() {
        nextPing = context.streams.loop.after(Self.pingInterval) { [weak self] in
            guard let self, let connection else { return }
            connection.ping()
            if self.connection != nil { schedulePing() }
        }
    }
}
