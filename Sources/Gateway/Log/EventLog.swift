/// The newest events of the service, numbered without holes, in a bounded amount of memory.
///
/// Streams are cursors into it: numbers of the next event to show. The log does not wait for them; when it is full the
/// oldest segment goes, and a cursor that still pointed there has lost what it held.
final class EventLog {
    /// Names the run of the service that the numbers belong to.
    let epoch: String
    private let segmentSize: Int
    private let segmentLimit: Int
    private var segments: [LogSegment] = []
    private(set) var totals: [Int] = []

    /// Called with a segment before its events go.
    var willForget: ((LogSegment) -> Void)?

    /// Makes an empty log.
    /// - Parameter capacity: The memory that the events may take, in bytes.
    init(epoch: String, capacity: Int) {
        self.epoch = epoch
        segmentLimit = max(4, min(64, capacity / 32768))
        segmentSize = capacity / segmentLimit
        let first = LogSegment()
        first.reset(firstSequence: 1, totals: [])
        segments.append(first)
    }

    /// The number of the oldest event still held, or of the next one when there is none.
    var firstSequence: Int { segments[0].firstSequence }

    /// The number that the next event will have; the first one of a run has 1.
    var nextSequence: Int { segments[segments.count - 1].endSequence }

    /// The interfaces' totals before the oldest event still held.
    var totalsBeforeFirst: [Int] { segments[0].totalsBefore }

    /// Adds an event.
    /// - Parameters:
    ///   - count: By how much it raises the total of its interface: 1 for a frame, the loss for a gap.
    ///   - encode: Appends its text, given its number.
    func append(_ entry: LogEntry, count: Int, _ encode: (Int, inout [UInt8]) -> Void) {
        if segments[segments.count - 1].size >= segmentSize { beginSegment() }
        while totals.count <= entry.interface { totals.append(0) }
        totals[entry.interface] += count
        var entry = entry
        entry.total = totals[entry.interface]
        let sequence = nextSequence
        segments[segments.count - 1].append(entry) { encode(sequence, &$0) }
    }

    /// The segment that holds the event of a number; nil when there is none yet.
    func segment(holding sequence: Int) -> LogSegment? {
        precondition(sequence >= firstSequence)
        // Readers are near the end as a rule.
        return segments.last { $0.firstSequence <= sequence }.flatMap { sequence < $0.endSequence ? $0 : nil }
    }

    private func beginSegment() {
        let next = nextSequence
        let segment: LogSegment
        if segments.count == segmentLimit {
            willForget?(segments[0])
            segment = segments.removeFirst()
        } else {
            segment = LogSegment()
        }
        segment.reset(firstSequence: next, totals: totals)
        segments.append(segment)
    }
}
