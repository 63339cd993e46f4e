import CAN
import Linux
import SocketCAN
import Testing

extension KernelTests {
    @Suite(.sharedInterface) struct RawSocketOptionsTests {
        private let bus: VirtualInterface
        private let first: Frame
        private let second: Frame

        init() throws {
            bus = try SharedInterface.get()
            first = try Frame(cansend: "101#01")
            second = try Frame(cansend: "102#02")
        }

        // MARK: Whose frames are heard

        @Test func aNewSocketHearsOthersButNotItself() throws {
            let sender = try RawSocket(interfaceIndex: bus.index)
            let other = try RawSocket(interfaceIndex: bus.index)
            #expect(try sender.send([first]) == 1)
            #expect(try other.send([second]) == 1)
            #expect(try sender.nextFrames(1) == [second])
            #expect(try other.nextFrames(1) == [first])
        }

        @Test func framesOfThisHostAreMarkedTransmitted() throws {
            let sender = try RawSocket(interfaceIndex: bus.index)
            let receiver = try RawSocket(interfaceIndex: bus.index)
            #expect(try sender.send([first]) == 1)
            let received = try receiver.next(1)
            #expect(received.map(\.direction) == [.transmitted])
            #expect(received.map(\.isOwn) == [false])
        }

        @Test func framesOfTheOtherEndOfACableAreMarkedReceived() throws {
            let near = try VirtualInterface(.vxcan)
            let farIndex = try #require(interfaceIndex(near.peerName))
            try Program.run("/sbin/ip", "link", "set", near.peerName, "up")
            let sender = try RawSocket(interfaceIndex: farIndex)
            let receiver = try RawSocket(interfaceIndex: near.index)
            #expect(try sender.send([first]) == 1)
            let received = try receiver.next(1)
            #expect(received.map(\.message) == [.frame(first)])
            #expect(received.map(\.direction) == [.received])
            #expect(received.map(\.isOwn) == [false])
        }

        @Test func itsOwnFramesComeBackWhenItAsksForThem() throws {
            let sender = try RawSocket(interfaceIndex: bus.index)
            try sender.setReceivesOwn(true)
            let other = try RawSocket(interfaceIndex: bus.index)
            #expect(try sender.send([first]) == 1)
            #expect(try other.send([second]) == 1)
            let heard = try sender.next(2)
            #expect(heard.map(\.message) == [.frame(first), .frame(second)])
            #expect(heard.map(\.isOwn) == [true, false])
            #expect(heard.map(\.direction) == [.transmitted, .transmitted])
            #expect(try other.next(1).map(\.isOwn) == [false])

            try sender.setReceivesOwn(false)
            #expect(try sender.send([first]) == 1)
            #expect(try other.send([second]) == 1)
            #expect(try sender.nextFrames(1) == [second])
        }

        @Test func withoutLoopbackNobodyOfThisHostHears() throws {
            let sender = try RawSocket(interfaceIndex: bus.index)
            let receiver = try RawSocket(interfaceIndex: bus.index)
            try sender.setLoopback(false)
            #expect(try sender.send([first]) == 1)
            try sender.setLoopback(true)
            #expect(try sender.send([second]) == 1)
            #expect(try receiver.nextFrames(1) == [second])
        }

        // MARK: Timestamps

        @Test func withoutAskingThereAreNoTimestamps() throws {
            let sender = try RawSocket(interfaceIndex: bus.index)
            let receiver = try RawSocket(interfaceIndex: bus.index)
            #expect(try sender.send([first]) == 1)
            let received = try receiver.next(1)
            #expect(received.map(\.timestamp) == [nil])
            #expect(received.map(\.hardwareTimestamp) == [nil])
        }

        @Test func timestampsAreTheKernelsAndRise() throws {
            let sender = try RawSocket(interfaceIndex: bus.index)
            let receiver = try RawSocket(interfaceIndex: bus.index)
            try receiver.startTimestamps(from: sender, sending: first)
            let before = Clock.realtime
            for _ in 0..<20 { try sender.sendAll([first, second]) }
            let received = try receiver.next(40)
            let after = Clock.realtime
            let times = try received.map { try #require($0.timestamp) }
            #expect(times.count == 40)
            #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
            #expect(try #require(times.first) >= before && (try #require(times.last)) <= after)
            #expect(received.allSatisfy { $0.hardwareTimestamp == nil })
        }

        // MARK: Buffers

        @Test func theReceiveBufferGrowsBeyondTheSystemsLimit() throws {
            let socket = try RawSocket(interfaceIndex: bus.index)
            let limit = try #require(
                try Machine.readFile("/proc/sys/net/core/rmem_max").split(separator: "\n").first.flatMap { Int($0) })
            for bytes in [100_000, limit, 4 * limit] {
                #expect(try socket.setReceiveBuffer(bytes: bytes) == bytes)
            }
            #expect(try socket.setReceiveBuffer(bytes: 0) > 0)
        }

        @Test func aLargerBufferHoldsMoreFrames() throws {
            let sender = try RawSocket(interfaceIndex: bus.index)
            let small = try RawSocket(interfaceIndex: bus.index)
            let large = try RawSocket(interfaceIndex: bus.index)
            try large.setReceiveBuffer(bytes: 1 << 20)
            let frames = [Frame](repeating: first, count: 600)
            try sender.sendAll(frames)
            #expect(try large.nextFrames(600).count == 600)
            #expect(try large.dropCount() == 0)
            let held = try small.queued().count
            #expect((1..<600).contains(held))
            #expect(try small.dropCount() == UInt32(600 - held))
        }

        @Test func lossesAreToldWithTheNextFrameAndWhenAsked() throws {
            // The one that keeps up was opened first, and so is served last of each frame.
            let witness = try RawSocket(interfaceIndex: bus.index)
            let sender = try RawSocket(interfaceIndex: bus.index)
            let receiver = try RawSocket(interfaceIndex: bus.index)
            try receiver.enableDropCount()
            try receiver.setReceiveBuffer(bytes: 8192)
            let frames = [Frame](repeating: first, count: 60)
            try sender.sendAll(frames)
            #expect(try witness.nextFrames(60).count == 60)

            // A quiet bus hides what was lost: no frame that is queued says so.
            let held = try receiver.queued()
            let lost = UInt32(60 - held.count)
            #expect(lost > 0 && !held.isEmpty)
            #expect(held.allSatisfy { $0.dropped == 0 })
            #expect(try receiver.dropCount() == lost)

            #expect(try sender.send([second]) == 1)
            let next = try receiver.next(1)
            #expect(next.map(\.message) == [.frame(second)])
            #expect(next.map(\.dropped) == [lost])
            #expect(try receiver.dropCount() == lost)

            // The total goes on from there.
            try sender.sendAll(frames)
            #expect(try witness.nextFrames(61).count == 61)
            let more = try receiver.queued()
            #expect(more.allSatisfy { $0.dropped == lost })
            #expect(try receiver.dropCount() == lost + UInt32(60 - more.count))
        }

        @Test func withoutAskingNoLossIsToldWithAFrame() throws {
            let witness = try RawSocket(interfaceIndex: bus.index)
            let sender = try RawSocket(interfaceIndex: bus.index)
            let receiver = try RawSocket(interfaceIndex: bus.index)
            try receiver.setReceiveBuffer(bytes: 4096)
            try sender.sendAll([Frame](repeating: first, count: 60))
            #expect(try witness.nextFrames(60).count == 60)
            #expect(try receiver.dropCount() > 0)
            _ = try receiver.queued()
            #expect(try sender.send([second]) == 1)
            #expect(try receiver.next(1).map(\.dropped) == [0])
        }
    }
}
