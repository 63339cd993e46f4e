import CAN
import Testing

@Suite struct DataLengthTests {
    @Test func fdLengthsAreThoseOfTheStandard() {
        #expect(DataLength.fd == Array(0...8) + [12, 16, 20, 24, 32, 48, 64])
    }

    @Test(arguments: [
        (0, 0), (8, 8), (9, 12), (12, 12), (13, 16), (17, 20), (21, 24), (25, 32), (33, 48), (49, 64), (64, 64),
    ])
    func theLeastLengthThatHoldsSoMany(count: Int, length: Int) {
        #expect(DataLength.fd(holding: count) == length)
    }

    @Test func nothingHoldsMoreThanSixtyFour() {
        #expect(DataLength.fd(holding: 65) == nil)
        #expect(DataLength.fd(holding: .max) == nil)
    }

    @Test(arguments: [(9, [8, 12]), (33, [32, 48]), (63, [48, 64]), (65, [64])])
    func theNeighboursAreBelowAndAbove(count: Int, neighbours: [Int]) {
        #expect(DataLength.fdNeighbours(of: count) == neighbours)
    }
}
