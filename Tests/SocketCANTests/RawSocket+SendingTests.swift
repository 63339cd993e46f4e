import CAN
internal import Glibc
import Linux
import SocketCAN
import Testing

extension KernelTests {
    @Suite(.sharedInterface) struct RawSocketSendingTests {
        private let bus: VirtualInterface
        private let frames: [Frame]

        init() throws {
            bus = try SharedInterface.get()
            frames = try (0..<200).map {
                try .data(Identifier(truncating: $0, extended: false), Array(repeating: 1, count: 8))
            }
        }

        @Test func anEmptyListSendsNothing() throws {
            let sender = try RawSocket(interfaceIndex: bus.index)
            #expect(try sender.send([]) == 0)
        }

        @Test func aFullQueueTakesPartAndThenRefuses() throws {
            // Room for 20 frames, of which one goes out in four seconds.
            let bus = try VirtualInterface()
            try bus.slowDown(bytesPerSecond: 4, queueBytes: 320)
            let sender = try RawSocket(interfaceIndex: bus.index)
            let taken = try sender.send(frames[...])
            #expect((20..<ReceiveBatch.capacity).contains(taken))
            #expect(refusal { () throws(SystemError) in try sender.send(frames[taken...]) } == .noBufferSpace)
            // Nothing tells when there is room: the socket stays writable.
            #expect(try sender.isReady(for: POLLOUT))
        }

        @Test func aSmallSendBufferWaitsInsteadAndTellsWhenThereIsRoom() throws {
            // Room for all of them, at 500 frames a second.
            let bus = try VirtualInterface()
            try bus.slowDown(bytesPerSecond: 8000, queueBytes: 100_000)
            let sender = try RawSocket(interfaceIndex: bus.index)
            try sender.minimizeSendBuffer()
            let receiver = try RawSocket(interfaceIndex: bus.index)
            var rest = frames[...]
            var refusals = 0
            while !rest.isEmpty {
                do {
                    rest = rest.dropFirst(try sender.send(rest))
                } catch {
                    #expect(error.errno == .wouldBlock)
                    refusals += 1
                    try #require(try sender.isReady(for: POLLOUT))
                }
            }
            #expect(refusals > 0)
            #expect(try receiver.nextFrames(frames.count) == frames)
        }

        @Test func aBurstOnAControllerIsTakenInParts() throws {
            // Not every emulated controller recovers from being overrun.
            defer {
                for (name, state) in [("can0", "down"), ("can1", "down"), ("can0", "up"), ("can1", "up")] {
                    _ = try? Program.run("/sbin/ip", "link", "set", name, state)
                }
            }
            let sender = try RawSocket(interfaceIndex: try #require(interfaceIndex("can0")))
            // Its echoes say what was sent; the other controller may be too slow to take it all.
            try sender.setReceivesOwn(true)
            try sender.setReceiveBuffer(bytes: 1 << 20)
            var rest = frames[...]
            let deadline = Clock.monotonic + Int64(patience * 1e9)
            while !rest.isEmpty, Clock.monotonic < deadline {
                do {
                    let taken = try sender.send(rest)
                    #expect((1...ReceiveBatch.capacity).contains(taken))
                    rest = rest.dropFirst(taken)
                } catch {
                    #expect(error.errno == .noBufferSpace || error.errno == .wouldBlock)
                }
            }
            #expect(try sender.nextFrames(frames.count) == frames)
        }
    }
}
