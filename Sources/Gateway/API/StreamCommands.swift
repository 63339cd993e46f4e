internal import CAN
internal import HTTP
internal import JSON
internal import SocketCAN

/// What a WebSocket client says on its stream: commands as JSON, each answered by an `ack` or a `problem`.
final class StreamCommands {
    private let interfaces: Interfaces
    private let sending: SendingAPI
    private let jobs: JobsAPI
    private var ownJobs: [Job] = []
    private var rate = RateLimit(perSecond: StreamCommands.perSecond)
    private var sendsInProgress = 0
    private weak var stream: Stream?

    /// The most commands a second.
    static let perSecond = 200
    /// The most sends that wait for their answer at once.
    static let sends = 16
    private static let referenceLength = 64

    init(interfaces: Interfaces, sending: SendingAPI, jobs: JobsAPI) {
        self.interfaces = interfaces
        self.sending = sending
        self.jobs = jobs
    }

    /// Carries a command out.
    func receive(_ message: WebSocketMessage, on stream: Stream) {
        self.stream = stream
        var envelope = Envelope()
        do throws(Problem) {
            switch message {
            case .text(let text): try perform(text, on: stream, &envelope)
            case .binary: stream.end(.unsupportedMessage)
            case .tooLong(let limit): throw .tooLong(limit)
            }
        } catch {
            answer(envelope, with: error)
        }
    }

    /// The stream is gone: what is still in progress is answered to nobody, and the jobs end.
    func closed() {
        stream = nil
        jobs.jobs.endWithConnection(ownJobs)
        ownJobs = []
    }

    /// What an answer repeats of its command.
    private struct Envelope {
        var operation: Operation?
        var reference: JSONValue?
    }

    private enum Operation: String, CaseIterable {
        case filter
        case send
        case job
        case pause
        case resume
        case ping

        var fields: [String] {
            switch self {
            case .filter: ["filters"]
            case .send: ["interface", "frames", "timeout_ms", "confirm", "confirm_ms"]
            case .job: ["interface"] + JobInput.fields
            case .pause, .resume, .ping: []
            }
        }
    }

    private func perform(_ text: [UInt8], on stream: Stream, _ envelope: inout Envelope) throws(Problem) {
        let json = try JSONValue(message: text)
        envelope.reference = try Self.reference(json)
        envelope.operation = try? Self.operation(json)
        guard rate.take(at: stream.now) else {
            throw Problem(
                .tooManyRequests, "more than \(Self.perSecond) commands came in a second; this one is dropped")
        }
        let operation = try Self.operation(json)
        let reader = try ObjectReader(json, fields: ["op", "ref"] + operation.fields)
        switch operation {
        case .filter: stream.setFilters(try Self.filters(reader))
        case .pause: stream.pause()
        case .ping: break
        case .resume:
            // Acknowledged before what was held back comes.
            acknowledge(envelope)
            return stream.resume()
        case .send: return try send(reader, on: stream, envelope)
        case .job:
            let resource = try makeJob(reader, on: stream)
            return acknowledge(envelope, [JSONValue.Member("job", resource)])
        }
        acknowledge(envelope)
    }

    /// The `ref` of a command, which its answer repeats.
    /// - Throws: ``Problem``: `malformed-request`.
    static func reference(_ json: JSONValue) throws(Problem) -> JSONValue? {
        switch json["ref"] {
        case nil: return nil
        case .integer(let number): return .integer(number)
        case .string(let text) where text.unicodeScalars.count <= referenceLength: return .string(text)
        default:
            throw Problem(
                .malformedRequest, "ref is a string of at most \(referenceLength) characters, or a whole number",
                field: "ref")
        }
    }

    private static func operation(_ json: JSONValue) throws(Problem) -> Operation {
        guard case .object = json else {
            throw Problem(.malformedRequest, "\(json.kind) came where an object is expected")
        }
        let names = Operation.allCases.map(\.rawValue)
        guard let value = json["op"] else {
            throw Problem(.malformedRequest, "op is missing", field: "op", allowed: names)
        }
        guard case .string(let name) = value, let operation = Operation(rawValue: name) else {
            throw Problem(.malformedRequest, "op names no command", field: "op", allowed: names)
        }
        return operation
    }

    private static func filters(_ reader: ObjectReader) throws(Problem) -> FilterSet {
        guard let elements = try reader.array("filters") else {
            throw Problem(.invalidFilter, "filters is missing; [] shows everything", field: "filters")
        }
        var items: [String] = []
        for (index, element) in elements.enumerated() {
            guard case .string(let item) = element else {
                throw Problem(
                    .malformedRequest, "filters holds \(element.kind), not a string as candump takes it",
                    index: index, field: "filters")
            }
            items.append(item)
        }
        return try FilterSet(items, field: "filters")
    }

    private func send(_ reader: ObjectReader, on stream: Stream, _ envelope: Envelope) throws(Problem) {
        guard sendsInProgress < Self.sends else {
            throw Problem(.tooManyRequests, "\(Self.sends) sends wait for room in the transmit queue already")
        }
        let interface = try interface(reader, of: stream.selection)
        guard let elements = try reader.array("frames") else {
            throw Problem(.invalidFrame, "frames is missing", field: "frames")
        }
        let frames = try SendingAPI.frames(elements)
        let order = SendingAPI.Order(
            frames: frames, interface: interface, timeout: try SendingAPI.timeout(reader),
            confirmation: try SendingAPI.confirmation(reader))
        try sending.check(frames, on: interface)
        sendsInProgress += 1
        sending.carryOut(order) { [self] result in
            sendsInProgress -= 1
            switch result {
            case .success(let members): acknowledge(envelope, members)
            case .failure(let problem): answer(envelope, with: problem)
            }
        }
    }

    private func makeJob(_ reader: ObjectReader, on stream: Stream) throws(Problem) -> JSONValue {
        let interface = try interface(reader, of: stream.selection)
        let input = try JobInput(reader, for: interface)
        let job = try jobs.jobs.make(
            input.specification, named: input.name, on: interface, starts: input.starts, belongsToConnection: true)
        // Those that have been deleted meanwhile are not kept.
        ownJobs.removeAll { !jobs.jobs.exists($0) }
        ownJobs.append(job)
        return jobs.resource(job)
    }

    /// The interface that a command names, or the only one that the stream shows.
    private func interface(_ reader: ObjectReader, of selection: Selection) throws(Problem) -> Interface {
        if let name = try reader.string("interface") { return try interfaces.interface(named: name) }
        guard let numbers = selection.interfaces, numbers.count == 1, let number = numbers.first else {
            throw Problem(
                .malformedRequest, "interface is missing; it may be left out where the stream shows one only",
                field: "interface")
        }
        return try interfaces.interface(named: interfaces.name(number))
    }

    private func acknowledge(_ envelope: Envelope, _ details: [JSONValue.Member] = []) {
        answer("ack", envelope, details)
    }

    private func answer(_ envelope: Envelope, with problem: Problem) { answer("problem", envelope, problem.members) }

    private func answer(_ type: String, _ envelope: Envelope, _ details: [JSONValue.Member]) {
        guard let stream else { return }
        let head = JSONValue.members([
            "type": .string(type), "seq": .integer(stream.lastSequence),
            "op": envelope.operation.map { .string($0.rawValue) }, "ref": envelope.reference,
        ])
        stream.answer(.object(head.members + details))
    }
}
