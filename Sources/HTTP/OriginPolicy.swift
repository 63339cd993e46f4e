/// Which web pages may use the service (RFC 6454, and the Fetch standard's CORS protocol).
///
/// A browser sends the origin of the page with every request that could do harm, WebSocket handshakes and forms
/// included. The service takes its own origin and those that were listed. So that a page cannot make itself the
/// service's own by pointing its name at this machine (DNS rebinding), the host that a request names must be an IP
/// address, localhost, or listed.
public struct OriginPolicy: Sendable {
    /// Origins of pages from elsewhere that are welcome: `"https://dashboard.example"`, as browsers write them.
    public var allowedOrigins: Set<String>
    /// Names of the service's own, beside localhost and IP addresses, in lower case and without a port.
    public var allowedHosts: Set<String>

    /// Makes a policy.
    public init(allowedOrigins: Set<String> = [], allowedHosts: Set<String> = []) {
        self.allowedOrigins = allowedOrigins
        self.allowedHosts = Set(allowedHosts.map { $0.lowercased() })
    }

    /// Refuses a request from a page, or by a name, that is not welcome.
    /// - Throws: ``Problem``: `origin-refused`; `malformed-request` without a Host field.
    public func check(_ request: Request) throws(Problem) {
        guard let host = request.headers["Host"] else {
            throw Problem(.malformedRequest, "the Host header field is missing", field: "Host")
        }
        guard accepts(host: host) else {
            throw Problem(
                .originRefused,
                "the host name '\(host)' is none of this service's (--allow-host allows it)", field: "Host")
        }
        guard let origin = request.headers["Origin"] else { return }
        guard isOwn(origin, host: host) || allowedOrigins.contains(origin) else {
            throw Problem(
                .originRefused, "pages of '\(origin)' may not use this service (--allow-origin allows it)",
                field: "Origin")
        }
    }

    /// The header fields by which a browser lets a page of a listed origin read an answer; for others only Vary.
    public func headers(for request: Request) -> Headers {
        var headers: Headers = ["Vary": "Origin"]
        guard let origin = request.headers["Origin"], allowedOrigins.contains(origin) else { return headers }
        headers.add("Access-Control-Allow-Origin", origin)
        headers.add("Access-Control-Expose-Headers", "Location, X-Request-Id, Retry-After")
        if request.method == Method.options.rawValue, request.headers["Access-Control-Request-Method"] != nil {
            headers.add("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE")
            headers.add("Access-Control-Allow-Headers", "Content-Type, Last-Event-ID, Cache-Control")
            headers.add("Access-Control-Max-Age", "600")
        }
        return headers
    }

    private func isOwn(_ origin: String, host: String) -> Bool {
        ["http://", "https://"].contains { origin.equalsIgnoringCase($0 + host) }
    }

    private func accepts(host: String) -> Bool {
        let name = Self.withoutPort(host).lowercased()
        return name == "localhost" || name.hasSuffix(".localhost") || Self.isAddress(name)
            || allowedHosts.contains(name)
    }

    private static func withoutPort(_ host: String) -> String {
        if host.hasPrefix("[") { return String(host.prefix { $0 != "]" }) + "]" }
        return String(host.prefix { $0 != ":" })
    }

    /// Whether a host is an IP address: a resolver never sees it, so it cannot be rebound.
    private static func isAddress(_ host: String) -> Bool {
        if host.hasPrefix("[") { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}
