/// A whole request, its body included.
public struct Request: Sendable {
    /// The method, as sent; a server answers unknown ones too.
    public var method: String
    /// The segments of the path, percent-decoded, without the empty one before the first slash; none when the target
    /// cannot be read.
    public var path: [String]
    /// The parameters of the query, percent-decoded, in their order.
    public var query: [(name: String, value: String)]
    /// The header fields, in their order.
    public var headers: Headers
    /// The body.
    public var body: [UInt8]
    /// Whether the body went beyond the server's limit; then ``body`` is empty.
    public var isBodyTooLarge: Bool
    /// The number that names the request in logs and answers.
    public var identifier: String
    /// The address of the client, `"127.0.0.1:51234"`.
    public var peer: String

    /// Makes a request.
    public init(
        method: String, path: [String], query: [(name: String, value: String)] = [], headers: Headers = Headers(),
        body: [UInt8] = [], isBodyTooLarge: Bool = false, identifier: String = "", peer: String = ""
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.isBodyTooLarge = isBodyTooLarge
        self.identifier = identifier
        self.peer = peer
    }
}

extension Request {
    /// The media type of the body in lower case and without parameters, nil when there is none.
    public var contentType: String? {
        guard let field = headers["Content-Type"] else { return nil }
        return field.prefix { $0 != ";" }.trimmed.lowercased()
    }
}
