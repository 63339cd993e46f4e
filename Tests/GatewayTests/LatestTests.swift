import CAN
import HTTP
import Testing

@testable import Gateway

@Suite struct LatestTests {
    private func message(_ identifier: UInt32, at time: Int64 = 0, extended: Bool = false) -> LoggedMessage {
        let frame = Frame(
            identifier: Identifier(truncating: identifier, extended: extended), content: .data([1], rawDLC: nil))
        return LoggedMessage(
            message: .frame(frame), direction: .received, timestamp: time, isHardwareTime: false, interface: 0)
    }

    private func note(
        _ table: inout LatestTable, _ message: LoggedMessage, _ sequence: Int, isNew: Bool = true, fits: Bool = true
    ) {
        let hasFitted = table.note(message, sequence: sequence, isNew: isNew)
        #expect(hasFitted == fits)
    }

    @Test func eachIdentifierHasItsNewestFrameItsCountAndItsPeriod() throws {
        var table = LatestTable()
        for time in [0, 10, 25] as [Int64] { note(&table, message(0x123, at: time), Int(time)) }
        note(&table, message(0x123, extended: true), 26)
        let item = try #require(table.item(Identifier(truncating: 0x123, extended: false), on: 0))
        #expect(item.sequence == 25)
        #expect(item.statistics.count == 3)
        #expect(item.statistics.period == 15)
        let other = try #require(table.item(Identifier(truncating: 0x123, extended: true), on: 0))
        #expect(other.statistics.count == 1)
        #expect(other.statistics.period == nil)
        #expect(table.item(Identifier(truncating: 0x123, extended: false), on: 1) == nil)
    }

    @Test func aFullTableForgetsWhatWasNotSeenForLongest() {
        var table = LatestTable()
        for identifier in 0..<10_000 {
            note(&table, message(UInt32(identifier), extended: true), identifier, isNew: false)
            #expect(table.items.count <= LatestTable.capacity)
        }
        #expect(table.item(Identifier(truncating: 9_999, extended: true), on: 0) != nil)
        #expect(table.item(Identifier(truncating: 0, extended: true), on: 0) == nil)
    }

    @Test func nothingThatWasNotShownIsForgotten() {
        var table = LatestTable()
        for identifier in 0..<LatestTable.capacity {
            note(&table, message(UInt32(identifier), extended: true), identifier)
        }
        note(&table, message(0x1FFF_FFFF, extended: true), 5000, fits: false)
        note(&table, message(0, extended: true), 5001)
        table.markShown(7)
        note(&table, message(0x1FFF_FFFF, extended: true), 5002)
        #expect(table.items.count == LatestTable.capacity)
    }

    @Test func aShowingHasTheNewestOfEachInTheOrderOfTheLog() throws {
        let fixture = try LogFixture()
        fixture.addFrames(3, identifier: 1)
        fixture.addFrames(1, identifier: 2)
        fixture.addKernelGap(lost: 5)
        fixture.addFrames(1, identifier: 1)
        var delivery = LatestDelivery(interval: 0)
        let everything = Selection(interfaces: nil, filters: .everything, direction: nil)
        let next = delivery.look(at: fixture.log, from: 1, to: fixture.log.nextSequence, everything)
        #expect(next == 7)
        let form = StreamForm(.line, isChunked: false)
        delivery.render(form, isBatch: false, limit: .max, fixture.encoder, epoch: [])
        var lines = String(decoding: delivery.bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0].contains(#""seq":4,"#) && lines[0].hasSuffix(#""count":1}"#))
        #expect(lines[1] == "gap 5")
        #expect(lines[2].contains(#""seq":6,"#) && lines[2].contains(#""count":4,"period_ms":0.0}"#))
        // What is not taken comes again; what was, does not.
        let tally = delivery.markShown(2)
        #expect(tally.frames == 1 && tally.lost == 5)
        delivery.render(form, isBatch: false, limit: .max, fixture.encoder, epoch: [])
        lines = String(decoding: delivery.bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 1 && lines[0].contains(#""seq":6,"#))
        _ = delivery.markShown(1)
        delivery.render(form, isBatch: false, limit: .max, fixture.encoder, epoch: [])
        #expect(delivery.ends.isEmpty)
    }

    @Test func whatIsPolledSurvivesTheLog() throws {
        let fixture = try LogFixture(capacity: 1 << 18)
        fixture.addFrames(1, identifier: 0x7FF)
        fixture.addFrames(50_000, identifier: 1)
        fixture.addFrames(5, identifier: 2)
        #expect(fixture.log.firstSequence > 1)
        let frames = fixture.hub.latest.frames(of: "vcan0")
        #expect(frames.map(\.statistics.count) == [50_000, 5, 1])
        #expect(frames.map(\.sequence) == [50_001, 50_006, 1])
    }
}
