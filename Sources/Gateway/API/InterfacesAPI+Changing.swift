internal import EventLoop
internal import HTTP
internal import JSON
internal import SocketCAN

// Changes run on the loop's worker thread, one after the other. Each is answered when the service itself has taken in
// what the kernel told of it, so that whatever is asked for next finds it so.
extension InterfacesAPI {
    func make(_ call: Call, _ reply: @escaping API.Reply) throws(Problem) {
        _ = try call.query()
        try interfaces.checkSupported()
        let wanted = try NewInterface(call.json())
        run(reply) { transaction throws(Problem) in
            try transaction.make(wanted)
        } answer: { interface in
            guard let interface else { return .response(Response(204)) }
            var response = Response.json(201, JSONValue(interface, interfaces))
            response.headers["Location"] = "/v1/interfaces/\(PercentEncoding.encode(segment: interface.name))"
            return .response(response)
        }
    }

    func change(_ call: Call, _ reply: @escaping API.Reply) throws(Problem) {
        _ = try call.query()
        let interface = try interfaces.interface(named: call["name"])
        let change = try InterfaceChange(call.json())
        run(reply) { transaction throws(Problem) in
            try transaction.change(interface, by: change)
        } answer: {
            resource($0)
        }
    }

    func restart(_ call: Call, _ reply: @escaping API.Reply) throws(Problem) {
        _ = try call.query()
        let interface = try interfaces.interface(named: call["name"])
        try call.emptyBody()
        run(reply) { transaction throws(Problem) in
            try transaction.restart(interface)
        } answer: {
            resource($0)
        }
    }

    func remove(_ call: Call, _ reply: @escaping API.Reply) throws(Problem) {
        _ = try call.query()
        let interface = try interfaces.interface(named: call["name"])
        run(reply) { transaction throws(Problem) in
            try transaction.remove(interface)
            return nil
        } answer: {
            resource($0)
        }
    }

    private func resource(_ interface: Interface?) -> Answer {
        interface.map { .json(JSONValue($0, interfaces)) } ?? .response(Response(204))
    }

    private func run(
        _ reply: @escaping API.Reply,
        _ work: @escaping @Sendable (inout LinkTransaction) throws(Problem) -> Interface?,
        answer: @escaping (Interface?) -> Answer
    ) {
        loop.offload {
            LinkTransaction.run(on: MachineLinks(), work)
        } then: { outcome in
            interfaces.takeIn(outcome.latest) { reply(outcome.result.map(answer)) }
        }
    }
}
