import CAN
import Testing

@Suite struct MessageCandumpTests {
    private func line(_ message: Message, _ interface: String = "can0", at timestamp: Int64) -> String {
        var text: [UInt8] = []
        message.appendCandump(timestamp: timestamp, interface: interface, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private func frame(_ text: String) throws -> Message { .frame(try Frame(cansend: text)) }

    @Test func theFirstExample() throws {
        #expect(
            line(try frame("123#DEADBEEF"), at: 1_700_000_000_123_456_000)
                == "(1700000000.123456) can0 123#DEADBEEF")
    }

    @Test func theSecondExample() throws {
        #expect(
            line(try frame("18DAF110##1AABB"), "vcan0", at: 1_700_000_000_000_001_000)
                == "(1700000000.000001) vcan0 18DAF110##1AABB")
    }

    @Test func theThirdExampleIsAnErrorFrame() {
        let error = ErrorFrame(classes: ErrorClasses(rawValue: 4), data: [0, 0x10, 0, 0, 0, 0, 0, 0])
        #expect(line(.error(error), at: 0) == "(0000000000.000000) can0 20000004#0010000000000000")
    }

    @Test func theTextHoldsMicroseconds() throws {
        #expect(line(try frame("001#"), "a", at: 1_999_999_999) == "(0000000001.999999) a 001#")
        #expect(line(try frame("001#"), "a", at: 8_589_934_591_999_999_000) == "(8589934591.999999) a 001#")
    }

    @Test func aLineIsAppended() throws {
        var text = Array("x".utf8)
        try frame("001#").appendCandump(timestamp: 0, interface: "a", to: &text)
        #expect(String(decoding: text, as: UTF8.self) == "x(0000000000.000000) a 001#")
    }

    @Test func directionsHaveTheNamesOfTheAPI() {
        #expect(Direction.allCases.map(\.rawValue) == ["rx", "tx"])
    }
}
