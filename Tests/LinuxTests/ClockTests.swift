import Linux
import Testing

@Suite struct ClockTests {
    @Test func theMonotonicClockNeverGoesBack() {
        var before = Clock.monotonic
        for _ in 0..<1000 {
            let now = Clock.monotonic
            #expect(now >= before)
            before = now
        }
    }

    @Test func bothCountNanoseconds() {
        let realtime = Clock.realtime
        let elapsed = ContinuousClock().measure {
            let start = Clock.monotonic
            while Clock.monotonic - start < 2_000_000 {}
        }
        #expect(elapsed >= .milliseconds(2))
        #expect(Clock.realtime - realtime >= 1_000_000)
        // After the year 2020.
        #expect(Clock.realtime > 1_577_836_800_000_000_000)
    }
}
