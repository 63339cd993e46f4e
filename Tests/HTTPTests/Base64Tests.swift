import Testing

@testable import HTTP

@Suite struct Base64Tests {
    /// The vectors of RFC 4648, section 10, and the two characters that differ from base64url.
    static let vectors: [(bytes: [UInt8], text: String)] = [
        ([], ""), (Array("f".utf8), "Zg=="), (Array("fo".utf8), "Zm8="), (Array("foo".utf8), "Zm9v"),
        (Array("foob".utf8), "Zm9vYg=="), (Array("fooba".utf8), "Zm9vYmE="), (Array("foobar".utf8), "Zm9vYmFy"),
        ([0xFB, 0xEF, 0xFF], "++//"), ([0, 0, 0], "AAAA"),
    ]

    @Test(arguments: vectors)
    func bytesBecomeText(bytes: [UInt8], text: String) {
        #expect(Base64.encode(bytes) == text)
        #expect(Base64.decodedCount(text) == bytes.count)
    }

    @Test(arguments: ["Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Zm9v=", "Zm-_", "Zm9v\n", "Zm 9", "äöü="])
    func whatIsNoBase64HasNoCount(text: String) {
        #expect(Base64.decodedCount(text) == nil)
    }
}
