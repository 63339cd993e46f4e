/// A place in the log, and what is known of the events before it where the log has forgotten them.
struct Cursor {
    /// The number of the next event to look at; 0 for a reader of an earlier run, which missed events before the first.
    var next: Int
    /// What was before, where the log can no longer tell; nil where it can.
    var before: Before?

    /// What was before a place that the log has forgotten.
    struct Before {
        /// The interfaces' totals there.
        var totals: [Int]
        /// Whether they are exact, not a lower bound.
        var isExact: Bool
    }

    /// Frames that a stream will not show because the log has forgotten them.
    struct Gap {
        /// How many frames and error frames, those included that the kernel had lost.
        var lost: Int
        /// Whether that is exact, not an upper bound.
        var isExact: Bool
        /// The numbers of the events that were skipped; may be none.
        var skipped: Range<Int>
    }

    /// A place, with what is known of what was before.
    init(at next: Int, _ before: Before? = nil) {
        self.next = next
        self.before = before
    }

    /// A place in a log, which it may have forgotten already.
    init(at next: Int, in log: EventLog) {
        self.next = next
        guard next < log.firstSequence else { return }
        let totals = log.totals(before: next)
        before = Before(totals: totals ?? [], isExact: totals != nil)
    }

    /// The beginning of the run, for a reader that misses an unknown part of what the log has forgotten.
    static let unknown = Cursor(at: 1, Before(totals: [], isExact: false))

    /// Before the first event of the run, for a reader that comes from an earlier run.
    static let earlierRun = Cursor(at: 0, Before(totals: [], isExact: false))

    /// Whether a log holds everything from here on.
    func isHeld(by log: EventLog) -> Bool { next >= log.firstSequence }

    /// What is missing between here and the oldest event that the log holds; nil when nothing is.
    func gap(in log: EventLog, for selection: Selection) -> Gap? {
        guard !isHeld(by: log) else { return nil }
        return Gap(
            lost: selection.difference(from: before?.totals ?? [], to: log.totalsBeforeFirst),
            isExact: (before?.isExact ?? true) && selection.isComplete, skipped: max(1, next)..<log.firstSequence)
    }
}
