internal import EventLoop
internal import SocketCAN

// How jobs end. What the kernel has sent of them is read once for all that end together.
extension Jobs {
    /// Stops and forgets jobs whose connection is gone.
    func endWithConnection(_ made: [Job]) {
        let owned = made.filter(exists)
        for interface in Set(owned.map(\.interface)) {
            let active = owned.filter {
                $0.interface == interface && ($0.state == .running || $0.isWithoutInterface)
            }
            let counts = finalCounts(of: active, on: interface)
            for job in active { end(job, as: .stopped, counts) }
        }
        for job in owned { delete(job) }
    }

    /// Ends all jobs whose end has come: the kernel's counts are read once for all.
    func endDue() {
        let due = jobs.values.compactMap { job in
            job.ends.due(at: loop.now).map { (job: job, time: $0.time, state: $0.state) }
        }.sorted { ($0.time, $0.job.key.number) < ($1.time, $1.job.key.number) }
        for interface in Set(due.map(\.job.interface)) {
            let concerned = due.filter { $0.job.interface == interface }
            let counts = finalCounts(of: concerned.map(\.job), on: interface)
            for (job, _, state) in concerned { end(job, as: state, counts) }
        }
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

    /// Ends a job.
    /// - Parameter counts: The kernel's counts, read once for many jobs.
    func end(_ job: Job, as state: Job.State, _ counts: [BroadcastManager.Key: Int]) {
        if job.state == .running { job.sentBefore += counts[job.key] ?? 0 }
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
