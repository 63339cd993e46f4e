/// A run of events in the log: their payloads and texts one after the other, and an entry for each.
///
/// Segments are reused, so that adding an event to a full log allocates nothing.
final class LogSegment {
    /// The number of the first event.
    private(set) var firstSequence = 0
    /// The interfaces' totals before the first event, by the number of their name.
    private(set) var totalsBefore: [Int] = []
    private var contents: Contents

    private struct Contents {
        var entries: [LogEntry] = []
        var bytes: [UInt8] = []

        /// Room that is there from the beginning takes no memory before it is written to, and no time to copy later.
        init(size: Int) {
            bytes.reserveCapacity(size)
            // The text of a frame is twice as long as its entry, and longer.
            entries.reserveCapacity(size / (3 * MemoryLayout<LogEntry>.stride))
        }

        mutating func append(_ entry: LogEntry, _ content: [UInt8]) {
            bytes.append(contentsOf: content)
            var entry = entry
            entry.end = bytes.count
            entries.append(entry)
        }

        mutating func removeAll() {
            entries.removeAll(keepingCapacity: true)
            bytes.removeAll(keepingCapacity: true)
        }
    }

    /// Makes an empty segment.
    /// - Parameter size: How much its events will take, in bytes.
    init(size: Int) { contents = Contents(size: size) }

    /// The events, in their order.
    var entries: [LogEntry] { contents.entries }

    /// The number of the event after the last.
    var endSequence: Int { firstSequence + entries.count }

    /// The memory in use, in bytes.
    var size: Int { contents.bytes.count + entries.count * MemoryLayout<LogEntry>.stride }

    /// Empties the segment for events from a number on.
    func reset(firstSequence: Int, totals: [Int]) {
        self.firstSequence = firstSequence
        totalsBefore = totals
        contents.removeAll()
    }

    /// Adds an event.
    /// - Parameter content: Its payload, followed by its text.
    func append(_ entry: LogEntry, _ content: [UInt8]) { contents.append(entry, content) }

    /// The text of an event, by its place in the segment.
    func text(at index: Int) -> ArraySlice<UInt8> {
        contents.bytes[(start(of: index) + entries[index].payloadCount)..<entries[index].end]
    }

    /// The frame or error frame, by its place in the segment; nil where there is another event.
    func message(at index: Int) -> LoggedMessage? {
        let start = start(of: index)
        return entries[index].message(payload: contents.bytes[start..<start + entries[index].payloadCount])
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

    private func start(of index: Int) -> Int { index == 0 ? 0 : entries[index - 1].end }
}
