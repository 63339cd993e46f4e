import CAN
import Testing

@Suite struct LogRecordTests {
    private func frame(_ text: String) throws -> Message { .frame(try Frame(cansend: text)) }

    @Test func theFirstExample() throws {
        let record = try LogRecord(candump: "(1700000000.123456) can0 123#DEADBEEF")
        let expected = LogRecord(
            timestamp: 1_700_000_000_123_456_000, interface: "can0", message: try frame("123#DEADBEEF"))
        #expect(record == expected)
        #expect(record.candump == "(1700000000.123456) can0 123#DEADBEEF")
    }

    @Test func theSecondExampleHasADirection() throws {
        let record = try LogRecord(candump: "(1700000000.000001) vcan0 18DAF110##1AABB T")
        #expect(record.timestamp == 1_700_000_000_000_001_000)
        #expect(record.interface == "vcan0")
        #expect(record.message == (try frame("18DAF110##1AABB")))
        #expect(record.direction == .transmitted)
        #expect(record.candump == "(1700000000.000001) vcan0 18DAF110##1AABB")
        #expect(try LogRecord(candump: "(1.000000) can0 123# R").direction == .received)
    }

    @Test func theThirdExampleIsAnErrorFrame() throws {
        let text = "(0000000000.000000) can0 20000004#0010000000000000"
        let record = try LogRecord(candump: text)
        #expect(record.timestamp == 0)
        let error = ErrorFrame(classes: ErrorClasses(rawValue: 4), data: [0, 0x10, 0, 0, 0, 0, 0, 0])
        #expect(record.message == .error(error))
        #expect(record.candump == text)
    }

    @Test func theTextHoldsMicroseconds() throws {
        let record = LogRecord(timestamp: 1_999_999_999, interface: "a", message: try frame("001#"))
        #expect(record.candump == "(0000000001.999999) a 001#")
        let latest = LogRecord(timestamp: 8_589_934_591_999_999_000, interface: "a", message: try frame("001#"))
        #expect(latest.candump == "(8589934591.999999) a 001#")
        #expect(try LogRecord(candump: latest.candump) == latest)
    }

    @Test func aLineIsAppended() throws {
        var text = Array("x".utf8)
        LogRecord(timestamp: 0, interface: "a", message: try frame("001#")).appendCandump(to: &text)
        #expect(String(decoding: text, as: UTF8.self) == "x(0000000000.000000) a 001#")
    }

    @Test(arguments: [
        "", "(1.000000) can0", "(1.000000) can0 123# R extra", "1.000000 can0 123#", "(1.00000) can0 123#",
        "(1.0000000) can0 123#", "(1) can0 123#", "(1.000000 can0 123#", "(x.000000) can0 123#",
        "(-1.000000) can0 123#", "(+1.000000) can0 123#", "(1.+00001) can0 123#", "(1..000001) can0 123#",
        "(8589934592.000000) can0 123#", "(99999999999999999999.000000) can0 123#", "(1.000000) can0 123",
        "(1.000000) can0 123#1", "(1.000000) can0 123# X", "(1.000000) can0 20000004#00",
        "(1.000000) can0 20000004#", "(1.000000) can0 A0000004#0010000000000000",
    ])
    func whatIsNoLineIsRefused(line: String) {
        #expect(throws: InvalidFrame.self) { try LogRecord(candump: line) }
    }

    @Test(arguments: [
        ("nonsense", "", "'nonsense' is no line of candump: (seconds) interface frame"),
        ("(1.5) can0 123#", "", "'(1.5)' is no time; (1700000000.123456)"),
        ("(1.000000) can0 123# Q", "", "'Q' is no direction; R or T"),
        ("(1.000000) can0 20000004#0010", "data", "of an error frame has 8 bytes"),
    ])
    func theErrorSaysWhatIsWrong(line: String, field: String, reason: String) {
        #expect(throws: InvalidFrame(field, reason)) { try LogRecord(candump: line) }
    }

    @Test func everyRecordRoundTrips() throws {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            let error = ErrorFrame(
                classes: ErrorClasses(rawValue: UInt32.random(in: 0...UInt32.max, using: &generator)),
                data: try #require(Payload(generator.bytes(8))))
            let record = LogRecord(
                timestamp: Int64.random(in: 0..<4_000_000_000_000_000, using: &generator) * 1000, interface: "can0",
                message: Bool.random(using: &generator) ? .frame(try generator.frame()) : .error(error))
            try #require(try LogRecord(candump: record.candump) == record)
        }
    }

    @Test func directionsHaveTheNamesOfTheInterface() {
        #expect(Direction.allCases.map(\.rawValue) == ["rx", "tx"])
    }
}
