import Testing

@testable import HTTP

@Suite struct WebSocketTests {
    private func handshake(_ changes: (inout Request) -> Void = { _ in }) -> Request {
        var request = Request(
            method: "GET", path: ["chat"],
            headers: [
                "Host": "server.example.com", "Upgrade": "websocket", "Connection": "Upgrade",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13",
            ])
        changes(&request)
        return request
    }

    // MARK: The handshake

    @Test func theExampleOfTheRFC() throws {
        // RFC 6455, section 1.3.
        #expect(WebSocket.acceptance(of: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        let headers = try WebSocket.accept(handshake())
        #expect(headers["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(headers["Upgrade"] == "websocket")
    }

    @Test(arguments: [
        ("websocket", true), ("WebSocket", true), ("h2c, websocket", true), ("", false), ("websocket2", false),
        ("h2c", false),
    ])
    func itIsAskedForByTheUpgradeField(value: String, isRequested: Bool) {
        let request = handshake { $0.headers["Upgrade"] = value }
        #expect(WebSocket.isRequested(by: request) == isRequested)
    }

    @Test func withoutAnUpgradeFieldItIsNotAskedFor() {
        #expect(!WebSocket.isRequested(by: Request(method: "GET", path: [])))
    }

    @Test(arguments: ["Upgrade", "upgrade", "keep-alive, Upgrade", "keep-alive,UPGRADE"])
    func theConnectionFieldIsAList(value: String) throws {
        _ = try WebSocket.accept(handshake { $0.headers["Connection"] = value })
    }

    @Test func onlyGetOpensOne() throws {
        let error = try #require(throws: Problem.self) { try WebSocket.accept(handshake { $0.method = "POST" }) }
        #expect(error.code == .methodNotAllowed)
        #expect(error.headers["Allow"] == "GET, HEAD, OPTIONS")
    }

    @Test(arguments: [nil, "keep-alive", "close"])
    func withoutTheConnectionFieldItIsRefused(value: String?) throws {
        let error = try #require(throws: Problem.self) {
            try WebSocket.accept(handshake { $0.headers["Connection"] = value })
        }
        #expect(error.code == .malformedRequest)
        #expect(error.field == "Connection")
    }

    @Test(arguments: [("12", "12"), ("8", "8"), (nil, "missing"), ("013", "013"), ("", "")])
    func anotherVersionIsToldWhichOneIsSpoken(value: String?, shown: String) throws {
        let error = try #require(throws: Problem.self) {
            try WebSocket.accept(handshake { $0.headers["Sec-WebSocket-Version"] = value })
        }
        #expect(error.code == .upgradeRequired)
        #expect(error.code.status == 426)
        #expect(error.detail == "Sec-WebSocket-Version is \(shown); it must be 13")
        #expect(error.field == "Sec-WebSocket-Version" && error.allowed == ["13"])
        #expect(error.headers["Sec-WebSocket-Version"] == "13")
        #expect(error.headers["Upgrade"] == "websocket")
    }

    @Test(arguments: [
        nil, "", "short", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZTEyMw==",
        "dGhlIHNhbXBsZSBub25j!Q==",
    ])
    func aKeyThatIsNotSixteenBytesIsRefused(value: String?) throws {
        let error = try #require(throws: Problem.self) {
            try WebSocket.accept(handshake { $0.headers["Sec-WebSocket-Key"] = value })
        }
        #expect(error.code == .malformedRequest)
        #expect(error.field == "Sec-WebSocket-Key")
    }

    // MARK: Messages

    @Test(
        arguments: [
            (0, [0x81, 0]), (1, [0x81, 1]), (125, [0x81, 125]), (126, [0x81, 126, 0, 126]),
            (256, [0x81, 126, 1, 0]), (65535, [0x81, 126, 0xFF, 0xFF]), (65536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
            (1 << 33, [0x81, 127, 0, 0, 0, 2, 0, 0, 0, 0]),
        ] as [(Int, [UInt8])])
    func theHeaderHasTheShortestLength(length: Int, expected: [UInt8]) {
        var bytes: [UInt8] = [9]
        WebSocket.appendHeader(.text, length: length, to: &bytes)
        #expect(bytes == [9] + expected)
    }

    @Test func aBinaryMessageHasAnotherOpcode() {
        #expect(WebSocket.message([1, 2, 3], as: .text) == [0x81, 3, 1, 2, 3])
        #expect(WebSocket.message([1, 2, 3], as: .binary) == [0x82, 3, 1, 2, 3])
    }

    @Test func aCloseFrameCarriesItsCode() {
        #expect(WebSocket.closeFrame(code: 1001) == [0x88, 2, 0x03, 0xE9])
        #expect(WebSocket.closeFrame(code: 4000) == [0x88, 2, 0x0F, 0xA0])
    }

    @Test func closeCodesAreThoseOfTheRFC() {
        #expect(StreamEnd.complete.webSocketCode == 1000)
        #expect(StreamEnd.goingAway.webSocketCode == 1001)
        #expect(StreamEnd.unresponsive.webSocketCode == 1011)
        // A close frame carries at most 125 bytes, two of them the code (section 5.5).
        for end in [StreamEnd.complete, .goingAway, .unresponsive] { #expect((1...123).contains(end.text.utf8.count)) }
    }
}
