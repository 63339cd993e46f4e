internal import HTTP
internal import JSON
internal import SocketCAN

/// `/v1/watches`, `/v1/watches/{id}` and `/v1/interfaces/{name}/watches`.
struct WatchesAPI {
    let watches: Watches

    func list(_ call: Call) -> Answer { .json(list(watches.all())) }

    func listOfInterface(_ call: Call, _ interface: Interface) -> Answer {
        .json(list(watches.all(on: interface.name)))
    }

    func make(_ call: Call, on interface: Interface) throws(Problem) -> Answer {
        let watch = try watches.make(WatchSpecification(call.json(), for: interface), on: interface)
        return .created(at: "/v1/watches/\(watch.id)", JSONValue(watch))
    }

    func get(_ call: Call) throws(Problem) -> Answer { .json(JSONValue(try watches.watch(call["id"]))) }

    func delete(_ call: Call) throws(Problem) -> Answer {
        watches.delete(try watches.watch(call["id"]))
        return .noContent
    }

    func deleteAll(_ call: Call) -> Answer {
        for watch in watches.all() { watches.delete(watch) }
        return .noContent
    }

    private func list(_ listed: [Watch]) -> JSONValue { ["watches": .array(listed.map { JSONValue($0) })] }
}
