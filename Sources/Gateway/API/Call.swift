internal import HTTP
internal import JSON

/// A request on its way to what serves it.
struct Call {
    let request: Request
    /// The decoded segments of the path that stand for the names of the route's pattern.
    let parameters: [String: String]
    /// The query, of parameters that the route knows.
    let query: Query

    /// A segment of the path, by its name in the pattern.
    subscript(name: String) -> String { parameters[name] ?? "" }

    /// The body as JSON.
    /// - Throws: ``Problem``: `unsupported-media-type`, `malformed-request` with line and column.
    func json() throws(Problem) -> JSONValue {
        switch request.contentType {
        case MediaType.json, nil: return try parsedBody()
        case MediaType.form where isBodyJSON: return try parsedBody()
        case let type?:
            throw Problem(
                .unsupportedMediaType, "the body is '\(type)'; this call takes application/json", field: "Content-Type",
                allowed: [MediaType.json, MediaType.form])
        }
    }

    /// Checks that there is no body, or an empty object: the call says it all.
    /// - Throws: ``Problem``: `unsupported-media-type`, `malformed-request`.
    func emptyBody() throws(Problem) {
        if request.body.isEmpty { return }
        _ = try ObjectReader(json(), fields: [])
    }

    /// Whether the body looks like a JSON object or array.
    var isBodyJSON: Bool {
        let first = request.body.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    /// The body as JSON, whatever its media type.
    func parsedBody() throws(Problem) -> JSONValue {
        do {
            return try JSONValue(parsing: request.body)
        } catch {
            throw Problem(.malformedRequest, "the body is no JSON: \(error)")
        }
    }
}
