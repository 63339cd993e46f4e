/// What a stream has shown.
struct Tally {
    /// How many frames.
    var frames = 0
    /// How many frames and error frames, or ISO-TP messages.
    var messages = 0
    /// How many frames or ISO-TP messages the client was told were lost.
    var lost = 0

    /// Counts an event of the log.
    mutating func count(_ entry: LogEntry) {
        switch entry.kind {
        case .frame:
            frames += 1
            messages += 1
        case .error: messages += 1
        case .gap: lost += entry.count
        case .interface, .job, .watch, .filters: break
        }
    }

    /// What two have shown together.
    static func + (left: Tally, right: Tally) -> Tally {
        Tally(
            frames: left.frames + right.frames, messages: left.messages + right.messages, lost: left.lost + right.lost)
    }
}
