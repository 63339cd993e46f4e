import Testing

@testable import Gateway

@Suite struct DropCountTests {
    @Test func eachLossIsToldOnce() {
        var drops = DropCount()
        #expect([0, 3, 3, 10].map { drops.lost(upTo: $0) } == [0, 3, 0, 7])
    }

    @Test func aCountOfBeforeTheLastCheckTellsNothing() {
        var drops = DropCount(count: 10)
        #expect([7, 10, 11].map { drops.lost(upTo: $0) } == [0, 0, 1])
    }

    @Test func theCountWraps() {
        var drops = DropCount(count: .max - 1)
        #expect([.max, 2, .max, 3].map { drops.lost(upTo: $0) } == [1, 3, 0, 1])
    }
}
