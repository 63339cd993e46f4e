internal import CAN
internal import HTTP
internal import JSON
internal import SocketCAN

extension JSONValue {
    /// The resource of a job.
    /// - Parameter leaseRemaining: What is left of its lease, in milliseconds; nil where none runs.
    init(_ job: Job, leaseRemaining: Double?) {
        let schedule = job.specification.schedule
        self = [
            "id": .string(job.id), "name": JSONValue(job.name), "interface": .string(job.interface),
            "frames": .array(job.specification.frames.map { JSONValue($0) }),
            "interval_ms": JSONValue(interval: schedule.interval),
            "initial_interval_ms": JSONValue(interval: schedule.initialInterval),
            "count": schedule.count == 0 ? nil : .integer(Int(schedule.count)),
            "duration_ms": JSONValue(job.specification.duration.map(milliseconds(ofMicroseconds:))),
            "lease_ms": JSONValue(job.specification.lease.map(milliseconds(ofMicroseconds:))),
            "lease_remaining_ms": JSONValue(leaseRemaining), "resume": .boolean(job.specification.resumes),
            "connection": .boolean(job.belongsToConnection), "state": .string(job.state.rawValue),
            "sent": .integer(job.sent), "created": .real(seconds(ofNanoseconds: job.created)),
        ]
    }

    /// An interval of a job, of microseconds; `null` for 0, which stands for none.
    private init(interval: Int64) {
        self = interval == 0 ? nil : JSONValue(milliseconds(ofMicroseconds: interval))
    }
}

/// What a client wants a new job to be.
struct JobInput {
    let specification: JobSpecification
    let name: String?
    let starts: Bool

    /// The members of the object that describes it.
    static let fields = [
        "frames", "interval_ms", "interval_us", "initial_interval_ms", "initial_interval_us", "count", "duration_ms",
        "lease_ms", "name", "start", "resume",
    ]

    /// - Throws: ``Problem``: `malformed-request`, `invalid-job`.
    init(_ reader: ObjectReader, for interface: Interface) throws(Problem) {
        guard let frames = try reader.jobFrames(for: interface) else {
            throw Problem(.invalidJob, "frames is missing; a job sends 1 to 256 frames", field: "frames")
        }
        let schedule = BroadcastManager.Schedule(
            count: try reader.jobCount() ?? 0, initialInterval: try reader.interval("initial_interval") ?? 0,
            interval: try reader.interval("interval") ?? 0)
        try schedule.check()
        specification = JobSpecification(
            frames: frames, schedule: schedule,
            duration: try reader.time("duration_ms", in: 1...BroadcastManager.longestInterval, else: .invalidJob),
            lease: try reader.time("lease_ms", in: Jobs.leases, else: .invalidJob),
            resumes: try reader.boolean("resume") ?? false)
        name = try reader.jobName()
        starts = try reader.boolean("start") ?? true
    }
}

extension JobPatch {
    private static let fields = [
        "frames", "interval_ms", "interval_us", "initial_interval_ms", "initial_interval_us", "count", "state",
    ]

    /// Reads what a client wants to change.
    /// - Throws: ``Problem``: `malformed-request`, `invalid-job`.
    init(_ json: JSONValue, of job: Job, _ interfaces: Interfaces) throws(Problem) {
        let reader = try ObjectReader(json, fields: Self.fields)
        guard Self.fields.contains(where: reader.has) else {
            throw Problem(.invalidJob, "there is nothing to change; name one of the fields", allowed: Self.fields)
        }
        let interface = interfaces.present.first { $0.name == job.interface }
        var changed = job.specification
        if let frames = try reader.jobFrames(for: interface) { changed.frames = frames }
        let interval = try reader.interval("interval")
        let initialInterval = try reader.interval("initial_interval")
        let count = try reader.jobCount()
        changed.schedule.interval = interval ?? changed.schedule.interval
        changed.schedule.initialInterval = initialInterval ?? changed.schedule.initialInterval
        changed.schedule.count = count ?? changed.schedule.count
        try changed.schedule.check()
        isRescheduled = interval != nil || initialInterval != nil || count != nil
        specification = isRescheduled || reader.has("frames") ? changed : nil
        state = try reader.state()
    }
}

extension ObjectReader {
    /// The frames of a job; one of them that is no valid frame makes the job invalid.
    fileprivate func jobFrames(for interface: Interface?) throws(Problem) -> [Frame]? {
        guard let elements = try array("frames") else { return nil }
        guard (1...BroadcastManager.capacity).contains(elements.count) else {
            throw Problem(
                .invalidJob, "frames has \(elements.count) entries; a job sends 1 to \(BroadcastManager.capacity)",
                field: "frames")
        }
        var frames: [Frame] = []
        for (index, element) in elements.enumerated() {
            do throws(Problem) {
                let frame = try Frame(element)
                if frame.isFD { try interface?.checkFD(else: .invalidJob) }
                if let first = frames.first, first.isFD != frame.isFD {
                    throw Problem(.invalidJob, "classic and CAN FD frames cannot be mixed in one job", field: "fd")
                }
                frames.append(frame)
            } catch {
                var problem = error.at(index: index)
                if problem.code == .invalidFrame { problem.code = .invalidJob }
                throw problem
            }
        }
        return frames
    }

    /// An interval, given in milliseconds or microseconds, in microseconds.
    fileprivate func interval(_ name: String) throws(Problem) -> Int64? {
        let milliseconds = try time("\(name)_ms", in: Jobs.intervals, else: .invalidJob)
        let microseconds = try time("\(name)_us", in: Jobs.intervals, else: .invalidJob)
        guard milliseconds == nil || microseconds == nil else {
            throw Problem(.invalidJob, "\(name)_ms and \(name)_us are both given; one is enough", field: "\(name)_us")
        }
        return milliseconds ?? microseconds
    }

    fileprivate func jobCount() throws(Problem) -> UInt32? {
        guard let count = try integer("count") else { return nil }
        guard let fitting = UInt32(exactly: count), fitting > 0 else {
            throw Problem(.invalidJob, "count is \(count); it is 1 to \(UInt32.max)", field: "count")
        }
        return fitting
    }

    fileprivate func jobName() throws(Problem) -> String? {
        guard let name = try string("name") else { return nil }
        let isAllowed = name.utf8.allSatisfy { character in
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isAllowed, (1...64).contains(name.utf8.count) else {
            throw Problem(
                .invalidJob, "name is '\(name)'; it is 1 to 64 of A-Z, a-z, 0-9, '.', '_', '-'", field: "name")
        }
        return name
    }

    fileprivate func state() throws(Problem) -> JobPatch.State? {
        guard let text = try string("state") else { return nil }
        guard let state = JobPatch.State(rawValue: text) else {
            throw Problem(
                .invalidJob, "state is '\(text)'; it can be set to running or stopped", field: "state",
                allowed: JobPatch.State.allCases.map(\.rawValue))
        }
        return state
    }
}

extension BroadcastManager.Schedule {
    /// - Throws: ``Problem``: `invalid-job` for parts that make no schedule together.
    fileprivate func check() throws(Problem) {
        if count > 0, initialInterval == 0 {
            throw Problem(
                .invalidJob, "count needs initial_interval_ms: so many frames go out at that interval",
                field: "initial_interval_ms")
        }
        if count == 0, initialInterval > 0 {
            throw Problem(
                .invalidJob, "initial_interval_ms needs count: how many frames go out at that interval", field: "count")
        }
        if count == 0, interval == 0 {
            throw Problem(
                .invalidJob, "interval_ms is missing (or count and initial_interval_ms for a job that ends)",
                field: "interval_ms")
        }
    }
}
