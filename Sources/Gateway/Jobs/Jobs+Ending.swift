internal import EventLoop
internal import SocketCAN

// How jobs end.
extension Jobs {
    /// Stops and forgets jobs whose connection is gone.
    func endWithConnection(_ made: [Job]) {
        let owned = made.filter(exists)
        let active = owned.filter { $0.state == .running || $0.isWithoutInterface }
        halt(active)
        for job in active { end(job, as: .stopped) }
        for job in owned { delete(job) }
    }

    /// Ends all jobs whose end has come, in the order in which it came.
    func endDue() {
        let due = jobs.values.compactMap { job in
            job.ends.due(at: loop.now).map { (job: job, time: $0.time, state: $0.state) }
        }.sorted { ($0.time, $0.job.key.number) < ($1.time, $1.job.key.number) }
        halt(due.map(\.job))
        for (job, _, state) in due { end(job, as: state) }
    }

    /// Ends a job whose end has come, of which its timer may be about to tell. Nothing is started or changed as though
    /// it had not come.
    func endIfDue(_ job: Job) {
        if job.ends.due(at: loop.now) != nil { endDue() }
    }

    /// Begins the lease and the duration of a job, as somebody has started it. Where its interface does, they go on.
    func beginTime(of job: Job) {
        beginLease(of: job)
        job.ends.duration = job.specification.duration.map { loop.now + $0 * 1000 }
    }

    /// The kernel has begun to count a job's frames. Of a single one it does not tell that it is sent.
    func countBegan(of job: Job) {
        job.ends.count = nil
        if job.specification.schedule.isSingle { countRanOut(of: job) }
    }

    /// The count of a job has run out, which the kernel tells just before it sends the last frame.
    func countRanOut(of job: Job) { job.ends.count = loop.now + 2_000_000 }

    /// Ends a job that is halted, or was not running.
    func end(_ job: Job, as state: Job.State) {
        takeOutOfKernel(job)
        job.state = state
        // One that is to come back with its interface does so only until the first of them.
        if !job.waits { job.ends = JobEnds() }
        announce(job)
    }
}

extension Job {
    /// Whether it lost its interface.
    var isWithoutInterface: Bool { state == .interfaceDown || state == .interfaceGone }

    /// Whether it starts again when its interface is back.
    var waits: Bool { specification.resumes && isWithoutInterface }
}

extension BroadcastManager.Schedule {
    /// Whether it is over with the first frame.
    fileprivate var isSingle: Bool { count == 1 && interval == 0 }
}
