internal import JSON

/// An event that belongs to one stream alone. It has no number of its own and carries that of the last event that the
/// stream has passed.
enum OwnEvent {
    /// The stream begins.
    case open(epoch: String, interfaces: [String], filters: [String], resumed: Bool?)
    /// The log has forgotten what the stream had not shown yet.
    case gap(Cursor.Gap)
    /// There was nothing else for a while. The time is in nanoseconds since the epoch.
    case heartbeat(now: Int64)
    /// How busy a bus was in the last second.
    case load(interface: String, BusLoad.Measurement)

    /// The event in a form; nil where the form cannot express it.
    func record(in format: StreamFormat, sequence: Int) -> [UInt8]? {
        switch format {
        case .webSocket, .serverSentEvents, .lines: return json(sequence).encoded
        case .candump: return Array(comment(sequence).utf8)
        case .pcap:
            if case .open = self { return Pcap.header }
            return nil
        }
    }

    private func json(_ sequence: Int) -> JSONValue {
        switch self {
        case .open(let epoch, let interfaces, let filters, let resumed):
            .members([
                "type": "open", "seq": .integer(sequence), "epoch": .string(epoch),
                "interfaces": JSONValue(interfaces), "filters": JSONValue(filters),
                "resumed": resumed.map { .boolean($0) },
            ])
        case .gap(let gap):
            .members([
                "type": "gap", "seq": .integer(sequence), "lost": .integer(gap.lost), "exact": .boolean(gap.isExact),
                "where": "server", "from_seq": gap.skipped.first.map { .integer($0) },
                "to_seq": gap.skipped.last.map { .integer($0) },
            ])
        case .heartbeat(let now):
            ["type": "heartbeat", "seq": .integer(sequence), "now": .real(seconds(ofNanoseconds: now))]
        case .load(let interface, let load):
            .members([
                "type": "load", "seq": .integer(sequence), "interface": .string(interface),
                "percent": load.percent.map { JSONValue($0) }, "frames_per_second": .integer(load.framesPerSecond),
            ])
        }
    }

    private func comment(_ sequence: Int) -> String {
        switch self {
        case .open(let epoch, let interfaces, _, let resumed):
            "# open epoch=\(epoch) seq=\(sequence) interfaces=\(interfaces.joined(separator: ","))"
                + (resumed.map { " resumed=\($0)" } ?? "")
        case .gap(let gap): "# gap lost=\(gap.lost) where=server"
        case .heartbeat(let now):
            "# heartbeat now=" + String(decoding: JSONValue.real(seconds(ofNanoseconds: now)).encoded, as: UTF8.self)
        case .load(let interface, let load):
            "# load interface=\(interface)" + (load.percent.map { " percent=\($0)" } ?? "")
                + " frames_per_second=\(load.framesPerSecond)"
        }
    }
}
