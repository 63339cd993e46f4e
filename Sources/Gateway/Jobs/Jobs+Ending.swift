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

    /// Ends a job whose count has run out. The kernel says so just before it sends the last frame, and not at all for a
    /// count of 1: a moment later all are sent.
    func finishSoon(_ job: Job) {
        job.finish?.cancel()
        job.finish = loop.after(2_000_000) { [weak self, weak job] in
            if let self, let job { endSoon(job, as: .finished) }
        }
    }

    /// Ends a job, together with all others whose end comes now: the kernel's counts are read once for all.
    func endSoon(_ job: Job, as state: Job.State) {
        ending.append((job, state))
        guard ending.count == 1 else { return }
        loop.after(0) { [weak self] in self?.endDue() }
    }

    private func endDue() {
        let due = ending.filter(isDue)
        ending = []
        for interface in Set(due.map(\.job.interface)) {
            let concerned = due.filter { $0.job.interface == interface }
            let counts = finalCounts(of: concerned.map(\.job), on: interface)
            for (job, state) in concerned where isDue(job, state) { end(job, as: state, counts) }
        }
    }

    private func isDue(_ job: Job, _ state: Job.State) -> Bool {
        guard exists(job) else { return false }
        return state == .lapsed ? job.lapse != nil && job.leaseEnd <= loop.now : job.state == .running
    }

    /// Ends a job.
    /// - Parameter counts: The kernel's counts, read once for many jobs.
    func end(_ job: Job, as state: Job.State, _ counts: [BroadcastManager.Key: Int]) {
        if job.state == .running { job.sentBefore += counts[job.key] ?? 0 }
        takeOutOfKernel(job)
        job.state = state
        // One that is to come back with its interface does so only while its lease runs.
        if !(job.specification.resumes && job.isWithoutInterface) { job.endLease() }
        announce(job)
    }
}
