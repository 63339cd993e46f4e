internal import CAN
internal import HTTP
internal import JSON
internal import SocketCAN

/// `GET /v1/interfaces/{name}/latest` and `GET /v1/interfaces/{name}/latest/{id}`.
struct LatestAPI {
    let latest: LatestFrames

    /// All of an interface.
    func list(_ call: Call, of interface: Interface) -> Answer {
        let frames = latest.frames(of: interface.name)
        return .json(["frames": .array(frames.map { JSONValue($0, interface: interface.name) })])
    }

    /// The one of an identifier.
    func get(_ call: Call, of interface: Interface) throws(Problem) -> Answer {
        let identifier = try identifier(call["id"], extended: try call.query.boolean("extended"))
        guard let item = latest.frame(identifier, of: interface.name) else {
            throw Problem(.notFound, "no frame \(identifier) was seen on '\(interface.name)' yet")
        }
        return .json(JSONValue(item, interface: interface.name))
    }

    private func identifier(_ text: String, extended: Bool?) throws(Problem) -> Identifier {
        guard let value = Hex.number(text) else {
            throw Problem(.malformedRequest, "the identifier is '\(text)', not 1 to 8 hex digits", field: "id")
        }
        guard let isExtended = extended ?? Identifier.isExtended(digits: text.utf8.count) else {
            throw Problem(
                .malformedRequest,
                "the identifier '\(text)' leaves open whether it is extended; say so, or write 3 or 8 digits",
                field: "extended")
        }
        guard let identifier = Identifier(value, extended: isExtended) else {
            throw Problem(
                .malformedRequest, "the identifier '\(text)' is too large for its format", field: "id")
        }
        return identifier
    }
}

extension JSONValue {
    /// The newest frame of an identifier.
    fileprivate init(_ item: LatestTable.Item, interface: String) {
        guard case .frame(let frame) = item.newest.message else {
            self = nil
            return
        }
        let head: JSONValue = [
            "type": "frame", "seq": .integer(item.sequence),
            "timestamp": .real(seconds(ofNanoseconds: item.newest.timestamp)),
            "interface": .string(interface), "direction": .string(item.newest.direction.rawValue),
        ]
        let tail: JSONValue = [
            "count": .integer(item.statistics.count),
            "period_ms": item.statistics.period.map { .real(milliseconds(ofNanoseconds: $0)) } ?? .null,
        ]
        let clock: [Member] = item.newest.isHardwareTime ? [Member("clock", "hardware")] : []
        self = .object(head.members + JSONValue(frame).members + clock + tail.members)
    }
}
