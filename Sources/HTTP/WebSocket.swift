/// The opening handshake and the messages of a WebSocket server (RFC 6455).
public enum WebSocket {
    /// The opcodes of messages (section 5.2).
    public enum Opcode: UInt8, Sendable {
        /// UTF-8.
        case text = 1
        /// Any bytes.
        case binary = 2
    }

    /// An unfragmented, unmasked message (section 5.2).
    public static func message(_ content: [UInt8], as opcode: Opcode) -> [UInt8] {
        var bytes: [UInt8] = []
        append(content[...], as: opcode, to: &bytes)
        return bytes
    }

    /// Appends an unfragmented, unmasked message (section 5.2).
    public static func append(_ content: ArraySlice<UInt8>, as opcode: Opcode, to bytes: inout [UInt8]) {
        appendHeader(opcode, length: content.count, to: &bytes)
        bytes.append(contentsOf: content)
    }

    /// Appends the header of an unfragmented, unmasked message (section 5.2).
    static func appendHeader(_ opcode: Opcode, length: Int, to bytes: inout [UInt8]) {
        bytes.append(0x80 | opcode.rawValue)  // FIN
        switch length {
        case ..<126: bytes.append(UInt8(length))
        case ..<65536:
            bytes.append(126)
            bytes.append(UInt8(truncatingIfNeeded: length >> 8))
            bytes.append(UInt8(truncatingIfNeeded: length))
        default:
            bytes.append(127)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: length >> shift))
            }
        }
    }

    /// An unmasked close frame with a status code (section 5.5.1).
    public static func closeFrame(code: UInt16) -> [UInt8] {
        [0x88, 2, UInt8(truncatingIfNeeded: code >> 8), UInt8(truncatingIfNeeded: code)]
    }

    /// Whether a request asks to switch to the WebSocket protocol.
    public static func isRequested(by request: Request) -> Bool {
        request.headers.tokens("Upgrade").contains("websocket")
    }

    /// Checks a request for the opening handshake (section 4.2.1) and makes the header fields of the 101 response.
    ///
    /// - Throws: ``Problem``: `method-not-allowed`, `malformed-request` for a missing or wrong key or Connection field,
    ///   `upgrade-required` for another version than 13.
    public static func accept(_ request: Request) throws(Problem) -> Headers {
        guard request.method == "GET" else {
            throw Problem(.methodNotAllowed, "a WebSocket is opened by GET", headers: ["Allow": "GET, HEAD, OPTIONS"])
        }
        guard request.headers.tokens("Connection").contains("upgrade") else {
            throw Problem(
                .malformedRequest, "Upgrade: websocket needs Connection: Upgrade beside it", field: "Connection")
        }
        guard request.headers["Sec-WebSocket-Version"]?.trimmed == "13" else {
            throw Problem(
                .upgradeRequired,
                "Sec-WebSocket-Version is \(request.headers["Sec-WebSocket-Version"] ?? "missing"); it must be 13",
                field: "Sec-WebSocket-Version", allowed: ["13"],
                headers: ["Sec-WebSocket-Version": "13", "Upgrade": "websocket"])
        }
        guard let key = request.headers["Sec-WebSocket-Key"]?.trimmed, Base64.decodedCount(key) == 16 else {
            throw Problem(
                .malformedRequest, "Sec-WebSocket-Key is missing or is not 16 bytes in base64",
                field: "Sec-WebSocket-Key")
        }
        return ["Upgrade": "websocket", "Sec-WebSocket-Accept": acceptance(of: key)]
    }

    /// The answer to a client's key (section 4.2.2): `"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="` to
    /// `"dGhlIHNhbXBsZSBub25jZQ=="`.
    static func acceptance(of key: String) -> String {
        Base64.encode(SHA1.digest(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
    }
}
