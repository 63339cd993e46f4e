/// The path and the query of a request target.
public struct RequestTarget: Sendable {
    /// The segments of the path, decoded; `/` is one empty segment.
    public let path: [String]
    /// The parameters of the query, decoded, in their order.
    public let query: [(name: String, value: String)]

    /// Reads a target in origin form, `/v1/frames?filter=123:7FF`; nil when it is none, or an escape in it is broken.
    public init?(_ target: String) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts[0].hasPrefix("/") else { return nil }
        var path: [String] = []
        for segment in parts[0].dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let decoded = PercentEncoding.decode(segment) else { return nil }
            path.append(decoded)
        }
        var query: [(String, String)] = []
        for item in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(pair[0], plusIsSpace: true),
                let value = pair.count > 1 ? PercentEncoding.decode(pair[1], plusIsSpace: true) : ""
            else { return nil }
            query.append((name, value))
        }
        self.path = path
        self.query = query
    }
}
