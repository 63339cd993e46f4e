internal import Linux
internal import SocketCAN

// What the kernel has sent is read once for all jobs of an interface that are concerned.
extension Jobs {
    /// Has the kernel's timers of jobs stopped, so that nothing more is sent, and reads the counts then.
    func halt(_ jobs: [Job]) {
        for job in jobs where job.state == .running {
            // It fails when the interface is gone, and the timer with it.
            try? stopTimer(of: job)
        }
        readCounts(of: jobs)
    }

    /// Has the kernel's timer of a job stopped.
    func stopTimer(of job: Job) throws(SystemError) {
        try buses[job.interface]?.withManager { manager throws(SystemError) in
            try manager.reschedule(job.key, job.specification.frames, .init(interval: 0), restarting: false)
        }
    }

    /// Takes in what the kernel has sent of those jobs that run.
    func readCounts(of jobs: [Job]) {
        let running = jobs.filter { $0.state == .running }
        for interface in Set(running.map(\.interface)) {
            let counts = try? buses[interface]?.withManager { manager throws(SystemError) in
                try manager.sentCounts()
            }
            for job in running where job.interface == interface { job.kernelCounted(counts?[job.key] ?? 0) }
        }
    }
}
