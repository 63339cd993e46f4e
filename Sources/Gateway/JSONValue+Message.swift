internal import HTTP
internal import JSON

extension JSONValue {
    /// Reads a text message of a WebSocket client.
    /// - Throws: ``Problem``: `malformed-request` with line and column.
    init(message text: [UInt8]) throws(Problem) {
        do {
            self = try JSONValue(parsing: text)
        } catch {
            throw Problem(.malformedRequest, "the message is no JSON: \(error)")
        }
    }
}
