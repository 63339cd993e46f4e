import JSON
import Testing

@testable import Gateway

@Suite struct EventLogTests {
    @Test func eventsAreNumberedFromOneWithoutHoles() throws {
        let fixture = try LogFixture()
        #expect(fixture.log.nextSequence == 1)
        fixture.addFrames(3)
        #expect(fixture.log.nextSequence == 4)
        #expect(fixture.log.firstSequence == 1)
        let segment = try #require(fixture.log.segment(holding: 2))
        #expect(String(decoding: segment.text(at: 1), as: UTF8.self) == "frame 2")
        #expect(fixture.log.segment(holding: 4) == nil)
    }

    @Test func aFullLogForgetsTheOldestAndStaysWithinItsMemory() throws {
        let capacity = 1 << 18
        let fixture = try LogFixture(capacity: capacity)
        fixture.addFrames(100_000)
        #expect(fixture.log.nextSequence == 100_001)
        #expect(fixture.log.firstSequence > 1)
        var size = 0
        var sequence = fixture.log.firstSequence
        while let segment = fixture.log.segment(holding: sequence) {
            #expect(segment.firstSequence == sequence)
            size += segment.size
            sequence = segment.endSequence
        }
        #expect(sequence == fixture.log.nextSequence)
        #expect(size <= capacity + 4096)
        #expect(size > capacity / 2)
    }

    @Test func whatIsNoFrameSaysItsTypeAndItsNumberFirst() throws {
        let fixture = try LogFixture()
        fixture.addFrames(1)
        fixture.log.append(.gap, on: "vcan0", count: 7, ["lost": 7, "exact": .none, "interface": "vcan0"])
        let segment = try #require(fixture.log.segment(holding: 2))
        #expect(
            String(decoding: segment.text(at: 1), as: UTF8.self)
                == #"{"type":"gap","seq":2,"lost":7,"interface":"vcan0"}"#)
        #expect(segment.entries[1].kind == .gap && segment.entries[1].count == 7)
        #expect(fixture.log.totals == [8])
    }

    @Test func totalsCountFramesAndWhatTheKernelLost() throws {
        let fixture = try LogFixture()
        fixture.addFrames(5)
        fixture.addKernelGap(lost: 7)
        fixture.addFrames(2, interface: "vcan1")
        #expect(fixture.log.totals == [12, 2])
        let segment = try #require(fixture.log.segment(holding: 1))
        #expect(segment.totals(before: 1) == [])
        #expect(segment.totals(before: 6) == [5])
        #expect(segment.totals(before: 8) == [12, 1])
    }
}
