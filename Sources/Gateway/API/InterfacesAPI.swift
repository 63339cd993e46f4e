internal import CAN
internal import EventLoop
internal import HTTP
internal import JSON
internal import Linux
internal import SocketCAN

/// `/v1/interfaces`, `/v1/interfaces/{name}`, and its `/filters` and `/restart`.
struct InterfacesAPI {
    let interfaces: Interfaces
    let loop: EventLoop

    func list(_ call: Call, _ reply: @escaping API.Reply) {
        ask { result in
            reply(result.map { list in .json(["interfaces": .array(list.map { JSONValue($0, interfaces) })]) })
        }
    }

    func get(_ call: Call, _ known: Interface, _ reply: @escaping API.Reply) {
        ask { result in
            reply(
                result.flatMap { list in
                    guard let interface = list.first(where: { $0.index == known.index }) else {
                        return .failure(.gone(known.name))
                    }
                    return .success(.json(JSONValue(interface, interfaces)))
                })
        }
    }

    /// Asks the kernel how the interfaces are now, on the worker thread: while another program holds the kernel's lock of
    /// all interfaces, as it does when it brings up a slow adapter, the answer takes its time.
    private func ask(_ completion: @escaping (Result<[Interface], Problem>) -> Void) {
        loop.offload {
            Result { () throws(SystemError) in try Links.list() }
        } then: { result in
            completion(result.mapError { Problem(.internal, "the interfaces cannot be listed: \($0)") })
        }
    }

    // MARK: Capture filters

    func getFilters(_ call: Call, of interface: Interface) -> Answer {
        .json(JSONValue(interfaces.filters(of: interface.name)))
    }

    func putFilters(_ call: Call, of interface: Interface, _ reply: @escaping API.Reply) throws(Problem) {
        let filters = try FilterSet(call.json())
        set(filters, of: interface, .json(JSONValue(filters)), reply)
    }

    func deleteFilters(_ call: Call, of interface: Interface, _ reply: @escaping API.Reply) {
        set(.everything, of: interface, .noContent, reply)
    }

    private func set(_ filters: FilterSet, of interface: Interface, _ answer: Answer, _ reply: @escaping API.Reply) {
        interfaces.setFilters(filters, of: interface) { result in
            reply(result.map { answer }.mapError { Problem($0, on: interface.name) })
        }
    }
}
