import CAN
import Testing

@Suite struct HexTests {
    @Test(arguments: [
        ("0", 0), ("7ff", 0x7FF), ("7FF", 0x7FF), ("00000000", 0), ("FFFFFFFF", 0xFFFF_FFFF), ("aBcDeF09", 0xABCD_EF09),
    ])
    func digitsMakeANumber(text: String, value: UInt32) {
        #expect(Hex.number(text) == value)
    }

    @Test(arguments: ["", "123456789", "0x12", "+1", "-1", " 1", "1 ", "G", "1_2", "é", "１"])
    func anythingElseIsNoNumber(text: String) {
        #expect(Hex.number(text) == nil)
    }

    @Test func everyByteRoundTrips() throws {
        let bytes = Array(UInt8.min...UInt8.max)
        var text: [UInt8] = []
        for byte in bytes { Hex.append(byte, to: &text) }
        let upper = String(decoding: text, as: UTF8.self)
        #expect(upper.hasPrefix("000102") && upper.hasSuffix("FDFEFF"))
        #expect(try Hex.bytes(upper) == bytes)
        #expect(try Hex.bytes(upper.lowercased()) == bytes)
    }

    @Test func aNumberIsWrittenInSoManyDigits() {
        var text = Array("<".utf8)
        Hex.append(0x1234_ABCD, digits: 8, to: &text)
        Hex.append(0x5, digits: 3, to: &text)
        Hex.append(0xFFFF, digits: 2, to: &text)
        #expect(String(decoding: text, as: UTF8.self) == "<1234ABCD005FF")
    }

    @Test func noDigitsAreNoBytes() throws {
        #expect(try Hex.bytes("").isEmpty)
    }

    @Test(arguments: [
        ("1", HexError.oddDigits(1), "has 1 hex digits, two are needed for each byte"),
        ("123", .oddDigits(3), "has 3 hex digits, two are needed for each byte"),
        ("1G", .notHex("G"), "has the character 'G', which is no hex digit"),
        ("12 4", .notHex(" "), "has the character ' ', which is no hex digit"),
        ("é", .notHex("é"), "has the character 'é', which is no hex digit"),
    ])
    func whatIsNoHexIsNamed(text: String, error: HexError, description: String) {
        #expect(throws: error) { try Hex.bytes(text) }
        #expect(error.description == description)
    }
}
