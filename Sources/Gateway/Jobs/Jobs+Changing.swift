internal import HTTP

extension Jobs {
    /// Changes a job as a client wants it: it is stopped before, or started after.
    /// - Throws: ``Problem``: `interface-not-found`, `interface-down`, `internal`. Then its description has not changed.
    func apply(_ patch: JobPatch, to job: Job) throws(Problem) {
        let before = job.specification
        if patch.state == .stopped { stop(job) }
        if let specification = patch.specification {
            try change(job, to: specification, isRescheduled: patch.isRescheduled)
        }
        guard patch.state == .running else { return }
        do throws(Problem) {
            try resume(job)
        } catch {
            // It was not running, so that only its description had changed.
            job.specification = before
            throw error
        }
    }
}
