internal import HTTP
internal import JSON
internal import SocketCAN

/// `/v1/watches`, `/v1/watches/{id}` and `/v1/interfaces/{name}/watches`.
struct WatchesAPI {
    let interfaces: Interfaces
    let watches: Watches

    func list(_ call: Call) throws(Problem) -> Answer {
        _ = try call.query()
        try interfaces.checkSupported()
        return .json(list(watches.all()))
    }

    func listOfInterface(_ call: Call) throws(Problem) -> Answer {
        _ = try call.query()
        return .json(list(watches.all(on: try interfaces.interface(named: call["name"]).name)))
    }

    func make(_ call: Call) throws(Problem) -> Answer {
        _ = try call.query()
        let interface = try interfaces.interface(named: call["name"])
        let watch = try watches.make(WatchSpecification(call.json(), for: interface), on: interface)
        var response = Response.json(201, JSONValue(watch))
        response.headers["Location"] = "/v1/watches/\(watch.id)"
        return .response(response)
    }

    func get(_ call: Call) throws(Problem) -> Answer {
        _ = try call.query()
        try interfaces.checkSupported()
        return .json(JSONValue(try watches.watch(call["id"])))
    }

    func delete(_ call: Call) throws(Problem) -> Answer {
        _ = try call.query()
        try interfaces.checkSupported()
        watches.delete(try watches.watch(call["id"]))
        return .response(Response(204))
    }

    func deleteAll(_ call: Call) throws(Problem) -> Answer {
        _ = try call.query()
        try interfaces.checkSupported()
        for watch in watches.all() { watches.delete(watch) }
        return .response(Response(204))
    }

    private func list(_ listed: [Watch]) -> JSONValue { ["watches": .array(listed.map { JSONValue($0) })] }
}
