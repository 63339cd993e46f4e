import JSON
import Testing

@Suite struct RecordEncoderTests {
    private func text(_ encoder: RecordEncoder) -> String {
        var bytes: [UInt8] = []
        encoder.encode(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func aNewRecordHasEmptyValues() {
        let encoder = RecordEncoder([
            .constant("type", "frame"), .integer("seq"), .real("t"), .string("id"), .constant("rtr", true),
            .constant("list", [1, nil]),
        ])
        #expect(text(encoder) == #"{"type":"frame","seq":0,"t":0.0,"id":"","rtr":true,"list":[1,null]}"#)
    }

    @Test func valuesAreSetAnewForEachRecord() {
        let encoder = RecordEncoder([.constant("type", "frame"), .integer("seq"), .real("t"), .string("id")])
        encoder.set(1, integer: 1)
        encoder.set(2, real: 1_700_000_000.123456)
        encoder.set(3, string: Array("18DAF110".utf8))
        #expect(text(encoder) == #"{"type":"frame","seq":1,"t":1700000000.123456,"id":"18DAF110"}"#)
        encoder.set(1, integer: .max)
        encoder.set(3, string: Array("123".utf8))
        #expect(text(encoder) == #"{"type":"frame","seq":9223372036854775807,"t":1700000000.123456,"id":"123"}"#)
        encoder.set(3, string: [])
        #expect(text(encoder) == #"{"type":"frame","seq":9223372036854775807,"t":1700000000.123456,"id":""}"#)
    }

    @Test func valuesStayUntilTheyAreSet() {
        let encoder = RecordEncoder([.string("a"), .string("b")])
        encoder.set(0, string: Array("x".utf8))
        #expect(text(encoder) == #"{"a":"x","b":""}"#)
        encoder.set(1, string: Array("y".utf8))
        #expect(text(encoder) == #"{"a":"x","b":"y"}"#)
        #expect(text(encoder) == #"{"a":"x","b":"y"}"#)
    }

    @Test func aSliceOfALongerTextIsNotReadBeyondItsEnd() {
        let encoder = RecordEncoder([.string("a")])
        var string = Array("123456789".utf8)
        string.removeLast(6)
        encoder.set(0, string: string)
        #expect(text(encoder) == #"{"a":"123"}"#)
    }

    @Test func theRecordIsAppended() {
        let encoder = RecordEncoder([.integer("a")])
        var bytes = Array("<".utf8)
        encoder.encode(into: &bytes)
        encoder.encode(into: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == #"<{"a":0}{"a":0}"#)
    }

    @Test(arguments: [503, 504, 505, 506, 507, 20_000])
    func aRecordOfAnyLengthIsWhole(length: Int) {
        let encoder = RecordEncoder([.string("a")])
        let string = [UInt8](repeating: UInt8(ascii: "x"), count: length)
        encoder.set(0, string: string)
        let expected = "{\"a\":\"" + String(decoding: string, as: UTF8.self) + "\"}"
        #expect(text(encoder) == expected)
        // The memory that grew is kept and still right for a short one.
        encoder.set(0, string: [])
        #expect(text(encoder) == #"{"a":""}"#)
    }

    @Test func itWritesWhatAValueOfTheSameShapeWrites() {
        let encoder = RecordEncoder([.integer("n"), .real("r"), .string("s"), .constant("c", ["x": [1, 2]])])
        encoder.set(0, integer: -7)
        encoder.set(1, real: 0.125)
        encoder.set(2, string: Array("text".utf8))
        let value: JSONValue = ["n": -7, "r": .real(0.125), "s": "text", "c": ["x": [1, 2]]]
        #expect(text(encoder) == String(decoding: value.encoded, as: UTF8.self))
    }
}
