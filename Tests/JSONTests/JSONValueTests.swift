import JSON
import Testing

@Suite struct JSONValueTests {
    @Test func literalsMakeValues() {
        let value: JSONValue = ["a": 1, "b": "text", "c": true, "d": nil, "e": [1, "x"], "f": [:]]
        #expect(
            value
                == .object([
                    .init("a", .integer(1)), .init("b", .string("text")), .init("c", .boolean(true)), .init("d", .null),
                    .init("e", .array([.integer(1), .string("x")])), .init("f", .object([])),
                ]))
    }

    @Test func membersWithoutAValueAreLeftOut() {
        let nothing: JSONValue? = nil
        let value = JSONValue.members(["a": 1, "b": nothing, "c": .null])
        #expect(value == ["a": 1, "c": nil])
    }

    @Test func aMemberIsFoundByItsName() {
        let value: JSONValue = ["a": 1, "b": nil]
        #expect(value["a"] == 1)
        #expect(value["b"] == JSONValue.null)
        #expect(value["c"] == nil)
        #expect((["a"] as JSONValue)["a"] == nil)
        #expect(("a" as JSONValue)["a"] == nil)
    }

    @Test func optionalsBecomeNull() {
        #expect(JSONValue(Int?.none) == .null && JSONValue(Int?.some(3)) == 3)
        #expect(JSONValue(String?.none) == .null && JSONValue(String?.some("x")) == "x")
        #expect(JSONValue(Double?.none) == .null)
        #expect(JSONValue(["a", "b"]) == ["a", "b"])
    }

    @Test(
        arguments: [
            (0, .integer(0)), (-3, .integer(-3)), (0.5, .real(0.5)),
            (999_999_999_999_999, .integer(999_999_999_999_999)),
            (1e15, .real(1e15)), (-1e300, .real(-1e300)),
        ] as [(Double, JSONValue)])
    func aWholeNumberLosesItsFraction(number: Double, value: JSONValue) {
        #expect(JSONValue(Double?.some(number)) == value)
    }

    @Test(
        arguments: [
            (nil, "null"), (true, "a boolean"), (1, "a number"), (.real(0.5), "a number"), ("x", "a string"),
            ([], "an array"), ([:], "an object"),
        ] as [(JSONValue, String)])
    func eachKindHasAName(value: JSONValue, kind: String) {
        #expect(value.kind == kind)
    }

    @Test func equalityKeepsOrderAndKind() {
        #expect((["a": 1, "b": 2] as JSONValue) != ["b": 2, "a": 1])
        #expect(JSONValue.integer(1) != .real(1))
    }
}
