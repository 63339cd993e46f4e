import CAN
internal import Glibc
import Linux
import SocketCAN
import Testing

extension KernelTests {
    @Suite struct RawSocketLinkEventsTests {
        private let frame: Frame

        init() throws { frame = try Frame(cansend: "123#01") }

        @Test func goingDownIsToldOnce() throws {
            let bus = try VirtualInterface()
            let socket = try RawSocket(interfaceIndex: bus.index)
            let batch = ReceiveBatch()
            try bus.set("down")
            #expect(try socket.isReady(for: POLLERR))
            #expect(refusal { () throws(SystemError) in try socket.receive(into: batch) } == .networkDown)
            #expect(batch.count == 0)
            #expect(try socket.receive(into: batch) == 0)
            #expect(try !socket.isReady(within: 0))

            // Up again it hears without more ado.
            try bus.set("up")
            let sender = try RawSocket(interfaceIndex: bus.index)
            #expect(try sender.send([frame]) == 1)
            #expect(try socket.nextFrames(1) == [frame])
        }

        @Test func theErrorCanBeTakenByItself() throws {
            let bus = try VirtualInterface()
            let socket = try RawSocket(interfaceIndex: bus.index)
            #expect(try socket.takeError() == nil)
            try bus.set("down")
            #expect(try socket.takeError() == .networkDown)
            #expect(try socket.takeError() == nil)
            #expect(try !socket.isReady(within: 0))
            bus.remove()
            #expect(try socket.takeError() == .noSuchDevice)
            #expect(try socket.takeError() == nil)
        }

        @Test func whatWasQueuedOutlivesTheEvent() throws {
            let bus = try VirtualInterface()
            let socket = try RawSocket(interfaceIndex: bus.index)
            let sender = try RawSocket(interfaceIndex: bus.index)
            #expect(try sender.send([frame]) == 1)
            #expect(try socket.isReady())
            try bus.set("down")
            let batch = ReceiveBatch()
            #expect(refusal { () throws(SystemError) in try socket.receive(into: batch) } == .networkDown)
            #expect(try socket.nextFrames(1) == [frame])
        }

        @Test func nothingCanBeSentWhileItIsDown() throws {
            let bus = try VirtualInterface()
            let socket = try RawSocket(interfaceIndex: bus.index)
            try bus.set("down")
            for _ in 0..<3 {
                #expect(refusal { () throws(SystemError) in try socket.send([frame]) } == .networkDown)
            }
            try bus.set("up")
            #expect(try socket.send([frame]) == 1)
        }

        @Test func theErrorThatIsLeftFailsTheFirstWriteAfterUp() throws {
            let bus = try VirtualInterface(isUp: false)
            // Binding to an interface that is down succeeds, and leaves the error to be told.
            let socket = try RawSocket(interfaceIndex: bus.index)
            try bus.set("up")
            #expect(refusal { () throws(SystemError) in try socket.send([frame]) } == .networkDown)
            let receiver = try RawSocket(interfaceIndex: bus.index)
            #expect(try socket.send([frame]) == 1)
            #expect(try receiver.nextFrames(1) == [frame])
        }

        @Test func bindingToAnInterfaceThatIsDownLeavesTheErrorToTheReader() throws {
            let bus = try VirtualInterface(isUp: false)
            let socket = try RawSocket(interfaceIndex: bus.index)
            let batch = ReceiveBatch()
            #expect(refusal { () throws(SystemError) in try socket.receive(into: batch) } == .networkDown)
            #expect(try socket.receive(into: batch) == 0)
        }

        @Test func beingRemovedIsToldOnce() throws {
            let bus = try VirtualInterface()
            let socket = try RawSocket(interfaceIndex: bus.index)
            let batch = ReceiveBatch()
            bus.remove()
            #expect(try socket.isReady(for: POLLERR))
            #expect(refusal { () throws(SystemError) in try socket.receive(into: batch) } == .noSuchDevice)
            #expect(try socket.receive(into: batch) == 0)
            // There is nowhere to send to any more, and the filters are gone.
            let after = refusal { () throws(SystemError) in try socket.send([frame]) }
            #expect(after == .noSuchAddress || after == .noSuchDevice)
            #expect(try socket.filters().filters.isEmpty)
            #expect(refusal { () throws(SystemError) in try RawSocket(interfaceIndex: bus.index) } == .noSuchDevice)
        }
    }
}
