import CAN
import EventLoop
import SocketCAN
import Testing

@testable import Gateway

@Suite struct JobTests {
    private static let millisecond: Int64 = 1_000_000

    private let loop: EventLoop

    /// A loop that ends the test when nothing else ends it.
    init() throws {
        let loop = try EventLoop()
        loop.after(20_000 * Self.millisecond) {
            Issue.record("nothing stopped the loop")
            loop.stop()
        }
        self.loop = loop
    }

    private func makeJob(endHasCome: @escaping () -> Void) throws -> Job {
        let specification = JobSpecification(
            frames: [try Frame(cansend: "123#01")], schedule: BroadcastManager.Schedule(interval: 10_000))
        return Job(
            id: "j1", name: nil, interface: "vcan0", created: 0, belongsToConnection: false,
            key: BroadcastManager.Key(1, isFD: false), specification, on: loop, endHasCome: endHasCome)
    }

    @Test func anEndIsToldThoughOthersAreTakenBack() throws {
        let job = try makeJob(endHasCome: loop.stop)
        job.ends.duration = loop.now + 5 * Self.millisecond
        job.ends.lease = loop.now + 20 * Self.millisecond
        job.ends.count = loop.now + 10 * Self.millisecond
        job.ends.duration = nil
        job.ends.count = nil
        try loop.run()
        #expect(job.ends.due(at: loop.now)?.state == .lapsed)
    }

    @Test func anEndThatHasPassedIsToldAgainWhateverElseIsTakenBack() throws {
        var told = 0
        let job = try makeJob {
            told += 1
            if told == 2 { loop.stop() }
        }
        job.ends = JobEnds(lease: loop.now - 1, count: loop.now + 2 * Self.millisecond)
        loop.after(Self.millisecond) {
            #expect(told == 1)
            job.ends.count = nil
        }
        try loop.run()
        #expect(job.ends.due(at: loop.now)?.state == .lapsed)
    }

    @Test func anEndThatIsMovedIsToldOnce() throws {
        var told = 0
        let job = try makeJob { told += 1 }
        for delay in [2, 3, 4] as [Int64] { job.ends.lease = loop.now + delay * Self.millisecond }
        loop.after(10 * Self.millisecond) { loop.stop() }
        try loop.run()
        #expect(told == 1)
        job.ends = JobEnds()
    }
}
