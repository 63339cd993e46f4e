internal import CAN
internal import JSON

extension JSONValue {
    /// A stream, as the list of streams shows it.
    init(_ status: StreamStatus, number: Int, _ names: InterfaceNames) {
        let shown = status.selection.interfaces.map { JSONValue($0.map { names.names[$0] }.sorted()) }
        self = [
            "id": .string("s\(number)"), "peer": .string(status.peer), "transport": .string(status.transport),
            "interfaces": shown ?? .null, "filters": JSONValue(status.selection.filters.candump),
            "direction": JSONValue(status.selection.direction?.rawValue), "mode": status.isLatest ? "latest" : "all",
            "paused": .boolean(status.isPaused), "since": .real(seconds(ofNanoseconds: status.opened)),
            "delivered": .integer(status.delivered), "lost": .integer(status.lost), "lag": .integer(status.lag),
        ]
    }
}
