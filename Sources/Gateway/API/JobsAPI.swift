internal import CAN
internal import HTTP
internal import JSON
internal import SocketCAN

/// `/v1/jobs`, `/v1/jobs/{id}` and `/v1/interfaces/{name}/jobs`.
struct JobsAPI {
    let interfaces: Interfaces
    let jobs: Jobs

    func list(_ call: Call) throws(Problem) -> Answer {
        _ = try call.query()
        try interfaces.checkSupported()
        return .json(list(jobs.all()))
    }

    func listOfInterface(_ call: Call) throws(Problem) -> Answer {
        _ = try call.query()
        return .json(list(jobs.all(on: try interfaces.interface(named: call["name"]).name)))
    }

    func make(_ call: Call) throws(Problem) -> Answer {
        _ = try call.query()
        let interface = try interfaces.interface(named: call["name"])
        let input = try JobInput(ObjectReader(call.json(), fields: JobInput.fields), for: interface)
        let job = try make(input, on: interface, belongsToConnection: false)
        var response = Response.json(201, resource(job))
        response.headers["Location"] = "/v1/jobs/\(job.id)"
        return .response(response)
    }

    /// Makes the job that a client described.
    func make(_ input: JobInput, on interface: Interface, belongsToConnection: Bool) throws(Problem) -> Job {
        try jobs.make(
            input.specification, named: input.name, on: interface, starts: input.starts,
            belongsToConnection: belongsToConnection)
    }

    func get(_ call: Call) throws(Problem) -> Answer {
        _ = try call.query()
        try interfaces.checkSupported()
        return .json(resource(try jobs.job(call["id"])))
    }

    func patch(_ call: Call) throws(Problem) -> Answer {
        _ = try call.query()
        try interfaces.checkSupported()
        let job = try jobs.job(call["id"])
        let input = try JobPatch(call.json(), of: job, interfaces)
        if input.state == .stopped { jobs.stop(job) }
        if let specification = input.specification {
            let before = job.specification
            try jobs.change(job, to: specification, isRescheduled: input.isRescheduled)
            do throws(Problem) {
                if input.state == .running { try jobs.resume(job) }
            } catch {
                // It was not running, so that only its description had changed.
                job.specification = before
                throw error
            }
        } else if input.state == .running {
            try jobs.resume(job)
        }
        return .json(resource(job))
    }

    func renew(_ call: Call) throws(Problem) -> Answer {
        _ = try call.query()
        try interfaces.checkSupported()
        try call.emptyBody()
        let job = try jobs.job(call["id"])
        try jobs.renew(job)
        return .json(resource(job))
    }

    func delete(_ call: Call) throws(Problem) -> Answer {
        _ = try call.query()
        try interfaces.checkSupported()
        jobs.delete(try jobs.job(call["id"]))
        return .response(Response(204))
    }

    func deleteAll(_ call: Call) throws(Problem) -> Answer {
        _ = try call.query()
        try interfaces.checkSupported()
        for job in jobs.all() { jobs.delete(job) }
        return .response(Response(204))
    }

    private func list(_ listed: [Job]) -> JSONValue {
        let sent = jobs.sentCounts(of: listed)
        return [
            "jobs": .array(
                listed.map { JSONValue($0, sent: sent[$0.id] ?? 0, leaseRemaining: jobs.leaseRemaining(of: $0)) })
        ]
    }

    /// A job as its clients see it.
    func resource(_ job: Job) -> JSONValue {
        JSONValue(
            job, sent: jobs.sentCounts(of: [job])[job.id] ?? 0, leaseRemaining: jobs.leaseRemaining(of: job))
    }
}
