internal import HTTP

/// The forms in which a stream is served, by the names that clients read.
enum StreamFormat: String, CaseIterable {
    /// One event per text message.
    case webSocket = "websocket"
    /// Server-sent events.
    case serverSentEvents = "sse"
    /// One event per line.
    case lines = "ndjson"
    /// Lines of candump's log format.
    case candump
    /// A live capture of libpcap's format.
    case pcap

    /// What can be asked for by `format`.
    static let requestable = allCases.filter { $0 != .webSocket }

    /// Whether its records are JSON.
    var isJSON: Bool { self != .candump && self != .pcap }

    /// What goes around a record.
    var framing: StreamForm.Framing {
        switch self {
        case .webSocket: .textMessage
        case .serverSentEvents: .serverSentEvent
        case .lines, .candump: .line
        case .pcap: .none
        }
    }

    /// The media type of the response.
    var mediaType: String {
        switch self {
        case .webSocket, .lines: MediaType.lines
        case .serverSentEvents: MediaType.serverSentEvents
        case .candump: MediaType.text
        case .pcap: MediaType.pcap
        }
    }
}
