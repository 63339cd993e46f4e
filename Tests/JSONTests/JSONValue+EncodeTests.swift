import JSON
import Testing

@Suite struct JSONValueEncodeTests {
    private func text(_ value: JSONValue) -> String { String(decoding: value.encoded, as: UTF8.self) }

    @Test(
        arguments: [
            (nil, "null"), (true, "true"), (false, "false"), (0, "0"), (-12, "-12"),
            (.integer(.max), "9223372036854775807"),
            (.integer(.min), "-9223372036854775808"), ("", #""""#), ([], "[]"), ([:], "{}"),
            ([1, "a", nil], #"[1,"a",null]"#), (["a": ["b": [true]]], #"{"a":{"b":[true]}}"#),
            ("a\"b\\c\n\u{1}/ä😀", #""a\"b\\c\n\u0001/ä😀""#),
        ] as [(JSONValue, String)])
    func theTextIsCompact(value: JSONValue, expected: String) {
        #expect(text(value) == expected)
    }

    @Test(arguments: [
        (1_700_000_000.123456, "1700000000.123456"), (0.5, "0.5"), (1, "1.0"), (-0.25, "-0.25"), (0.1, "0.1"),
        (1e21, "1e21"), (87.5, "87.5"),
    ])
    func realsHaveSixteenDigits(number: Double, expected: String) {
        #expect(text(.real(number)) == expected)
    }

    @Test func everyMicrosecondOfATimeIsKept() throws {
        for microsecond in stride(from: 0, to: 1_000_000, by: 1009) {
            let whole = 1_700_000_000
            let written = text(.real(Double(whole) + Double(microsecond) / 1e6))
            let digits = String(String(microsecond + 1_000_000).dropFirst())
            var fraction = digits[...]
            while fraction.count > 1, fraction.last == "0" { fraction.removeLast() }
            try #require(written == "\(whole).\(fraction)")
        }
    }

    @Test func membersKeepTheirOrder() {
        #expect(text(["z": 1, "a": 2, "m": 3, "b": 4]) == #"{"z":1,"a":2,"m":3,"b":4}"#)
    }

    @Test(arguments: [509, 510, 511, 512, 513, 100_000])
    func aTextOfAnyLengthIsWhole(length: Int) throws {
        let value = JSONValue.string(String(repeating: "x", count: length))
        #expect(value.encoded.count == length + 2)
        #expect(try JSONValue(parsing: value.encoded) == value)
    }

    @Test func theTextIsAppended() {
        var bytes = Array("data: ".utf8)
        (["a": 1] as JSONValue).encode(into: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == #"data: {"a":1}"#)
    }

    @Test func aZeroByteIsNotTheEnd() throws {
        // Such a string comes from a percent-encoded path; a reader must see all of it.
        #expect(text("a\0b") == #""a\u0000b""#)
    }

    @Test func whatWasReadIsWrittenAgain() throws {
        let source = #"{"type":"frame","t":1700000000.123456,"id":"123","data":[1,2,{"x":null}],"n":-0.5,"e":""}"#
        #expect(text(try JSONValue(parsing: Array(source.utf8))) == source)
    }
}
