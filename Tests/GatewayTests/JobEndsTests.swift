import Testing

@testable import Gateway

@Suite struct JobEndsTests {
    @Test func aJobWithoutAnEndGoesOn() {
        #expect(JobEnds().first == nil)
        #expect(JobEnds().due(at: .max) == nil)
    }

    @Test(
        arguments: [
            (JobEnds(lease: 10), 10, .lapsed), (JobEnds(duration: 10), 10, .finished),
            (JobEnds(count: 10), 10, .finished),
            (JobEnds(lease: 10, duration: 11, count: 12), 10, .lapsed),
            (JobEnds(lease: 11, duration: 10, count: 12), 10, .finished),
            (JobEnds(lease: 11, duration: 12, count: 10), 10, .finished),
            (JobEnds(lease: 10, duration: 10), 10, .finished),
        ] as [(JobEnds, Int64, Job.State)])
    func theFirstEndCounts(ends: JobEnds, time: Int64, state: Job.State) throws {
        let first = try #require(ends.first)
        #expect(first.time == time && first.state == state)
        #expect(ends.due(at: time - 1) == nil)
        for now in [time, time + 1, .max] { #expect(ends.due(at: now)?.state == state) }
    }
}
