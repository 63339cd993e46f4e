import CAN
import HTTP
import Testing

@testable import Gateway

@Suite struct ResumingTests {
    /// A log that has forgotten its beginning, with `total` frames, a kernel gap of 100 after each 10,000 included.
    private func fullLog(frames: Int = 30_000) throws -> LogFixture {
        let fixture = try LogFixture(capacity: 1 << 18)
        for _ in 0..<frames / 10_000 {
            fixture.addFrames(10_000)
            fixture.addKernelGap(lost: 100)
        }
        return fixture
    }

    private func resume(_ fixture: LogFixture, _ point: ResumePoint, now: Int64 = 0) throws -> FakeConnection {
        let connection = FakeConnection()
        var options = Stream.Options()
        options.resumption = try point.cursor(in: fixture.log, now: now, field: "since")
        _ = fixture.open(connection, options: options)
        return connection
    }

    @Test(arguments: [0, 1, 999, 1000])
    func whatTheLogHoldsIsShownFromTheNextEventOn(seen: Int) throws {
        let fixture = try LogFixture()
        fixture.addFrames(1000)
        let connection = try resume(fixture, .event(epoch: "e", sequence: seen))
        #expect(connection.lines[0].contains(#""seq":\#(seen),"#))
        #expect(connection.lines[0].hasSuffix(#""resumed":true}"#))
        #expect(connection.frames == Array((seen + 1)..<1001))
        #expect(connection.lostInServer == 0)
    }

    @Test(arguments: [0, 1, 9_999, 10_000, 10_001, 20_020, 29_900])
    func whatIsForgottenIsCountedExactly(seen: Int) throws {
        let fixture = try fullLog()
        // Of the events up to there, one in 10,001 is a gap of the kernel.
        let gaps = seen / 10_001
        let total = 30_000 + 3 * 100
        let before = seen - gaps + gaps * 100
        let connection = try resume(fixture, .event(epoch: "e", sequence: seen))
        let kernelLost = connection.lines.filter { $0.hasPrefix("gap ") }.count * 100
        #expect(connection.frames.count + connection.lostInServer + kernelLost == total - before)
        let isHeld = seen + 1 >= fixture.log.firstSequence
        #expect(connection.lines[0].hasSuffix(#""resumed":\#(isHeld)}"#))
        #expect(connection.lines[1].contains(#""exact":true"#) == !isHeld)
    }

    @Test func whatIsForgottenForTooLongIsAnUpperBound() throws {
        let fixture = try fullLog(frames: 200_000)
        while fixture.log.totals(before: 100) != nil { fixture.addFrames(10_000) }
        let connection = try resume(fixture, .event(epoch: "e", sequence: 99))
        #expect(connection.lines[1].contains(#""exact":false"#))
        let total = fixture.log.totals[0]
        #expect(connection.lostInServer + fixture.log.nextSequence - fixture.log.firstSequence >= total - 99)
        // From the beginning of the run the count needs no memory.
        #expect(try resume(fixture, .beginning).lines[1].contains(#""exact":true"#))
    }

    @Test func anotherRunIsLostHistory() throws {
        let fixture = try LogFixture()
        fixture.addFrames(3)
        let connection = try resume(fixture, .event(epoch: "other", sequence: 2))
        #expect(connection.lines[0].hasSuffix(#""resumed":false}"#))
        #expect(connection.lines[1] == #"{"type":"gap","seq":0,"lost":0,"exact":false,"where":"server"}"#)
        #expect(connection.frames == [1, 2, 3])
    }

    @Test func anEventThatHasNotBeenIsRefused() throws {
        let fixture = try LogFixture()
        fixture.addFrames(3)
        #expect(throws: Problem.self) {
            try ResumePoint.event(epoch: "e", sequence: 4).cursor(in: fixture.log, now: 0, field: "since")
        }
    }

    @Test func aTimeIsLookedUpAmongTheEvents() throws {
        let fixture = try LogFixture(capacity: 1 << 18)
        for second in 1...500 { fixture.addFrames(10, timestamp: Int64(second) * 1_000_000_000) }
        let now: Int64 = 500_000_000_000
        let connection = try resume(fixture, .age(10_000_000_000), now: now)
        #expect(connection.lines[0].hasSuffix(#""resumed":true}"#))
        #expect(connection.frames == Array(4891...5000))
        #expect(try resume(fixture, .age(1), now: now + 1_000_000_000).frames.isEmpty)
        // All of a run that has forgotten nothing is there, however long ago it is asked for.
        #expect(try resume(fixture, .age(1_000_000_000_000), now: now).frames.count == 5000)
        fixture.addFrames(20_000, timestamp: now)
        #expect(try resume(fixture, .age(400_000_000_000), now: now).lines[0].hasSuffix(#""resumed":false}"#))
    }

    @Test(arguments: ["", ":", "e", "e:", ":1", "e:x", "e:-1", "e:1:2", "e: 1", "e:99999999999999999999"])
    func whatIsNoIdentifierIsNone(text: String) {
        #expect(ResumePoint(identifier: text) == nil)
    }
}
