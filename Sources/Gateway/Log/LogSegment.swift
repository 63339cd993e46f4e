/// A run of events in the log: their texts one after the other, and an entry for each.
///
/// Segments are used again, so that a log that is full allocates nothing.
final class LogSegment {
    /// The number of the first event.
    private(set) var firstSequence = 0
    /// The interfaces' totals before the first event, by the number of their name.
    private(set) var totalsBefore: [Int] = []
    private(set) var entries: [LogEntry] = []
    private(set) var text: [UInt8] = []

    /// The number of the event after the last.
    var endSequence: Int { firstSequence + entries.count }

    /// The memory in use, in bytes.
    var size: Int { text.count + entries.count * MemoryLayout<LogEntry>.stride }

    /// Empties the segment for events from a number on.
    func reset(firstSequence: Int, totals: [Int]) {
        self.firstSequence = firstSequence
        totalsBefore = totals
        entries.removeAll(keepingCapacity: true)
        text.removeAll(keepingCapacity: true)
    }

    func append(_ entry: LogEntry, _ encode: (inout [UInt8]) -> Void) {
        encode(&text)
        entries.append(entry)
        entries[entries.count - 1].end = text.count
    }

    /// The text of an event, by its place in the segment.
    func text(at index: Int) -> ArraySlice<UInt8> {
        text[(index == 0 ? 0 : entries[index - 1].end)..<entries[index].end]
    }

    /// The interfaces' totals before the event of a number, which this segment holds or ends with.
    func totals(before sequence: Int) -> [Int] {
        var totals = totalsBefore
        for entry in entries.prefix(max(0, sequence - firstSequence)) {
            while totals.count <= entry.interface { totals.append(0) }
            totals[entry.interface] = entry.total
        }
        return totals
    }
}
