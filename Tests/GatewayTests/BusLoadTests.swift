import CAN
import Testing

@testable import Gateway

@Suite struct BusLoadTests {
    private static let frame = try! Frame.data(Identifier(0x555, extended: false)!, [1, 2, 3, 4])

    @Test func aSecondIsTheShareOfTheBitRateThatItsFramesTook() throws {
        var load = BusLoad(now: 0)
        let rates = BusLoad.Rates(nominal: 500_000, data: 500_000)
        load.endSecond(now: 1_000_000_000, nextRates: rates)
        for _ in 0..<1000 { load.add(Self.frame) }
        load.endSecond(now: 2_000_000_000, nextRates: rates)
        let measured = try #require(load.last)
        #expect(measured.framesPerSecond == 1000)
        let percent = Double(Self.frame.bitLength.nominal) * 1000 / 500_000 * 100
        #expect(abs(measured.percent! - percent) < 0.01)
    }

    /// A check that comes late does not make a bus look busier than it was.
    @Test func aLongSecondIsTakenForWhatItIs() throws {
        var load = BusLoad(now: 0)
        for _ in 0..<300 { load.add(Self.frame) }
        load.endSecond(now: 1_500_000_000, nextRates: nil)
        #expect(load.last?.framesPerSecond == 200)
    }

    @Test func withoutABitRateThereIsNoPercentage() {
        var load = BusLoad(now: 0)
        load.add(Self.frame)
        load.endSecond(now: 1_000_000_000, nextRates: nil)
        #expect(load.last == BusLoad.Measurement(percent: nil, framesPerSecond: 1))
    }

    @Test func aSecondInWhichTheBitRateChangedHasNone() {
        var load = BusLoad(now: 0)
        load.endSecond(now: 1_000_000_000, nextRates: BusLoad.Rates(nominal: 500_000, data: 500_000))
        load.add(Self.frame)
        load.endSecond(now: 2_000_000_000, nextRates: BusLoad.Rates(nominal: 250_000, data: 250_000))
        #expect(load.last?.percent == nil)
    }
}
