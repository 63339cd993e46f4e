import CAN
import Testing

@Suite struct PayloadTests {
    @Test(arguments: [0, 1, 8, 63, 64])
    func upToSixtyFourBytesAreHeld(count: Int) throws {
        let bytes = (0..<count).map { UInt8($0 ^ 0xA5) }
        let payload = try #require(Payload(bytes))
        #expect(payload.count == count)
        #expect(payload.bytes == bytes)
        #expect((0..<count).allSatisfy { payload[$0] == bytes[$0] })
    }

    @Test func moreAreRefused() {
        #expect(Payload.capacity == 64)
        #expect(Payload([UInt8](repeating: 0, count: 65)) == nil)
        #expect(Payload(repeatElement(1, count: 1000)) == nil)
    }

    @Test func anEmptyOneAndZeros() {
        #expect(Payload().bytes.isEmpty)
        #expect(Payload(zeros: 3) == [0, 0, 0])
        #expect(Payload(zeros: 0) == Payload())
        #expect(Payload(zeros: 64).count == 64)
    }

    @Test func bytesCanBeChanged() {
        var payload: Payload = [1, 2, 3]
        payload[1] = 0xFF
        #expect(payload == [1, 0xFF, 3])
    }

    @Test func equalityCoversTheBytesInUse() {
        #expect(([1, 2] as Payload) == [1, 2])
        #expect(([1, 2] as Payload) != [1, 3])
        #expect(([1, 2] as Payload) != [1, 2, 0])
        #expect(Payload() != [0])
        #expect(Set<Payload>([[1], [1], [1, 0], []]).count == 3)
    }

    @Test func equalOnesHashAlike() {
        var changed = Payload(zeros: 2)
        changed[0] = 9
        #expect(changed != Payload(zeros: 2))
        changed[0] = 0
        #expect(changed == Payload(zeros: 2))
        #expect(changed.hashValue == Payload(zeros: 2).hashValue)
    }

    @Test func theTextIsUpperCaseHex() {
        #expect(Payload().description == "")
        #expect(([0xDE, 0xAD, 0xBE, 0xEF, 0x01] as Payload).description == "DEADBEEF01")
    }
}
