import HTTP
import Testing

@Suite struct MediaTypeTests {
    private static let json = MediaType.json
    private static let lines = MediaType.lines
    private static let events = MediaType.serverSentEvents

    /// What a client accepts, and what it gets of JSON lines and server-sent events.
    static let preferences: [(accept: String?, type: String?)] = [
        (nil, lines), ("", lines), ("   ", lines), ("*/*", lines), ("text/event-stream", events),
        ("TEXT/Event-Stream", events), ("text/*", events), ("application/*", lines),
        ("text/event-stream, application/x-ndjson", lines),
        ("text/event-stream;q=0.9, application/x-ndjson;q=0.8", events),
        ("application/x-ndjson;q=0.1,*/*", events), ("*/*;q=0.5, text/event-stream", events),
        ("text/event-stream;q=0, */*", lines), ("application/x-ndjson;q=0, text/event-stream;q=0.001", events),
        ("text/html", nil), ("text/html, */*;q=0", nil), ("application/x-ndjson;q=0", nil),
        ("text/html;level=1, text/event-stream; Q=0.5", events), ("text/event-stream;q=x", nil),
        ("text/*;q=0.9, text/event-stream;q=0.1, application/x-ndjson;q=0.5", lines), (",", lines), (", ,", lines),
    ]

    @Test(arguments: preferences)
    func theClientGetsWhatItLikesBest(accept: String?, type: String?) {
        #expect(MediaType.negotiate(accept: accept, offered: [Self.lines, Self.events]) == type)
    }

    @Test func whereNothingIsOfferedNothingIsServed() {
        #expect(MediaType.negotiate(accept: nil, offered: []) == nil)
        #expect(MediaType.negotiate(accept: "*/*", offered: []) == nil)
    }

    @Test func aBrowserGetsWhatIsOfferedFirst() {
        let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
        #expect(MediaType.negotiate(accept: accept, offered: [Self.json, MediaType.problem]) == Self.json)
    }

    @Test func aRangeDoesNotMatchTheBeginningOfAnother() {
        #expect(MediaType.negotiate(accept: "app/*", offered: [Self.json]) == nil)
    }
}
