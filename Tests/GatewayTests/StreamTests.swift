import CAN
import HTTP
import Testing

@testable import Gateway

@Suite struct StreamTests {
    @Test func aStreamBeginsWithOpenAndShowsWhatComesAfter() throws {
        let fixture = try LogFixture()
        fixture.addFrames(3)
        let connection = FakeConnection()
        let stream = fixture.open(connection)
        fixture.addFrames(2)
        stream.pump()
        #expect(connection.lines.count == 3)
        #expect(connection.lines[0].hasPrefix(#"{"type":"open","seq":3,"epoch":"e""#))
        #expect(connection.frames == [4, 5])
    }

    @Test func aConnectionThatTakesLittleGetsEveryFrameOnceAndInOrder() throws {
        let fixture = try LogFixture()
        let connection = FakeConnection()
        let stream = fixture.open(connection)
        fixture.addFrames(1000)
        var room = 1
        while connection.frames.count < 1000 {
            connection.room = room
            stream.writable()
            room = room % 7 + 1
        }
        #expect(connection.frames == Array(1...1000))
    }

    @Test(arguments: [1, 500, 20_000]) func shownAndLostAddUpToWhatThereWas(shownFirst: Int) throws {
        let fixture = try LogFixture(capacity: 1 << 18)
        let connection = FakeConnection()
        let stream = fixture.open(connection)
        connection.room = shownFirst
        for _ in 0..<100 {
            fixture.addFrames(1000)
            stream.pump()
        }
        connection.room = .max
        stream.writable()
        #expect(connection.lostInServer > 0)
        #expect(connection.frames.count + connection.lostInServer == 100_000)
        #expect(connection.lines.contains { $0.contains(#""exact":true"#) })
    }

    @Test func lossesInTheKernelThatWereSkippedCount() throws {
        let fixture = try LogFixture(capacity: 1 << 18)
        let connection = FakeConnection()
        let stream = fixture.open(connection)
        connection.room = 0
        fixture.addFrames(10)
        fixture.addKernelGap(lost: 5000)
        fixture.addFrames(50_000)
        connection.room = .max
        stream.writable()
        #expect(connection.frames.count + connection.lostInServer == 55_010)
    }

    @Test func lossesOfOtherInterfacesDoNotCount() throws {
        let fixture = try LogFixture(capacity: 1 << 18)
        let connection = FakeConnection()
        let stream = fixture.open(connection, interfaces: ["vcan1"])
        connection.room = 0
        fixture.addFrames(10, interface: "vcan1")
        stream.pump()
        fixture.addFrames(50_000, interface: "vcan0")
        connection.room = .max
        stream.writable()
        #expect(connection.lostInServer == 10)
    }

    @Test func aFilteredStreamCallsItsLossAnUpperBound() throws {
        let fixture = try LogFixture(capacity: 1 << 18)
        let connection = FakeConnection()
        let stream = fixture.open(connection, filters: try FilterSet(candump: ["456:7FF"]))
        connection.room = 0
        fixture.addFrames(1, identifier: 0x456)
        stream.pump()
        fixture.addFrames(50_000)
        connection.room = .max
        stream.writable()
        #expect(connection.lines.contains { $0.contains(#""exact":false"#) })
    }

    @Test func aStreamEndsAfterSoManyFramesAndShowsNoMore() throws {
        let fixture = try LogFixture()
        let connection = FakeConnection()
        var options = Stream.Options()
        options.count = 3
        let stream = fixture.open(connection, options: options)
        fixture.addFrames(10)
        stream.pump()
        #expect(connection.frames == [1, 2, 3])
        #expect(connection.ended == .complete)
        #expect(fixture.hub.open.isEmpty)
    }

    // The limit counts the wait for the other tests' turns, too.
    @Test(.timeLimit(.minutes(20))) func aStreamThatIsEndingStopsNobody() throws {
        let fixture = try LogFixture()
        let connection = FakeConnection()
        connection.closesAtOnce = false
        var options = Stream.Options()
        options.count = 3
        let stream = fixture.open(connection, options: options)
        fixture.addFrames(10)
        stream.pump()
        fixture.addFrames(10)
        stream.pump()
        #expect(connection.frames == [1, 2, 3])
    }

    @Test func theNewestFramesAreCountedThoughTheLogForgetsThem() throws {
        let fixture = try LogFixture(capacity: 1 << 18)
        let connection = FakeConnection()
        var options = Stream.Options()
        options.latestInterval = 1_000_000_000_000
        _ = fixture.open(connection, options: options)
        fixture.addFrames(50_000)
        #expect(fixture.log.firstSequence > 1)
        #expect(connection.lostInServer == 0)
        #expect(fixture.hub.open[0].status.lag < 10_000)
    }

    @Test func streamsOfTheSameFormAndSelectionShareTheirBytes() throws {
        let fixture = try LogFixture()
        fixture.addFrames(3)
        let selection = Selection(interfaces: nil, filters: .everything, direction: nil)
        let number = fixture.hub.use(selection)
        #expect(fixture.hub.use(selection) == number)
        var key = Rendering.Key(
            format: .webSocket, form: StreamForm(.textMessage, isChunked: false), isBatch: false, selection: number,
            from: 1, limit: .max)
        let stream = Stream(fixture.hub, .webSocket, selection, Stream.Options(), peer: "")
        let first = fixture.hub.rendering(key, for: stream)
        #expect(first === fixture.hub.rendering(key, for: stream))
        key.from = 2
        #expect(first !== fixture.hub.rendering(key, for: stream))
    }
}
