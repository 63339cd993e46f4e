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
        let members =
            [JSONValue.Member("type", .string("/problems/\(code.rawValue)"))] + problem.members
            + [JSONValue.Member("instance", .string(requestIdentifier))]
        let body = JSONValue.object(members)
        self.init(code.status, type: MediaType.problem, body: body.encoded + [UInt8(ascii: "\n")])
        for field in problem.headers.fields { headers.add(field.name, field.value) }
    }
}

extension Answer {
    /// A response of status 200 and JSON.
    static func json(_ value: JSONValue) -> Answer { .response(.json(200, value)) }

    /// A resource that was made, and where it is.
    static func created(at location: String, _ value: JSONValue) -> Answer {
        var response = Response.json(201, value)
        response.headers["Location"] = location
        return .response(response)
    }

    /// A response without a body.
    static var noContent: Answer { .response(Response(204)) }
}

extension Problem {
    /// What it says, as members of a JSON object.
    var members: [JSONValue.Member] {
        JSONValue.members([
            "title": .string(code.title), "status": .integer(code.status.code), "detail": .string(detail),
            "code": .string(code.rawValue), "errno": errno.map { .string($0) }, "index": index.map { .integer($0) },
            "sent": sent.map { .integer($0) }, "confirmed": confirmed.map { .integer($0) },
            "field": field.map { .string($0) },
            "allowed": allowed.map { JSONValue($0) } ?? allowedNumbers.map { .array($0.map { .integer($0) }) },
            "needs": needs.map { .string($0) },
        ]).members
    }
}
