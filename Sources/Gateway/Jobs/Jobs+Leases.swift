internal import EventLoop
internal import HTTP

// A job with a lease is a dead man's switch: it goes on only as long as somebody renews it.
extension Jobs {
    /// Renews the lease of a job.
    /// - Throws: ``Problem``: `invalid-job` where no lease runs.
    func renew(_ job: Job) throws(Problem) {
        // One that has run out has, however late that is noticed.
        endIfDue(job)
        guard job.specification.lease != nil else {
            throw Problem(.invalidJob, "the job '\(job.id)' has no lease", field: "lease_ms")
        }
        guard job.ends.lease != nil else {
            throw Problem(
                .invalidJob,
                "the job '\(job.id)' is \(job.state.rawValue), and its lease with it; start it again first",
                field: "state")
        }
        beginLease(of: job)
    }

    /// Begins the lease of a job that has one, anew if it runs.
    func beginLease(of job: Job) {
        job.ends.lease = job.specification.lease.map { loop.now + $0 * 1000 }
    }

    /// What is left of a job's lease, in milliseconds; nil where none runs.
    func leaseRemaining(of job: Job) -> Double? {
        job.ends.lease.map { milliseconds(ofNanoseconds: max(0, $0 - loop.now)) }
    }
}
