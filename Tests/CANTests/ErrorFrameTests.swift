import CAN
import Testing

@Suite struct ErrorFrameTests {
    /// The names of linux/can/error.h and their bits.
    static let names: [(String, UInt32)] = [
        ("tx-timeout", 0x001), ("lost-arbitration", 0x002), ("controller", 0x004), ("protocol", 0x008),
        ("transceiver", 0x010), ("no-ack", 0x020), ("bus-off", 0x040), ("bus-error", 0x080), ("restarted", 0x100),
        ("counters", 0x200),
    ]

    @Test(arguments: names)
    func eachClassHasItsName(name: String, bit: UInt32) {
        #expect(ErrorClasses(name: name) == ErrorClasses(rawValue: bit))
        #expect(ErrorClasses(rawValue: bit).names == [name])
    }

    @Test func thereAreNoOtherNames() {
        #expect(ErrorClasses.named.map(\.name) == Self.names.map(\.0))
        #expect(ErrorClasses(name: "") == nil)
        #expect(ErrorClasses(name: "Bus-Off") == nil)
    }

    @Test func aSetListsItsNamesInTheOrderOfTheBits() {
        #expect(ErrorClasses(rawValue: 0x244).names == ["controller", "bus-off", "counters"])
        #expect(ErrorClasses(rawValue: 0).names.isEmpty)
        #expect(ErrorClasses(rawValue: 0x400).names.isEmpty)
        #expect(ErrorClasses.all.names == Self.names.map(\.0))
    }

    @Test func theFlagsAboveTheMaskAreCleared() {
        #expect(ErrorClasses(rawValue: 0x2000_0004) == ErrorClasses(rawValue: 4))
        #expect(ErrorClasses(rawValue: .max) == .all)
    }

    @Test func countersAreReadOnlyWhereTheFrameSaysSo() throws {
        let data: Payload = [0, 0, 0, 0, 0, 0, 96, 128]
        let counters = try #require(ErrorFrame(classes: [.counters], data: data).errorCounters)
        #expect(counters.transmit == 96 && counters.receive == 128)
        #expect(ErrorFrame(classes: ErrorClasses(rawValue: 4), data: data).errorCounters == nil)
        #expect(ErrorFrame(classes: [.counters], data: [1, 2, 3]).errorCounters == nil)
    }
}
