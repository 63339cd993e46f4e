/// A whole response.
public struct Response: Hashable, Sendable {
    /// The status code.
    public var status: Status
    /// The header fields, but for Content-Length and Date, which the server adds.
    public var headers: Headers
    /// The body.
    public var body: [UInt8]

    /// Makes a response.
    public init(_ status: Status, headers: Headers = Headers(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Makes a response whose body is of a media type.
    public init(_ status: Status, type: String, body: [UInt8]) {
        self.init(status, headers: ["Content-Type": type], body: body)
    }
}

/// A status code (RFC 9110, section 15).
public struct Status: Hashable, Sendable, ExpressibleByIntegerLiteral {
    /// The number.
    public let code: Int
    /// Makes a status of its number.
    public init(integerLiteral code: Int) { self.code = code }
}
