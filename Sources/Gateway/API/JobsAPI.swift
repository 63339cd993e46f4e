internal import CAN
internal import HTTP
internal import JSON
internal import SocketCAN

/// `/v1/jobs`, `/v1/jobs/{id}` and `/v1/interfaces/{name}/jobs`.
struct JobsAPI {
    let interfaces: Interfaces
    let jobs: Jobs

    func list(_ call: Call) -> Answer { .json(list(jobs.all())) }

    func listOfInterface(_ call: Call, _ interface: Interface) -> Answer {
        .json(list(jobs.all(on: interface.name)))
    }

    func make(_ call: Call, on interface: Interface) throws(Problem) -> Answer {
        let input = try JobInput(ObjectReader(call.json(), fields: JobInput.fields), for: interface)
        let job = try jobs.make(input.specification, named: input.name, on: interface, starts: input.starts)
        return .created(at: "/v1/jobs/\(job.id)", resource(job))
    }

    func get(_ call: Call) throws(Problem) -> Answer { .json(resource(try jobs.job(call["id"]))) }

    func patch(_ call: Call) throws(Problem) -> Answer {
        let job = try jobs.job(call["id"])
        try jobs.apply(JobPatch(call.json(), of: job, interfaces), to: job)
        return .json(resource(job))
    }

    func renew(_ call: Call) throws(Problem) -> Answer {
        try call.emptyBody()
        let job = try jobs.job(call["id"])
        try jobs.renew(job)
        return .json(resource(job))
    }

    func delete(_ call: Call) throws(Problem) -> Answer {
        jobs.delete(try jobs.job(call["id"]))
        return .noContent
    }

    func deleteAll(_ call: Call) -> Answer {
        for job in jobs.all() { jobs.delete(job) }
        return .noContent
    }

    private func list(_ listed: [Job]) -> JSONValue {
        jobs.readCounts(of: listed)
        return ["jobs": .array(listed.map { JSONValue($0, leaseRemaining: jobs.leaseRemaining(of: $0)) })]
    }

    /// A job as its clients see it.
    func resource(_ job: Job) -> JSONValue {
        jobs.readCounts(of: [job])
        return JSONValue(job, leaseRemaining: jobs.leaseRemaining(of: job))
    }
}
