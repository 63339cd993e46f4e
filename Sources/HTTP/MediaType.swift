/// Proactive negotiation of a media type (RFC 9110, section 12.5.1).
public enum MediaType {
    /// The JSON media type.
    public static let json = "application/json"
    /// The media type of problems (RFC 9457).
    public static let problem = "application/problem+json"
    /// What a form and `curl -d` send.
    public static let form = "application/x-www-form-urlencoded"
    /// A line of JSON each.
    public static let lines = "application/x-ndjson"
    /// Server-sent events.
    public static let serverSentEvents = "text/event-stream"

    /// Plain text.
    public static let text = "text/plain"
    /// A capture file of libpcap.
    public static let pcap = "application/vnd.tcpdump.pcap"

    /// The one of the offered types that a client likes best, nil when it accepts none.
    ///
    /// A missing Accept field, and one that nothing can be read from, accept everything. Of equals the first offered
    /// wins.
    public static func negotiate(accept: String?, offered: [String]) -> String? {
        guard let accept, !accept.trimmed.isEmpty else { return offered.first }
        let ranges = accept.split(separator: ",").filter { !$0.trimmed.isEmpty }.map(Range.init)
        if ranges.isEmpty { return offered.first }
        var best: (type: String, quality: Double)?
        for type in offered {
            let quality = ranges.filter { $0.matches(type) }.max { $0.specificity < $1.specificity }?.quality ?? 0
            if quality > (best?.quality ?? 0) { best = (type, quality) }
        }
        return best?.type
    }

    private struct Range {
        var type: String
        var quality = 1.0

        init(_ text: Substring) {
            let parts = text.split(separator: ";").map(\.trimmed)
            type = (parts.first ?? "").lowercased()
            for part in parts.dropFirst() where part.lowercased().hasPrefix("q=") {
                quality = Double(part.dropFirst(2)) ?? 0
            }
        }

        var specificity: Int { type == "*/*" ? 0 : type.hasSuffix("/*") ? 1 : 2 }

        func matches(_ offered: String) -> Bool {
            type == "*/*" || type == offered || (type.hasSuffix("/*") && offered.hasPrefix(type.dropLast(1)))
        }
    }
}
