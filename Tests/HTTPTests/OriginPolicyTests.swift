import HTTP
import Testing

@Suite struct OriginPolicyTests {
    private let policy = OriginPolicy(allowedOrigins: ["https://dashboard.example"], allowedHosts: ["Gateway.LAN"])

    private func request(host: String?, origin: String? = nil, method: String = "GET") -> Request {
        var request = Request(method: method, path: ["v1"])
        request.headers["Host"] = host
        request.headers["Origin"] = origin
        return request
    }

    // MARK: Hosts

    @Test(arguments: [
        "localhost", "localhost:8080", "LOCALHOST", "app.localhost:1", "127.0.0.1", "127.0.0.1:8080", "192.168.1.5:80",
        "[::1]:8080", "[::1]", "gateway.lan", "GATEWAY.lan:8080",
    ])
    func theServicesOwnHostsAreTaken(host: String) throws {
        try policy.check(request(host: host))
        try policy.check(request(host: host, origin: "http://\(host)"))
        try policy.check(request(host: host, origin: "https://\(host)"))
    }

    @Test(arguments: [
        "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "notlocalhost", "",
        "1.2.3", "1.2.3.256", "other.lan",
    ])
    func otherHostsAreRefused(host: String) throws {
        let error = try #require(throws: Problem.self) { try policy.check(request(host: host)) }
        #expect(error.code == .originRefused)
        #expect(error.field == "Host")
        #expect(error.detail == "the host name '\(host)' is none of this service's (--allow-host allows it)")
    }

    @Test func aRequestNeedsAHost() throws {
        let error = try #require(throws: Problem.self) { try policy.check(request(host: nil)) }
        #expect(error.code == .malformedRequest)
        #expect(error.field == "Host")
    }

    // MARK: Origins

    @Test func programsThatSendNoOriginAreTaken() throws {
        try policy.check(request(host: "127.0.0.1:8080"))
    }

    @Test func aListedOriginIsTaken() throws {
        try policy.check(request(host: "127.0.0.1:8080", origin: "https://dashboard.example"))
    }

    @Test(arguments: [
        "null", "https://evil.example", "http://dashboard.example", "https://dashboard.example:444",
        "https://dashboard.example.evil.example", "http://127.0.0.1", "http://127.0.0.1:8081", "http://localhost:8080",
        "ftp://127.0.0.1:8080", "127.0.0.1:8080", "",
    ])
    func otherOriginsAreRefused(origin: String) throws {
        let error = try #require(throws: Problem.self) {
            try policy.check(request(host: "127.0.0.1:8080", origin: origin))
        }
        #expect(error.code == .originRefused)
        #expect(error.field == "Origin")
        #expect(error.detail == "pages of '\(origin)' may not use this service (--allow-origin allows it)")
    }

    @Test func aReboundNameDoesNotMakeAPageTheServicesOwn() {
        #expect(throws: Problem.self) {
            try policy.check(request(host: "evil.example:8080", origin: "http://evil.example:8080"))
        }
    }

    // MARK: CORS

    @Test func aListedOriginMayReadAnswers() {
        let headers = policy.headers(for: request(host: "localhost", origin: "https://dashboard.example"))
        #expect(headers["Access-Control-Allow-Origin"] == "https://dashboard.example")
        #expect(headers["Access-Control-Expose-Headers"] == "Location, X-Request-Id, Retry-After")
        #expect(headers["Vary"] == "Origin")
        #expect(headers["Access-Control-Allow-Methods"] == nil)
    }

    @Test(arguments: [nil, "https://evil.example", "http://localhost", "null"])
    func othersOnlyGetVary(origin: String?) {
        #expect(policy.headers(for: request(host: "localhost", origin: origin)) == ["Vary": "Origin"])
    }

    @Test func aPreflightIsAnswered() {
        var preflight = request(host: "localhost", origin: "https://dashboard.example", method: "OPTIONS")
        #expect(policy.headers(for: preflight)["Access-Control-Allow-Methods"] == nil)
        preflight.headers["Access-Control-Request-Method"] = "PUT"
        let headers = policy.headers(for: preflight)
        #expect(headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST, PUT, PATCH, DELETE")
        #expect(headers["Access-Control-Allow-Headers"]?.contains("Content-Type") == true)
        #expect(headers["Access-Control-Max-Age"] == "600")
    }
}
