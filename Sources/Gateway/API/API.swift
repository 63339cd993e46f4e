internal import HTTP
internal import Logging
internal import SocketCAN

/// Answers requests: finds what serves each, and renders what is wrong in one way.
final class API: RequestHandler {
    /// Takes the answer to a call, or what is wrong with it; called once.
    typealias Reply = (Result<Answer, Problem>) -> Void

    private struct Route {
        let serve: (Call, @escaping Reply) -> Void
        let query: [String]
        let needsCAN: Bool
        let finishesOnStop: Bool
    }

    private var router = Router<Route>()
    private let policy: OriginPolicy
    private let bodyBytes: Int
    private let interfaces: Interfaces
    private let logger: Logger
    private var outstanding: [Int: (reply: Reply, finishesOnStop: Bool)] = [:]
    private var lastRequest = 0
    /// Whether the service is about to stop.
    private(set) var isStopping = false

    /// - Parameter bodyBytes: The most bytes of a body, which the server enforces.
    init(policy: OriginPolicy, bodyBytes: Int, interfaces: Interfaces, logger: Logger) {
        self.policy = policy
        self.bodyBytes = bodyBytes
        self.interfaces = interfaces
        self.logger = logger
    }

    /// Whether an answer is still owed.
    var owesAnswers: Bool { !outstanding.isEmpty }

    /// Takes no more requests, and refuses those that wait for an answer, except what must not be left half done.
    func stop() {
        isStopping = true
        for (reply, finishesOnStop) in outstanding.values where !finishesOnStop {
            reply(.failure(.stopping))
        }
    }

    /// Adds a route that is answered at once.
    /// - Parameters:
    ///   - query: The parameters that its query may have.
    ///   - needsCAN: Whether it is `not-supported` on a kernel without CAN.
    func add(
        _ method: HTTP.Method, _ pattern: String, query: [String] = [], needsCAN: Bool = true,
        _ serve: @escaping (Call) throws(Problem) -> Answer
    ) {
        addLater(method, pattern, query: query, needsCAN: needsCAN) { call, reply throws(Problem) in
            reply(.success(try serve(call)))
        }
    }

    /// Adds a route of the interface that `{name}` in its pattern stands for, answered at once.
    func add(
        _ method: HTTP.Method, _ pattern: String, query: [String] = [],
        _ serve: @escaping (Call, Interface) throws(Problem) -> Answer
    ) {
        addLater(method, pattern, query: query) { call, interface, reply throws(Problem) in
            reply(.success(try serve(call, interface)))
        }
    }

    /// Adds a route of the interface that `{name}` in its pattern stands for, answered later, unless it throws.
    func addLater(
        _ method: HTTP.Method, _ pattern: String, query: [String] = [], finishesOnStop: Bool = false,
        _ serve: @escaping (Call, Interface, @escaping Reply) throws(Problem) -> Void
    ) {
        addLater(method, pattern, query: query, finishesOnStop: finishesOnStop) {
            [interfaces] call, reply throws(Problem) in
            try serve(call, interfaces.interface(named: call["name"]), reply)
        }
    }

    /// Adds a route that is answered later, unless it throws.
    /// - Parameters:
    ///   - query: The parameters that its query may have.
    ///   - needsCAN: Whether it is `not-supported` on a kernel without CAN.
    ///   - finishesOnStop: Whether a change that has begun is completed when the service stops, instead of being
    ///     answered 503.
    func addLater(
        _ method: HTTP.Method, _ pattern: String, query: [String] = [], needsCAN: Bool = true,
        finishesOnStop: Bool = false, _ serve: @escaping (Call, @escaping Reply) throws(Problem) -> Void
    ) {
        let route = Route(
            serve: { call, reply in
                do throws(Problem) {
                    try serve(call, reply)
                } catch {
                    reply(.failure(error))
                }
            }, query: query, needsCAN: needsCAN, finishesOnStop: finishesOnStop)
        router.add(method, pattern, route)
    }

    func handle(_ request: Request, answer: @escaping (Answer) -> Void) {
        lastRequest += 1
        let number = lastRequest
        let reply: Reply = { [self] result in
            // One that was refused because the service stops is not answered again.
            guard outstanding.removeValue(forKey: number) != nil else {
                if case .success(let answer) = result { answer.source?.closed() }
                return
            }
            answer(finish(result, of: request))
        }
        outstanding[number] = (reply, false)
        do throws(Problem) {
            try dispatch(request, number, reply)
        } catch {
            reply(.failure(error))
        }
    }

    private func dispatch(_ request: Request, _ number: Int, _ reply: @escaping Reply) throws(Problem) {
        try policy.check(request)
        if request.path.isEmpty { throw Problem(.malformedRequest, "the request target cannot be read") }
        let asksForHealth = request.path == ["healthz"] && request.method != "OPTIONS"
        if isStopping, !asksForHealth { throw .stopping }
        switch router.match(request.method, request.path) {
        case .notFound: throw Problem(.notFound, "there is nothing at /\(request.path.joined(separator: "/"))")
        case .otherMethods(let methods):
            let allowed = methods.map(\.rawValue)
            let headers: Headers = ["Allow": allowed.joined(separator: ", ")]
            if request.method == HTTP.Method.options.rawValue {
                return reply(.success(.response(Response(204, headers: headers))))
            }
            throw Problem(
                .methodNotAllowed, "\(request.method) is not allowed here", allowed: allowed, headers: headers)
        case .found(let route, let parameters):
            // With any other method a body has no meaning (RFC 9110, section 9.3.1).
            if request.isBodyTooLarge, ["POST", "PUT", "PATCH"].contains(request.method) {
                throw Problem(
                    .bodyTooLarge, "the body is longer than \(bodyBytes) bytes, the most that the service takes")
            }
            let query = try Query(request.query, names: route.query)
            if route.needsCAN { try interfaces.checkSupported() }
            outstanding[number] = (reply, route.finishesOnStop)
            route.serve(Call(request: request, parameters: parameters, query: query), reply)
        }
    }

    private func finish(_ result: Result<Answer, Problem>, of request: Request) -> Answer {
        switch result {
        case .success(.response(var response)):
            response.headers = complete(response.headers, of: request)
            log(request, status: response.status.code)
            return .response(response)
        case .success(.stream(var head, let source)):
            head.headers = complete(head.headers, of: request)
            log(request, status: head.status.code)
            return .stream(head, source)
        case .success(.webSocket(let headers, let source)):
            log(request, status: 101)
            return .webSocket(complete(headers, of: request), source)
        case .failure(let problem):
            var response = Response(problem, requestIdentifier: request.identifier)
            response.headers = complete(response.headers, of: request)
            log(request, status: response.status.code, problem: problem)
            return .response(response)
        }
    }

    private func complete(_ headers: Headers, of request: Request) -> Headers {
        var headers = headers
        headers["X-Request-Id"] = request.identifier
        if headers["Cache-Control"] == nil { headers["Cache-Control"] = "no-store" }
        for field in policy.headers(for: request).fields {
            headers[field.name] = headers[field.name].map { "\($0), \(field.value)" } ?? field.value
        }
        return headers
    }

    private func log(_ request: Request, status: Int, problem: Problem? = nil) {
        var metadata: Logger.Metadata = [
            "request": "\(request.identifier)", "peer": "\(request.peer)", "method": "\(request.method)",
            "path": "/\(request.path.joined(separator: "/"))", "status": "\(status)",
        ]
        if let problem { metadata["detail"] = "\(problem.detail)" }
        logger.log(level: status >= 500 ? .warning : .debug, "request", metadata: metadata)
    }
}
