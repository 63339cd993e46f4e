internal import EventLoop
internal import HTTP
internal import JSON
internal import SocketCAN

// Changes run on the loop's worker thread, one after the other. Each is answered when the service itself has taken in
// what the kernel told of it, so that whatever is asked for next finds it so.
extension InterfacesAPI {
    /// `POST /v1/interfaces`.
    func make(_ call: Call, _ reply: @escaping API.Reply) throws(Problem) {
        let wanted = try NewInterface(call.json())
        run(reply) { transaction throws(Problem) in
            try transaction.make(wanted)
        } answer: { interface in
            .created(
                at: "/v1/interfaces/\(PercentEncoding.encode(segment: interface?.name ?? wanted.link.name))",
                interface.map { JSONValue($0, interfaces) } ?? nil)
        }
    }

    /// `PATCH /v1/interfaces/{name}`.
    func change(_ call: Call, _ interface: Interface, _ reply: @escaping API.Reply) throws(Problem) {
        let change = try InterfaceChange(call.json())
        run(reply) { transaction throws(Problem) in
            try transaction.change(interface, by: change)
        } answer: {
            resource($0)
        }
    }

    /// `POST /v1/interfaces/{name}/restart`.
    func restart(_ call: Call, _ interface: Interface, _ reply: @escaping API.Reply) throws(Problem) {
        try call.emptyBody()
        run(reply) { transaction throws(Problem) in
            try transaction.restart(interface)
        } answer: {
            resource($0)
        }
    }

    /// `DELETE /v1/interfaces/{name}`.
    func remove(_ call: Call, _ interface: Interface, _ reply: @escaping API.Reply) {
        run(reply) { transaction throws(Problem) in
            try transaction.remove(interface)
            return nil
        } answer: {
            resource($0)
        }
    }

    private func resource(_ interface: Interface?) -> Answer {
        interface.map { .json(JSONValue($0, interfaces)) } ?? .noContent
    }

    private func run(
        _ reply: @escaping API.Reply,
        _ work: @escaping @Sendable (inout LinkTransaction) throws(Problem) -> Interface?,
        answer: @escaping (Interface?) -> Answer
    ) {
        loop.offload {
            LinkTransaction.run(on: MachineLinks(), work)
        } then: { outcome in
            interfaces.takeInOwnChange(outcome.latest) { reply(outcome.result.map(answer)) }
        }
    }
}
