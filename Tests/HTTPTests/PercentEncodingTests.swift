import HTTP
import Testing

@Suite struct PercentEncodingTests {
    @Test(arguments: [
        ("", ""), ("abc", "abc"), ("%41%6a%6A", "Ajj"), ("a%2Fb", "a/b"), ("%C3%A4", "ä"), ("ä", "ä"), ("%25", "%"),
        ("a+b", "a+b"), ("%00", "\0"), ("%F0%9F%98%80", "😀"), ("%2541", "%41"),
    ])
    func escapesAreDecoded(text: String, decoded: String) {
        #expect(PercentEncoding.decode(text) == decoded)
    }

    @Test(arguments: ["%", "%4", "%G0", "%0G", "a%", "%+1", "% 1", "%-1", "%%41", "%4%31", "%ä"])
    func brokenEscapesAreRefused(text: String) {
        #expect(PercentEncoding.decode(text) == nil)
    }

    @Test(arguments: ["%FF", "%C3", "%C0%80", "%ED%A0%80", "%80"])
    func bytesThatAreNoUTF8AreRefused(text: String) {
        #expect(PercentEncoding.decode(text) == nil)
    }

    @Test(arguments: [
        ("", ""), ("vcan0", "vcan0"), ("Az09-._~", "Az09-._~"), ("a b", "a%20b"), ("a?b#c", "a%3Fb%23c"),
        ("ä", "%C3%A4"),
        ("%41", "%2541"), ("a/b", "a%2Fb"),
    ])
    func aSegmentIsEncoded(segment: String, encoded: String) {
        #expect(PercentEncoding.encode(segment: segment) == encoded)
        #expect(PercentEncoding.decode(encoded) == segment)
    }

    @Test func aPlusIsASpaceInQueriesOnly() {
        #expect(PercentEncoding.decode("a+b%2B", plusIsSpace: true) == "a b+")
    }
}
