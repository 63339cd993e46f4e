import CAN
import Testing

@Suite struct CANIDFlagTests {
    @Test(arguments: [
        (Identifier.standard(0x123), 0x123 as UInt32), (.extended(0x123), 0x8000_0123),
        (.extended(0x1FFF_FFFF), 0x9FFF_FFFF),
    ])
    func anIdentifierSaysItsFormat(identifier: Identifier, canID: UInt32) {
        #expect(identifier.canID == canID)
        #expect(Identifier(canID: canID) == identifier)
        #expect(Identifier(canID: canID | CANIDFlag.remote | CANIDFlag.error) == identifier)
    }

    @Test func remoteFramesAndErrorFramesAreFlagged() throws {
        #expect(try Frame(cansend: "123#R").canID == 0x4000_0123)
        #expect(try Frame(cansend: "18DAF110#R").canID == 0xD8DA_F110)
        #expect(try Frame(cansend: "123#").canID == 0x123)
        #expect(ErrorFrame(classes: .busOff, data: Payload(zeros: 8)).canID == 0x2000_0040)
    }
}
