import HTTP
import JSON
import SocketCAN
import Testing

@testable import Gateway

@Suite struct ObjectReaderTests {
    private static let longest = BroadcastManager.longestInterval

    private func time(_ name: String, _ value: JSONValue, _ bounds: ClosedRange<Int64>) throws(Problem) -> Int64? {
        try ObjectReader(.object([.init(name, value)]), fields: [name]).time(name, in: bounds, else: .invalidJob)
    }

    @Test(
        arguments: [
            ("lease_ms", 5, 10_000...longest, "lease_ms is 5; it is 10 to 34560000000 (400 days)"),
            ("interval_ms", 0.05, 100...longest, "interval_ms is 0.05; it is 0.1 to 34560000000 (400 days)"),
            ("interval_us", 99, 100...longest, "interval_us is 99; it is 100 to 34560000000000 (400 days)"),
            ("timeout_ms", 60000.5, 0...60_000_000, "timeout_ms is 60000.5; it is 0 to 60000"),
            ("timeout_ms", -1, 1000...60_000_000, "timeout_ms is -1; it is 1 to 60000"),
        ] as [(String, Double, ClosedRange<Int64>, String)])
    func aTimeOutOfBoundsIsToldWithThem(name: String, value: Double, bounds: ClosedRange<Int64>, detail: String) {
        let problem = #expect(throws: Problem.self) { try time(name, JSONValue(value), bounds) }
        #expect(problem == Problem(.invalidJob, detail, field: name))
    }

    @Test(
        arguments: [
            ("lease_ms", 10, 10_000), ("interval_ms", 0.1, 100), ("interval_us", 100, 100),
            ("timeout_ms", 1.2346, 1235),
            ("lease_ms", 34_560_000_000, longest), ("interval_us", 34_560_000_000_000, longest),
        ] as [(String, Double, Int64)])
    func aTimeIsReadInMicroseconds(name: String, value: Double, microseconds: Int64) throws {
        #expect(try time(name, JSONValue(value), 100...Self.longest) == microseconds)
    }

    @Test func aTimeOfAnotherTypeCannotBeRead() throws {
        for (name, value) in [("lease_ms", "10"), ("interval_us", .real(1000.5))] as [(String, JSONValue)] {
            let problem = #expect(throws: Problem.self) { try time(name, value, 0...Self.longest) }
            #expect(problem?.code == .malformedRequest && problem?.field == name)
        }
        #expect(try ObjectReader([:], fields: []).time("lease_ms", in: 0...1, else: .invalidJob) == nil)
    }
}
