import Testing

@testable import Gateway

@Suite struct RateLimitTests {
    private func taken(_ limit: inout RateLimit, of count: Int, at now: Int64) -> Int {
        (0..<count).reduce(0) { taken, _ in taken + (limit.take(at: now) ? 1 : 0) }
    }

    @Test func soManyGoAtOnceAndThenOneAfterTheOther() {
        var limit = RateLimit(perSecond: 200)
        var now: Int64 = 1_000_000_000_000
        #expect(taken(&limit, of: 300, at: now) == 200)
        now += 4_999_999
        #expect(taken(&limit, of: 3, at: now) == 0)
        now += 1
        #expect(taken(&limit, of: 3, at: now) == 1)
        now += 10_000_000_000
        #expect(taken(&limit, of: 300, at: now) == 200)
    }
}
