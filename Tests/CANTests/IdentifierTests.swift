import CAN
import Testing

@Suite struct IdentifierTests {
    @Test(arguments: [(0, false), (0x7FF, false), (0, true), (0x7FF, true), (0x800, true), (0x1FFF_FFFF, true)])
    func whatFitsTheFormatIsTaken(value: UInt32, extended: Bool) throws {
        let identifier = try #require(Identifier(value, extended: extended))
        #expect(identifier.value == value)
        #expect(identifier.isExtended == extended)
    }

    @Test(arguments: [(0x800, false), (0x1FFF_FFFF, false), (0x2000_0000, true), (UInt32.max, true)])
    func whatDoesNotFitIsRefused(value: UInt32, extended: Bool) {
        #expect(Identifier(value, extended: extended) == nil)
    }

    @Test func truncatingKeepsTheBitsThatFit() {
        #expect(Identifier(truncating: 0xFFFF_FFFF, extended: false).value == 0x7FF)
        #expect(Identifier(truncating: 0xFFFF_FFFF, extended: true).value == 0x1FFF_FFFF)
        #expect(Identifier(truncating: 0x923, extended: false).value == 0x123)
    }

    @Test func theFormatIsPartOfTheIdentifier() {
        #expect(Identifier.standard(0x123) != .extended(0x123))
        #expect(Set([Identifier.standard(0x123), .extended(0x123), .standard(0x123)]).count == 2)
    }

    @Test(arguments: [
        (Identifier.standard(0x1), "001"), (.standard(0x7FF), "7FF"), (.extended(0x1), "00000001"),
        (.extended(0x18DA_F110), "18DAF110"),
    ])
    func theTextHasThreeOrEightDigits(identifier: Identifier, text: String) {
        #expect(identifier.description == text)
    }

    @Test func theOrderIsThatOfArbitration() {
        // Base identifier first; of equals the standard frame wins, as its RTR bit meets the extended one's SRR.
        let winnersFirst: [Identifier] = [
            .standard(0x000), .extended(0x0000_0000), .extended(0x0003_FFFF), .standard(0x001), .extended(1 << 18),
            .standard(0x7FF), .extended(0x1FFC_0000), .extended(0x1FFF_FFFF),
        ]
        #expect(winnersFirst.shuffled().sorted() == winnersFirst)
    }

    @Test(arguments: [
        (0x800, false, "800 is above 7FF, the greatest standard identifier (extended: true for 29 bits)"),
        (0x1FFF_FFFF, false, "1FFFFFFF is above 7FF, the greatest standard identifier (extended: true for 29 bits)"),
        (0x4000_0000, true, "40000000 is above 1FFFFFFF, the greatest extended identifier"),
        (0xFFFF_FFFF, true, "FFFFFFFF is above 1FFFFFFF, the greatest extended identifier"),
        (0x2000_0004, true, "has the error flag (20000000); error frames cannot be sent"),
        (0x3FFF_FFFF, false, "has the error flag (20000000); error frames cannot be sent"),
    ])
    func aCheckedIdentifierSaysWhatWouldBeValid(value: UInt32, extended: Bool, reason: String) {
        #expect(throws: InvalidFrame("id", reason)) { try Identifier(checking: value, extended: extended) }
    }

    @Test func aCheckedIdentifierThatFitsIsTaken() throws {
        #expect(try Identifier(checking: 0x7FF, extended: false) == .standard(0x7FF))
        #expect(try Identifier(checking: 0x1FFF_FFFF, extended: true) == .extended(0x1FFF_FFFF))
    }
}
