internal import CAN
internal import HTTP

/// What a stream of the newest frames has seen and not shown yet.
///
/// It looks at the events as they come, which costs little, and encodes only what is shown.
struct LatestDelivery {
    /// The least time between two showings, in nanoseconds.
    let interval: Int64
    private var table = LatestTable()
    /// Events that are no frames, with their numbers and texts; each is shown.
    private var others: [Other] = []

    /// What was rendered last.
    private(set) var bytes: [UInt8] = []
    /// Where each record ends in ``bytes``.
    private(set) var ends: [Int] = []
    private var records: [Record] = []
    private var text: [UInt8] = []

    private struct Other {
        let sequence: Int
        let entry: LogEntry
        let text: [UInt8]
    }

    private enum Record {
        case item(Int)
        case other
    }

    /// The most events, beside frames, between two showings.
    private static let capacity = 256

    /// - Parameter interval: In nanoseconds.
    init(interval: Int64) { self.interval = interval }

    /// Looks at the events from one place to another, as long as there is room for what they bring; returns how far it
    /// got.
    mutating func look(at log: EventLog, from start: Int, to end: Int, _ selection: Selection) -> Int {
        var next = start
        while next < end, let segment = log.segment(holding: next) {
            let index = next - segment.firstSequence
            if selection.shows(segment.entries[index]) {
                if let message = segment.message(at: index) {
                    guard table.note(message, sequence: next) else { return next }
                } else {
                    guard others.count < Self.capacity else { return next }
                    others.append(
                        Other(
                            sequence: next, entry: segment.entries[index], text: Array(segment.text(at: index))))
                }
            }
            next += 1
        }
        return next
    }

    /// The number of the oldest event that was not shown yet; nil when all are.
    var firstPending: Int? {
        let item = table.items.lazy.filter { $0.isNew }.map(\.sequence).min()
        return [item, others.first?.sequence].compactMap { $0 }.min()
    }

    /// Frames what is new for the wire, in the order of the log, so that each number is a point to resume from.
    /// - Parameter limit: The most frames.
    mutating func render(
        _ form: StreamForm, isBatch: Bool, limit: Int, _ encoder: FrameEncoder, epoch: [UInt8]
    ) {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        records.removeAll(keepingCapacity: true)
        let places = table.items.indices.filter { table.items[$0].isNew }
            .sorted { table.items[$0].sequence < table.items[$1].sequence }
        var rest = others[...]
        var frames = 0
        for place in places {
            let item = table.items[place]
            while let other = rest.first, other.sequence < item.sequence { append(rest.removeFirst()) }
            text.removeAll(keepingCapacity: true)
            if isBatch { text.append(UInt8(ascii: "[")) }
            encoder.encode(item.newest, sequence: item.sequence, statistics: item.statistics, into: &text)
            append(.item(place), item.sequence)
            if case .frame = item.newest.message { frames += 1 }
            if frames == limit { return }
        }
        for other in rest { append(other) }

        func append(_ other: Other) {
            text.removeAll(keepingCapacity: true)
            if isBatch { text.append(UInt8(ascii: "[")) }
            text.append(contentsOf: other.text)
            append(.other, other.sequence)
        }
        func append(_ record: Record, _ sequence: Int) {
            if isBatch { text.append(UInt8(ascii: "]")) }
            form.append(text[...], epoch: epoch, sequence: sequence, to: &bytes)
            ends.append(bytes.count)
            records.append(record)
        }
    }

    /// The first so many of the rendered records were taken; returns what was in them.
    mutating func markShown(_ count: Int) -> Tally {
        var tally = Tally()
        for record in records.prefix(count) {
            switch record {
            case .other: tally.count(others.removeFirst().entry)
            case .item(let place):
                table.markShown(place)
                tally.messages += 1
                if case .frame = table.items[place].newest.message { tally.frames += 1 }
            }
        }
        records.removeAll(keepingCapacity: true)
        return tally
    }
}
