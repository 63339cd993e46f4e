/// When a job ends by itself, and as what: monotonic times in nanoseconds, nil where nothing of the kind is to come.
struct JobEnds {
    /// When its lease runs out.
    var lease: Int64?
    /// When its duration is over.
    var duration: Int64?
    /// When the last frames of its count are out.
    var count: Int64?

    /// The one that comes first, and what the job is from then on.
    var first: (time: Int64, state: Job.State)? {
        let lapse = lease ?? .max
        let finish = min(duration ?? .max, count ?? .max)
        guard min(lapse, finish) < .max else { return nil }
        return lapse < finish ? (lapse, .lapsed) : (finish, .finished)
    }

    /// The first, where it has come.
    func due(at now: Int64) -> (time: Int64, state: Job.State)? { first.flatMap { $0.time <= now ? $0 : nil } }
}
