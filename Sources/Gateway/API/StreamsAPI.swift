internal import CAN
internal import HTTP
internal import JSON
internal import SocketCAN

/// `GET /v1/frames` and `GET /v1/interfaces/{name}/frames`.
struct StreamsAPI {
    let interfaces: Interfaces
    let hub: StreamHub

    /// The transport of a stream that is no WebSocket, by its name in the query.
    private enum Format: String, CaseIterable {
        case serverSentEvents = "sse"
        case lines = "ndjson"
    }

    func all(_ call: Call) throws(Problem) -> Answer {
        let query = try call.query("interface", "filter", "direction", "count", "for", "heartbeat", "format")
        try interfaces.checkSupported()
        let names = query.all("interface")
        for name in names { _ = try interfaces.interface(named: name) }
        return try open(call, query, interfaces: names.isEmpty ? nil : names)
    }

    func one(_ call: Call) throws(Problem) -> Answer {
        let query = try call.query("filter", "direction", "count", "for", "heartbeat", "format")
        return try open(call, query, interfaces: [interfaces.interface(named: call["name"]).name])
    }

    private func open(_ call: Call, _ query: Query, interfaces names: [String]?) throws(Problem) -> Answer {
        let selection = Selection(
            interfaces: names.map { Set($0.map(hub.names.number)) }, filters: try filters(query),
            direction: try query.oneOf("direction", Direction.self))
        var options = Stream.Options()
        options.count = try query.integer("count", in: 1...Int.max)
        options.duration = try query.duration("for")
        options.heartbeat = try query.integer("heartbeat", in: 1...300) ?? options.heartbeat
        let format = try query.oneOf("format", Format.self)

        let isHead = call.request.method == Method.head.rawValue
        if WebSocket.isRequested(by: call.request), !isHead {
            let headers = try WebSocket.accept(call.request)
            try hub.checkRoom()
            return .webSocket(headers, Stream(hub, .webSocket, selection, options))
        }
        let transport = try transport(call, format)
        let isOver = options.count != nil || options.duration != nil
        if transport == .serverSentEvents, isOver, call.request.headers["Last-Event-ID"] != nil {
            // An EventSource whose stream came to its end connects again, for ever, unless it is told not to.
            return .response(Response(204, headers: ["Vary": "Accept"]))
        }
        let head = Response(
            200,
            headers: [
                "Content-Type": transport == .lines ? MediaType.lines : MediaType.serverSentEvents,
                "X-Accel-Buffering": "no", "Vary": "Accept",
            ])
        if isHead { return .response(head) }
        try hub.checkRoom()
        return .stream(head, Stream(hub, transport, selection, options))
    }

    private func filters(_ query: Query) throws(Problem) -> FilterSet {
        let items = query.all("filter")
        guard !items.isEmpty else { return .everything }
        do {
            return try FilterSet(candump: items)
        } catch {
            throw Problem(.invalidFilter, error.description, index: error.index, field: "filter")
        }
    }

    private func transport(_ call: Call, _ format: Format?) throws(Problem) -> StreamForm.Transport {
        switch format {
        case .lines: return .lines
        case .serverSentEvents: return .serverSentEvents
        case nil: break
        }
        let offered = [MediaType.lines, MediaType.serverSentEvents, MediaType.json]
        guard let type = MediaType.negotiate(accept: call.request.headers["Accept"], offered: offered) else {
            throw Problem(
                .notAcceptable,
                "'\(call.request.headers["Accept"] ?? "")' names nothing that a stream of frames can be served as",
                field: "Accept", allowed: offered, headers: ["Vary": "Accept"])
        }
        return type == MediaType.serverSentEvents ? .serverSentEvents : .lines
    }
}
