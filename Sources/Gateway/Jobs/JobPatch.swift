/// What a client wants to change of a job.
struct JobPatch {
    /// What a client can set a job's state to.
    enum State: String, CaseIterable {
        case running
        case stopped
    }

    /// What the job becomes, nil when nothing of that changes.
    let specification: JobSpecification?
    /// Whether its intervals or count change.
    let isRescheduled: Bool
    /// What it is to do afterwards, nil for the same as before.
    let state: State?
}
