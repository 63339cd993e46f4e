internal import CAN
internal import EventLoop
internal import HTTP
internal import JSON
internal import Linux
internal import SocketCAN

/// All jobs. The kernel sends; this starts, changes and ends what it sends, and knows what became of each.
final class Jobs {
    /// The least interval, in microseconds. The kernel sets no limit, and with a shorter one would do nothing but send.
    static let leastInterval: Int64 = 100
    /// The intervals that a job may have, in microseconds.
    static let intervals = leastInterval...BroadcastManager.longestInterval
    /// The leases that a job may have, in microseconds.
    static let leases: ClosedRange<Int64> = 10_000...BroadcastManager.longestInterval
    /// The most jobs at once, whatever their state.
    static let capacity = 4096

    private let log: EventLog
    let loop: EventLoop
    private let interfaces: Interfaces
    /// All of them, by their identifiers.
    private(set) var jobs: [String: Job] = [:]
    /// The sockets that serve them, by the names of the interfaces.
    private(set) var buses: [String: JobBus] = [:]
    private var lastNumber: UInt32 = 0

    init(log: EventLog, loop: EventLoop, interfaces: Interfaces) {
        self.log = log
        self.loop = loop
        self.interfaces = interfaces
    }

    // MARK: For clients

    /// The jobs in the order in which they were made, of one interface or of all.
    func all(on interface: String? = nil) -> [Job] {
        jobs.values.filter { interface == nil || $0.interface == interface }.sorted { $0.key.number < $1.key.number }
    }

    /// - Throws: ``Problem``: `job-not-found`.
    func job(_ id: String) throws(Problem) -> Job {
        guard let job = jobs[id] else { throw Problem(.jobNotFound, "there is no job '\(id)'") }
        return job
    }

    private static func id(_ number: UInt32) -> String { "j\(number)" }

    /// Whether a job was not deleted yet.
    func exists(_ job: Job) -> Bool { jobs[job.id] === job }

    /// Makes a job and, unless told otherwise, starts it.
    /// - Throws: ``Problem``: `job-exists`, `too-many-requests`, `interface-down`, `not-supported`.
    func make(
        _ specification: JobSpecification, named name: String?, on interface: Interface, starts: Bool,
        belongsToConnection: Bool = false
    ) throws(Problem) -> Job {
        if let name, let other = jobs.values.first(where: { $0.name == name }) {
            throw Problem(.jobExists, "the job '\(other.id)' has the name '\(name)'", field: "name")
        }
        guard jobs.count < Self.capacity else {
            throw Problem(.tooManyRequests, "there are \(Self.capacity) jobs, the most that the service takes")
        }
        let key = BroadcastManager.Key(lastNumber + 1, isFD: specification.isFD)
        let job = Job(
            id: Self.id(key.number), name: name, interface: interface.name, created: Clock.realtime,
            belongsToConnection: belongsToConnection, key: key, specification, on: loop
        ) { [weak self] in self?.endDue() }
        if starts {
            try start(job, on: interfaces.interface(named: interface.name))
            beginTime(of: job)
        }
        lastNumber += 1
        jobs[job.id] = job
        return job
    }

    /// Changes what a job sends, and when.
    /// - Parameter isRescheduled: Whether its intervals or count change; then a running job starts over.
    /// - Throws: ``Problem``: `interface-down`, `internal`. Then its description has not changed; a job that needed a new
    /// operation of the kernel and got none is stopped.
    func change(_ job: Job, to specification: JobSpecification, isRescheduled: Bool) throws(Problem) {
        endIfDue(job)
        guard job.state == .running, let bus = buses[job.interface] else {
            job.specification = specification
            return
        }
        let fits = specification.frames.count <= job.framesInKernel && specification.isFD == job.key.isFD
        // What is still told of the count of before is none of the new one.
        if !fits || isRescheduled { bus.catchUp() }
        do throws(SystemError) {
            if !fits {
                try replace(job, specification, bus)
            } else if isRescheduled {
                try bus.withManager { manager throws(SystemError) in
                    try manager.reschedule(job.key, specification.frames, specification.schedule, restarting: true)
                }
            } else {
                try bus.withManager { manager throws(SystemError) in
                    try manager.update(
                        job.key, specification.frames, reportsExpiry: specification.schedule.count > 0)
                }
            }
        } catch {
            throw Problem(error, on: job.interface)
        }
        job.framesInKernel = specification.frames.count
        job.specification = specification
        if !fits || isRescheduled { countBegan(of: job) }
    }

    /// Starts a job that is not running; one that has ended begins anew.
    /// - Throws: ``Problem``: `interface-not-found`, `interface-down`.
    func resume(_ job: Job) throws(Problem) {
        let wasRunning = job.state == .running
        // That it is back may be news, which starts the job.
        let interface = try interfaces.interface(named: job.interface)
        endIfDue(job)
        if job.state != .running {
            try restart(job, on: interface)
        } else if wasRunning {
            return
        }
        beginTime(of: job)
    }

    /// Stops a job that is running, or would when its interface is back.
    func stop(_ job: Job) {
        guard job.state == .running || job.isWithoutInterface else { return }
        halt([job])
        end(job, as: .stopped)
    }

    /// Stops and forgets a job.
    func delete(_ job: Job) {
        takeOutOfKernel(job)
        job.ends = JobEnds()
        job.state = .stopped
        jobs[job.id] = nil
    }

    // MARK: For the interfaces' comings and goings

    /// An interface was added, went up, went down or was removed.
    func interfaceChanged(_ interface: Interface, _ change: Interfaces.Change) {
        let concerned = all(on: interface.name)
        switch change {
        case .added: break
        case .down:
            halt(concerned)
            for job in concerned where job.state == .running { end(job, as: .interfaceDown) }
        case .removed:
            halt(concerned)
            for job in concerned where job.state == .running || job.state == .interfaceDown {
                end(job, as: .interfaceGone)
            }
            buses.removeValue(forKey: interface.name)?.close()
        case .up: startWaiting(for: interface)
        }
    }

    /// Starts jobs that wait for an interface though it is up: they could not be started when it came up.
    func startWaiting() {
        guard jobs.values.contains(where: \.waits) else { return }
        for interface in interfaces.present where interface.isUp { startWaiting(for: interface) }
    }

    /// Starts the jobs that wait for an interface. One that cannot be started goes on waiting: the interface may be gone
    /// again, or there are no descriptors.
    private func startWaiting(for interface: Interface) {
        endDue()
        for job in all(on: interface.name) where job.waits {
            do throws(Problem) {
                try restart(job, on: interface)
            } catch  where error.code == .invalidJob {
                // It is another kind of interface now.
                end(job, as: .stopped)
            } catch {}
        }
    }

    /// Takes all jobs out of the kernel, as the service stops.
    func stopAll() {
        for job in jobs.values where job.state == .running { takeOutOfKernel(job) }
    }

    // MARK: -

    private func start(_ job: Job, on interface: Interface) throws(Problem) {
        // The kernel would accept it, and send nothing.
        guard interface.isUp else { throw .down(interface.name) }
        if job.specification.isFD { try interface.checkFD(else: .invalidJob) }
        let key = BroadcastManager.Key(job.key.number, isFD: job.specification.isFD)
        do throws(SystemError) {
            let bus = try bus(for: interface)
            // What is still told of a run before is none of this one.
            bus.catchUp()
            try bus.withManager { manager throws(SystemError) in
                try manager.start(key, job.specification.frames, job.specification.schedule)
            }
        } catch {
            throw Problem(error, on: interface.name)
        }
        job.key = key
        job.kernelCountsAnew()
        job.framesInKernel = job.specification.frames.count
        job.state = .running
        countBegan(of: job)
    }

    /// Starts a job and says so. Its lease and its duration go on.
    private func restart(_ job: Job, on interface: Interface) throws(Problem) {
        try start(job, on: interface)
        announce(job)
    }

    private func bus(for interface: Interface) throws(SystemError) -> JobBus {
        if let bus = buses[interface.name], bus.interfaceIndex == interface.index { return bus }
        let bus = try JobBus(interfaceIndex: interface.index, loop: loop)
        bus.expired = { [unowned self] key in expired(key, on: interface.name) }
        buses[interface.name]?.close()
        buses[interface.name] = bus
        return bus
    }

    /// The kernel's operation cannot grow or change its kind: a new one takes its place.
    private func replace(_ job: Job, _ specification: JobSpecification, _ bus: JobBus) throws(SystemError) {
        let key = BroadcastManager.Key(job.key.number, isFD: specification.isFD)
        try stopTimer(of: job)
        readCounts(of: [job])
        // From here on the old one is over, whatever becomes of the new one.
        try bus.withManager { manager throws(SystemError) in try manager.delete(job.key) }
        job.state = .stopped
        do throws(SystemError) {
            try bus.withManager { manager throws(SystemError) in
                try manager.start(key, specification.frames, specification.schedule)
            }
        } catch {
            end(job, as: .stopped)
            throw error
        }
        job.state = .running
        job.key = key
        job.kernelCountsAnew()
    }

    private func expired(_ key: BroadcastManager.Key, on interface: String) {
        // With a second interval it goes on.
        guard let job = jobs[Self.id(key.number)], job.key == key, job.interface == interface, job.state == .running,
            job.specification.schedule.interval == 0
        else { return }
        countRanOut(of: job)
    }

    /// Takes a job's operation out of the kernel.
    func takeOutOfKernel(_ job: Job) {
        guard job.state == .running, let bus = buses[job.interface] else { return }
        // It fails when the interface is gone, and the operation with it.
        try? bus.withManager { manager throws(SystemError) in try manager.delete(job.key) }
    }

    /// Tells the streams what a job is doing now.
    func announce(_ job: Job) {
        log.append(
            .job, on: job.interface,
            ["job": .string(job.id), "interface": .string(job.interface), "change": .string(job.state.rawValue)])
    }
}
