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

/// The bytes of an error frame, by the names of linux/can/error.h.
@Suite struct ErrorFrameDetailTests {
    private func error(_ classes: ErrorClasses, _ data: Payload) -> ErrorFrame {
        ErrorFrame(classes: classes, data: data)
    }

    @Test func theBitAtWhichArbitrationWasLost() {
        #expect(error(.lostArbitration, [12, 0, 0, 0, 0, 0, 0, 0]).lostArbitrationBit == 12)
        #expect(error(.lostArbitration, [0, 0, 0, 0, 0, 0, 0, 0]).lostArbitrationBit == nil)
    }

    @Test func theControllersConditions() {
        #expect(error(.controller, [0, 0x21, 0, 0, 0, 0, 0, 0]).controllerConditions == ["rx-overflow", "tx-passive"])
        #expect(error(.controller, [0, 0x40, 0, 0, 0, 0, 0, 0]).controllerConditions == ["active"])
        #expect(error(.controller, [0, 0, 0, 0, 0, 0, 0, 0]).controllerConditions == [])
    }

    @Test func theProtocolsViolation() {
        let violation = error(.protocol, [0, 0, 0x84, 0x19, 0, 0, 0, 0])
        #expect(violation.protocolViolations == ["stuff", "tx"])
        #expect(violation.violationLocation == "ack-slot")
        #expect(error(.protocol, [0, 0, 1, 0, 0, 0, 0, 0]).violationLocation == nil)
    }

    @Test func theTransceiversLines() {
        let lines = error(.transceiver, [0, 0, 0, 0, 0x74, 0, 0, 0])
        #expect(lines.transceiverConditions == ["canh-no-wire", "canl-short-to-gnd"])
        #expect(error(.transceiver, [0, 0, 0, 0, 0x80, 0, 0, 0]).transceiverConditions == ["canl-short-to-canh"])
    }

    @Test func aByteWhoseClassIsNotSetSaysNothing() {
        let silent = error(.busOff, [1, 1, 1, 3, 4, 0, 0, 0])
        #expect(silent.lostArbitrationBit == nil && silent.controllerConditions == nil)
        #expect(silent.protocolViolations == nil && silent.violationLocation == nil)
        #expect(silent.transceiverConditions == nil)
    }

    @Test func aShortFrameIsNotReadBeyondItsEnd() {
        #expect(error(.all, [1]).controllerConditions == nil)
    }
}
