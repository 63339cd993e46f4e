internal import HTTP
internal import JSON

extension Response {
    /// A response of JSON, one line: with its end, so that a terminal shows it well.
    static func json(_ status: Status, _ value: JSONValue) -> Response {
        Response(status, type: MediaType.json, body: value.encoded + [UInt8(ascii: "\n")])
    }

    /// The problem document of a request.
    init(_ problem: Problem, requestIdentifier: String) {
        let code = problem.code
        let body = JSONValue.members([
            "type": .string("/problems/\(code.rawValue)"), "title": .string(code.title),
            "status": .integer(code.status.code), "detail": .string(problem.detail),
            "instance": .string(requestIdentifier), "code": .string(code.rawValue),
            "errno": problem.errno.map { .string($0) }, "index": problem.index.map { .integer($0) },
            "sent": problem.sent.map { .integer($0) }, "field": problem.field.map { .string($0) },
            "allowed": problem.allowed.map { JSONValue($0) }
                ?? problem.allowedNumbers.map { .array($0.map { .integer($0) }) },
            "needs": problem.needs.map { .string($0) },
        ])
        self.init(code.status, type: MediaType.problem, body: body.encoded + [UInt8(ascii: "\n")])
        for field in problem.headers.fields { headers.add(field.name, field.value) }
    }
}

extension Answer {
    /// A response of status 200 and JSON.
    static func json(_ value: JSONValue) -> Answer { .response(.json(200, value)) }
}
