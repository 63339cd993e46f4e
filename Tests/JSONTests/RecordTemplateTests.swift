import JSON
import Testing

@Suite struct RecordTemplateTests {
    private func joined(_ template: RecordTemplate, _ values: [String]) -> String {
        zip(template.pieces, values + [""]).map { String(decoding: $0, as: UTF8.self) + $1 }.joined()
    }

    @Test func whatStandsAroundTheValuesIsWhatJanssonWrites() {
        let template = RecordTemplate([
            .constant("type", "frame"), .number("seq"), .text("id"), .constant("rtr", true),
            .constant("list", [1, nil, "a\"b"]), .number("last"),
        ])
        let value: JSONValue = [
            "type": "frame", "seq": 7, "id": "18DAF110", "rtr": true, "list": [1, nil, "a\"b"], "last": -1,
        ]
        #expect(joined(template, ["7", "18DAF110", "-1"]) == String(decoding: value.encoded, as: UTF8.self))
    }

    @Test func aRecordWithoutValuesIsOnePiece() {
        #expect(RecordTemplate([.constant("a", 1)]).pieces == [Array(#"{"a":1}"#.utf8)])
        #expect(RecordTemplate([]).pieces == [Array("{}".utf8)])
    }

    @Test(arguments: [0, 1, -1, 9, 10, 99, 100, 1_234_567_890, Int.max, Int.min])
    func wholeNumbersAreWrittenAsJanssonDoes(value: Int) {
        var text = Array("<".utf8)
        text.append(decimal: value)
        #expect(text == Array("<".utf8) + JSONValue.integer(value).encoded)
    }

    @Test(
        arguments: [
            1_000_000_000_000_000_000, 1_700_000_000_123_456_000, 1_700_000_000_500_000_000, 1_700_000_000_000_001_000,
            1_795_260_662_634_346_789, 4_294_967_295_999_999_999,
        ] as [Int64])
    func timesAreWrittenAsJanssonDoes(nanoseconds: Int64) {
        var text: [UInt8] = []
        text.append(secondsOf: nanoseconds)
        #expect(text == JSONValue.real(Double(nanoseconds / 1000) / 1_000_000).encoded)
    }

    @Test func anyTimeOfThisCenturyIsWrittenAsJanssonDoes() {
        for _ in 0..<10_000 {
            let nanoseconds = Int64.random(in: 1_000_000_000_000_000_000...4_000_000_000_000_000_000)
            timesAreWrittenAsJanssonDoes(nanoseconds: nanoseconds)
        }
    }
}
