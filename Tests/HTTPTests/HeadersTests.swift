import Testing

@testable import HTTP

@Suite struct HeadersTests {
    @Test func namesDoNotDistinguishCase() {
        let headers: Headers = ["Content-Type": "text/plain", "X-a": "1"]
        #expect(headers["content-type"] == "text/plain")
        #expect(headers["CONTENT-TYPE"] == "text/plain")
        #expect(headers["x-A"] == "1")
        #expect(headers["Content"] == nil)
        #expect(headers["Content-Typ\u{65}\u{301}"] == nil)
    }

    @Test func charactersThatDifferByTheSameBitAreNotCase() {
        // [ and { differ as a letter's two cases do.
        let headers: Headers = ["a[": "1"]
        #expect(headers["a{"] == nil)
        #expect(headers["A["] == "1")
    }

    @Test func severalOfANameAreJoinedInOrder() {
        var headers: Headers = ["Accept": "a"]
        headers.add("X", "y")
        headers.add("accept", "b")
        #expect(headers["Accept"] == "a, b")
        #expect(headers.fields.map(\.name) == ["Accept", "X", "accept"])
    }

    @Test func settingReplacesAllOfAName() {
        var headers: Headers = ["A": "1", "B": "2", "a": "3"]
        headers["A"] = "4"
        #expect(headers.fields.map(\.value) == ["2", "4"])
        headers["a"] = nil
        #expect(headers["A"] == nil)
        headers["C"] = nil
        #expect(headers == ["B": "2"])
    }

    @Test(arguments: [
        ("Upgrade", ["upgrade"]), ("keep-alive, Upgrade", ["keep-alive", "upgrade"]),
        (" A ,\tB\t", ["a", "b"]), ("", []),
    ])
    func tokensAreInLowerCase(value: String, tokens: [String]) {
        #expect((["Connection": value] as Headers).tokens("connection") == tokens)
    }

    @Test func aFieldThatIsMissingHasNoTokens() {
        #expect(Headers().tokens("Connection").isEmpty)
    }

    @Test func tokensOfRepeatedFieldsAreOneList() {
        var headers: Headers = ["Connection": "keep-alive"]
        headers.add("Connection", "Upgrade")
        #expect(headers.tokens("Connection") == ["keep-alive", "upgrade"])
    }

    @Test(arguments: [("  a b\t", "a b"), ("", ""), (" \t ", ""), ("a", "a")])
    func trimmingTakesSpacesAndTabs(text: String, trimmed: String) {
        #expect(text.trimmed == trimmed)
    }
}
