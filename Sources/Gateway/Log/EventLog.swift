internal import JSON

/// The newest events of the service, numbered without holes, in a bounded amount of memory.
///
/// Streams are cursors into it: numbers of the next event to show. The log does not wait for them; when it is full the
/// oldest segment goes, and a cursor that still pointed there has lost what it held.
final class EventLog {
    /// Names the run of the service that the numbers belong to.
    let epoch: String
    /// The names of the interfaces of its events.
    let names = InterfaceNames()
    private let segmentSize: Int
    private let segmentLimit: Int
    private var segments: [LogSegment] = []
    private var newest: LogSegment
    private var forgotten: ForgottenEvents
    /// How many frames, error frames and frames lost by the kernel each interface had, by the number of its name.
    private(set) var totals: [Int] = []

    /// Called with a segment before its events are forgotten.
    var willForget: ((LogSegment) -> Void)?

    /// Makes an empty log.
    /// - Parameter capacity: The memory that the events may take, in bytes.
    init(epoch: String, capacity: Int) {
        self.epoch = epoch
        segmentLimit = max(4, min(64, capacity / 32768))
        segmentSize = capacity / segmentLimit
        newest = LogSegment(size: segmentSize)
        newest.reset(firstSequence: 1, totals: [])
        segments.append(newest)
        forgotten = ForgottenEvents(limit: 8 * segmentLimit)
    }

    /// The number of the oldest event still held, or of the next one when there is none.
    private(set) var firstSequence = 1

    /// The number that the next event will have; the first one of a run has 1.
    var nextSequence: Int { newest.endSequence }

    /// The interfaces' totals before the oldest event still held.
    var totalsBeforeFirst: [Int] { segments[0].totalsBefore }

    /// Adds an event, which gets the number ``nextSequence``.
    /// - Parameter content: Its payload (``LogEntry/payloadCount`` bytes), followed by its text.
    func append(_ entry: LogEntry, _ content: [UInt8]) {
        if newest.size >= segmentSize { beginSegment() }
        var entry = entry
        while totals.count <= entry.interface { totals.append(0) }
        totals[entry.interface] += entry.count
        entry.total = totals[entry.interface]
        newest.append(entry, content)
    }

    /// Adds an event that is neither a frame nor an error frame: a JSON object of `type`, `seq` and these members.
    /// - Parameters:
    ///   - interface: The name of the interface that it is about.
    ///   - count: How many frames it stands for: what the kernel lost.
    func append(
        _ kind: LogEntry.Kind, on interface: String, count: Int = 0, _ members: KeyValuePairs<String, JSONValue?>
    ) {
        let head: JSONValue = ["type": .string(kind.rawValue), "seq": .integer(nextSequence)]
        let event = JSONValue.object(head.members + JSONValue.members(members).members)
        append(LogEntry(kind, interface: names.number(of: interface), count: count), event.encoded)
    }

    /// The segment that holds the event of a number; nil when there is none yet.
    func segment(holding sequence: Int) -> LogSegment? {
        precondition(sequence >= firstSequence)
        // Most readers are near the end.
        if sequence >= newest.firstSequence { return sequence < newest.endSequence ? newest : nil }
        return segments.last { $0.firstSequence <= sequence }
    }

    /// The interfaces' totals before an event, which may be the next one to come; nil when that is too long ago.
    func totals(before sequence: Int) -> [Int]? {
        if sequence < firstSequence { return sequence <= 1 ? [] : forgotten.totals(before: sequence) }
        return segments.last { $0.firstSequence <= sequence }?.totals(before: sequence)
    }

    /// The number of the first event of a time or later.
    /// - Parameter time: In nanoseconds since the epoch.
    /// - Returns: Nil when events of that time may have been forgotten.
    func firstSequence(since time: Int64) -> Int? {
        guard let start = segments.last(where: { ($0.entries.first?.timestamp ?? .max) < time }) else {
            return firstSequence == 1 ? 1 : nil
        }
        let index = start.entries.firstIndex { $0.timestamp >= time }
        return index.map { start.firstSequence + $0 } ?? start.endSequence
    }

    private func beginSegment() {
        let next = nextSequence
        let segment: LogSegment
        if segments.count == segmentLimit {
            willForget?(segments[0])
            forgotten.add(segments[0])
            segment = segments.removeFirst()
            firstSequence = segments[0].firstSequence
        } else {
            segment = LogSegment(size: segmentSize)
        }
        segment.reset(firstSequence: next, totals: totals)
        segments.append(segment)
        newest = segment
    }
}
