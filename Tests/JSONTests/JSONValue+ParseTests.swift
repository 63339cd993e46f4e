import JSON
import Testing

@Suite struct JSONValueParseTests {
    private func parse(_ text: String) throws(JSONSyntaxError) -> JSONValue {
        try JSONValue(parsing: Array(text.utf8))
    }

    // MARK: What is understood

    @Test(
        arguments: [
            ("null", nil), ("true", true), ("false", false), ("0", 0), ("-12", -12), (" [ ] ", []), ("{}", [:]),
            ("0.5", .real(0.5)), ("1e3", .real(1000)), ("1.0", .real(1)), ("-0.0", .real(-0.0)),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            (#""""#, ""), (#""aä€😀""#, "aä€😀"), (#""\u00e4\n\"\\\/\ud83d\ude00""#, "ä\n\"\\/😀"),
            ("[1, [2], {\"a\": [3]}]", [1, [2], ["a": [3]]]), ("\t\r\n[1]\n", [1]),
        ] as [(String, JSONValue)])
    func valuesAreRead(text: String, value: JSONValue) throws {
        #expect(try parse(text) == value)
    }

    @Test func membersKeepTheirOrder() throws {
        let names = ["z", "a", "m", "", "id", "Ä", "b1", "b0"]
        let text = "{" + names.map { "\"\($0)\":0" }.joined(separator: ",") + "}"
        guard case .object(let members) = try parse(text) else {
            Issue.record("no object")
            return
        }
        #expect(members.map(\.name) == names)
    }

    // MARK: What is refused

    @Test(arguments: [
        ("", 1), ("  ", 1), ("{", 1), ("[1,]", 1), ("[1 2]", 1), ("{\"a\" 1}", 1), ("{a: 1}", 1), ("{'a': 1}", 1),
        ("nul", 1), ("01", 1), ("+1", 1), (".5", 1), ("1.", 1), ("0x10", 1), ("NaN", 1), ("Infinity", 1),
        ("\"a", 1), ("\"\\x\"", 1), ("\"\t\"", 1), ("[1] 2", 1), ("{}{}", 1), ("// comment", 1),
        ("{\n  \"a\": 1,\n  \"b\": }", 3), ("[\n\n\n1\n2]", 5),
    ])
    func syntaxErrorsNameTheLine(text: String, line: Int) throws {
        let error = try #require(throws: JSONSyntaxError.self) { try parse(text) }
        #expect(error.line == line)
        #expect(error.column >= 1)
        #expect(!error.message.isEmpty)
        #expect(error.description == "line \(error.line), column \(error.column): \(error.message)")
    }

    @Test(arguments: [
        ("{\"id\":}", 1, 7), ("{\n  \"id\": 1,\n  \"data\": x\n}", 3, 11), ("{\"ä\":}", 1, 6), ("[1,2,]", 1, 6),
    ])
    func syntaxErrorsNameTheColumnInCharacters(text: String, line: Int, column: Int) throws {
        let error = try #require(throws: JSONSyntaxError.self) { try parse(text) }
        #expect(error.line == line)
        #expect(error.column == column)
    }

    @Test func theErrorReadsAsASentence() throws {
        let error = try #require(throws: JSONSyntaxError.self) { try parse("{\"id\":1") }
        #expect(error.description == "line 1, column 7: '}' expected near end of file")
    }

    @Test(arguments: [
        "{\"a\":1,\"a\":1}", "{\"a\":1,\"b\":2,\"a\":3}", "[{\"x\":{\"a\":1,\"\\u0061\":2}}]",
    ])
    func aNameThatComesTwiceIsAnError(text: String) throws {
        let error = try #require(throws: JSONSyntaxError.self) { try parse(text) }
        #expect(error.message.contains("duplicate"))
    }

    @Test(
        arguments: [
            [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80],
        ] as [[UInt8]])
    func bytesThatAreNoUTF8AreAnError(bytes: [UInt8]) throws {
        let quote = [UInt8(ascii: "\"")]
        let error = try #require(throws: JSONSyntaxError.self) { try JSONValue(parsing: quote + bytes + quote) }
        #expect(error.line == 1)
        #expect(error.message.hasPrefix("unable to decode byte"))
    }

    @Test(arguments: ["\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\u12\""])
    func halfSurrogatesAreAnError(text: String) {
        #expect(throws: JSONSyntaxError.self) { try parse(text) }
    }

    @Test(arguments: ["\"a\\u0000b\"", "{\"a\\u0000\":1}", "\"a\0b\"", "[1]\0", "\0"])
    func zeroBytesAreAnError(text: String) {
        #expect(throws: JSONSyntaxError.self) { try parse(text) }
    }

    @Test(arguments: ["9223372036854775808", "-9223372036854775809", "1e999", "-1e999"])
    func numbersThatDoNotFitAreAnError(text: String) {
        #expect(throws: JSONSyntaxError.self) { try parse(text) }
    }

    // MARK: Depth

    @Test func nestingHasALimit() throws {
        // jansson's JSON_PARSER_MAX_DEPTH.
        let deepest = try parse(String(repeating: "[", count: 2048) + String(repeating: "]", count: 2048))
        #expect(depth(of: deepest) == 2048)
        for text in [
            String(repeating: "[", count: 2049) + String(repeating: "]", count: 2049),
            String(repeating: "[", count: 1_000_000), String(repeating: "{\"a\":", count: 100_000),
        ] {
            let error = try #require(throws: JSONSyntaxError.self) { try parse(text) }
            #expect(error.message.contains("depth"))
        }
    }

    private func depth(of value: JSONValue) -> Int {
        var depth = 0
        var rest = value
        while case .array(let values) = rest {
            depth += 1
            guard let first = values.first else { break }
            rest = first
        }
        return depth
    }
}
