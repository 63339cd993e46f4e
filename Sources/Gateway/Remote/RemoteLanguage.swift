internal import CAN
internal import HTTP
internal import JSON

/// The subprotocols of python-can-remote: JSON messages with a `type` and a `payload`; of the second, frames in binary.
///
/// A binary message is `01`, then in network byte order the time in seconds (a double), the identifier (32 bits), the
/// length and the flags (a byte each), then the data.
enum RemoteLanguage: String {
    case json = "can.json.v1"
    case binary = "can.binary+json.v1"

    /// The better of those that a client offers; nil when it offers neither.
    /// - Parameter names: In lower case.
    init?(offered names: [String]) {
        guard let language = [Self.binary, .json].first(where: { names.contains($0.rawValue) }) else { return nil }
        self = language
    }

    /// The messages that frames go in.
    var opcode: WebSocket.Opcode { self == .json ? .text : .binary }

    /// Appends a frame or an error frame.
    /// - Parameter timestamp: In nanoseconds since the epoch.
    func append(_ message: Message, timestamp: Int64, to bytes: inout [UInt8]) {
        let parts = RemoteMessage(message)
        let time = seconds(ofNanoseconds: timestamp)
        switch self {
        case .json:
            let event: JSONValue = ["type": "message", "payload": parts.json(timestamp: time)]
            event.encode(into: &bytes)
        case .binary: parts.append(timestamp: time, to: &bytes)
        }
    }

    /// An event that is no frame.
    static func event(_ type: String, _ payload: JSONValue) -> [UInt8] {
        (["type": .string(type), "payload": payload] as JSONValue).encoded
    }
}
