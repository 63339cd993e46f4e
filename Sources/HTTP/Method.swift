/// A request method (RFC 9110, section 9).
public enum Method: String, Hashable, Sendable, CaseIterable {
    /// Asks for a representation.
    case get = "GET"
    /// Like ``get``, for the header alone.
    case head = "HEAD"
    /// Gives the resource something to process.
    case post = "POST"
    /// Replaces the resource.
    case put = "PUT"
    /// Changes part of the resource (RFC 5789).
    case patch = "PATCH"
    /// Removes the resource.
    case delete = "DELETE"
    /// Asks what can be done with the resource.
    case options = "OPTIONS"
}
