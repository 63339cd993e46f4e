internal import CAN
internal import HTTP
internal import JSON
internal import Linux
internal import SocketCAN

/// `GET /v1/frames` and `GET /v1/interfaces/{name}/frames`.
struct StreamsAPI {
    let interfaces: Interfaces
    let hub: StreamHub
    let sending: SendingAPI
    let jobs: JobsAPI
    let remote: RemoteBus.Context

    /// `GET /v1/frames`.
    func all(_ call: Call) throws(Problem) -> Answer {
        let names = call.query.all("interface")
        for name in names { _ = try interfaces.interface(named: name) }
        return try open(call, interfaces: names.isEmpty ? nil : names)
    }

    /// `GET /v1/interfaces/{name}/frames`.
    func one(_ call: Call, of interface: Interface) throws(Problem) -> Answer {
        if WebSocket.isRequested(by: call.request), call.request.method == Method.get.rawValue,
            let language = RemoteLanguage(offered: call.request.headers.tokens("Sec-WebSocket-Protocol"))
        {
            return try openRemote(call, language, on: interface)
        }
        return try open(call, interfaces: [interface.name])
    }

    /// The parameters of the query.
    static let parameters = [
        "filter", "direction", "since", "strict", "count", "for", "mode", "rate", "events", "heartbeat", "batch",
        "format",
    ]

    private func open(_ call: Call, interfaces names: [String]?) throws(Problem) -> Answer {
        let query = call.query
        var selection = Selection(
            interfaces: names.map { Set($0.map(hub.log.names.number)) }, filters: try filters(query),
            direction: try query.oneOf("direction", Direction.self))
        let events = try events(query)
        if let events { selection.events = Set(events.compactMap(LogEntry.Kind.init)) }
        let isHead = call.request.method == Method.head.rawValue
        let isWebSocket = WebSocket.isRequested(by: call.request) && !isHead
        let asked = try query.oneOf("format", StreamFormat.self, of: StreamFormat.requestable)
        let format = isWebSocket ? .webSocket : try format(call, asked)
        var options = try options(call, format)
        options.showsLoad = events?.contains(Self.load) ?? false

        if isWebSocket {
            let headers = try WebSocket.accept(call.request)
            try hub.checkRoom()
            let stream = Stream(hub, format, selection, options, peer: call.request.peer)
            stream.commands = StreamCommands(interfaces: interfaces, sending: sending, jobs: jobs)
            return .webSocket(headers, stream)
        }
        let isOver = options.count != nil || options.duration != nil
        if format == .serverSentEvents, isOver, call.lastEventIdentifier != nil {
            // An EventSource whose stream came to its end connects again, for ever, unless it is told not to.
            return .response(Response(204, headers: ["Vary": "Accept"]))
        }
        let head = Response(
            200, headers: ["Content-Type": format.mediaType, "X-Accel-Buffering": "no", "Vary": "Accept"])
        if isHead { return .response(head) }
        try hub.checkRoom()
        return .stream(head, Stream(hub, format, selection, options, peer: call.request.peer))
    }

    private func openRemote(
        _ call: Call, _ language: RemoteLanguage, on interface: Interface
    ) throws(Problem) -> Answer {
        // It says in its own language what it wants.
        _ = try Query(call.request.query, names: [])
        var headers = try WebSocket.accept(call.request)
        headers["Sec-WebSocket-Protocol"] = language.rawValue
        try hub.checkRoom()
        return .webSocket(headers, RemoteBus(remote, language, on: interface, peer: call.request.peer))
    }

    /// `GET /v1/streams`.
    func list(_ call: Call) -> Answer {
        let list = hub.open.map { JSONValue($0.status, number: $0.number, hub.log.names) }
        return .json(["streams": .array(list)])
    }

    // MARK: The query

    private func options(_ call: Call, _ format: StreamFormat) throws(Problem) -> Stream.Options {
        let query = call.query
        var options = Stream.Options()
        options.count = try query.integer("count", in: 1...Int.max)
        options.duration = try query.duration("for")
        options.heartbeat = try query.integer("heartbeat", in: 1...300) ?? options.heartbeat
        options.isBatch = try query.boolean("batch") ?? false
        if options.isBatch, format != .webSocket {
            throw Problem(
                .malformedRequest, "batch=true is for a WebSocket; this is \(format.rawValue)", field: "batch")
        }
        options.latestInterval = try latestInterval(query, format)
        options.resumption = try resumption(call)
        return options
    }

    private func latestInterval(_ query: Query, _ format: StreamFormat) throws(Problem) -> Int64? {
        let mode = try query.oneOf("mode", StreamMode.self)
        let rate = try query.decimal("rate", in: 0.1...100)
        guard mode == .latest else {
            if rate == nil { return nil }
            throw Problem(.malformedRequest, "rate needs mode=latest", field: "rate")
        }
        guard format.isJSON else {
            throw Problem(.malformedRequest, "mode=latest is for JSON; this is \(format.rawValue)", field: "mode")
        }
        return Int64(1e9 / (rate ?? 10))
    }

    private func resumption(_ call: Call) throws(Problem) -> Cursor? {
        let query = call.query
        let isStrict = try query.boolean("strict") ?? false
        let since = try query.string("since")
        var field = "since"
        var point: ResumePoint?
        if let since {
            point = since == "all" ? .beginning : ResumePoint(identifier: since)
            if point == nil, let age = try? query.duration("since") { point = .age(age) }
            if point == nil {
                throw Problem(
                    .malformedRequest, "since is '\(since)', not <epoch>:<seq>, a time (10s, 500ms, 1m) or all",
                    field: field)
            }
        }
        if let identifier = call.lastEventIdentifier {
            field = "Last-Event-ID"
            point = ResumePoint(identifier: identifier)
            if point == nil {
                throw Problem(.malformedRequest, "Last-Event-ID is '\(identifier)', not <epoch>:<seq>", field: field)
            }
        }
        guard let point else { return nil }
        let cursor = try point.cursor(in: hub.log, now: Clock.realtime, field: field)
        if isStrict, !cursor.isHeld(by: hub.log) {
            throw Problem(
                .historyLost,
                "the log holds the events from \(hub.log.epoch):\(hub.log.firstSequence) on; not all since "
                    + (call.lastEventIdentifier ?? since ?? ""), field: field)
        }
        return cursor
    }

    /// The event that only those get who ask for it.
    private static let load = "load"
    private static let eventTypes = LogEntry.Kind.allCases.map(\.rawValue) + ["open", "heartbeat", load]

    private func events(_ query: Query) throws(Problem) -> [String]? {
        guard let text = try query.string("events") else { return nil }
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        if let unknown = names.first(where: { !Self.eventTypes.contains($0) }) {
            throw Problem(
                .malformedRequest, "events names '\(unknown)', which is no type of event", field: "events",
                allowed: Self.eventTypes)
        }
        return names
    }

    private func filters(_ query: Query) throws(Problem) -> FilterSet {
        let items = query.all("filter")
        return items.isEmpty ? .everything : try FilterSet(items, field: "filter")
    }

    private func format(_ call: Call, _ asked: StreamFormat?) throws(Problem) -> StreamFormat {
        if let asked { return asked }
        let offered: [(type: String, format: StreamFormat)] = [
            (MediaType.lines, .lines), (MediaType.serverSentEvents, .serverSentEvents), (MediaType.json, .lines),
            (MediaType.text, .candump), (MediaType.pcap, .pcap),
        ]
        let types = offered.map(\.type)
        guard let type = MediaType.negotiate(accept: call.request.headers["Accept"], offered: types) else {
            throw Problem(
                .notAcceptable,
                "'\(call.request.headers["Accept"] ?? "")' names nothing that a stream of frames can be served as",
                field: "Accept", allowed: types, headers: ["Vary": "Accept"])
        }
        return offered.first { $0.type == type }!.format
    }
}

/// What a stream shows of each identifier.
enum StreamMode: String, CaseIterable {
    /// The newest frame, at most so often.
    case latest
}

extension Call {
    /// After which event an EventSource connects again; nil where there is none.
    fileprivate var lastEventIdentifier: String? { request.headers["Last-Event-ID"].flatMap { $0.isEmpty ? nil : $0 } }
}
