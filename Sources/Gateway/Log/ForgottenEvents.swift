/// What is kept of events that the log has forgotten: how each raised the total of its interface, in two bytes.
///
/// With it a client that comes back too late is told exactly how much it missed.
struct ForgottenEvents {
    private struct Run {
        let firstSequence: Int
        let totalsBefore: [Int]
        /// The number of each event's interface, and in the lowest bit whether it counts as a frame.
        let interfaces: [UInt16]
        /// How many frames an event stands for, where that is more than one, by its place.
        let others: [Int: Int]
    }

    private let limit: Int
    private var runs: [Run] = []

    /// - Parameter limit: How many segments to remember.
    init(limit: Int) { self.limit = limit }

    /// Takes note of a segment that is about to go.
    mutating func add(_ segment: LogSegment) {
        if runs.count == limit { runs.removeFirst() }
        var others: [Int: Int] = [:]
        let interfaces = segment.entries.enumerated().map { index, entry in
            if entry.count > 1 { others[index] = entry.count }
            return UInt16(truncatingIfNeeded: entry.interface << 1 | (entry.count == 1 ? 1 : 0))
        }
        runs.append(
            Run(
                firstSequence: segment.firstSequence, totalsBefore: segment.totalsBefore, interfaces: interfaces,
                others: others))
    }

    /// The interfaces' totals before the event of a number, nil when that is too long ago.
    func totals(before sequence: Int) -> [Int]? {
        guard let run = runs.last(where: { $0.firstSequence <= sequence }) else { return nil }
        var totals = run.totalsBefore
        for (index, code) in run.interfaces.prefix(sequence - run.firstSequence).enumerated() {
            let interface = Int(code >> 1)
            while totals.count <= interface { totals.append(0) }
            totals[interface] += run.others[index] ?? Int(code & 1)
        }
        return totals
    }
}
