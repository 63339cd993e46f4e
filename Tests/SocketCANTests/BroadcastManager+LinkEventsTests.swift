import CAN
import Linux
import SocketCAN
import Testing

extension KernelTests {
    @Suite struct BroadcastManagerLinkEventsTests {
        private let key = BroadcastManager.Key(1, isFD: false)
        private let first: Frame

        init() throws { first = try Frame(cansend: "101#01") }

        @Test func aSequenceOutlivesThatTheInterfaceIsDown() throws {
            let bus = try VirtualInterface()
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try bus.set("down")
            // One-shot: the socket hears that the interface went down.
            #expect(refusal { () throws(SystemError) in try manager.expired(0) } == .networkDown)
            #expect(try manager.expired(0) == [])
            try manager.start(key, [first], .init(interval: 5000))
            try bus.set("up")
            let receiver = try RawSocket(interfaceIndex: bus.index)
            #expect(try receiver.nextFrames(2).prefix(2) == [first, first])
        }

        @Test func anInterfaceThatIsRemovedEndsTheSocket() throws {
            let bus = try VirtualInterface()
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try manager.start(key, [first], .init(interval: 5000))
            bus.remove()
            #expect(refusal { () throws(SystemError) in try manager.expired(0) } == .noSuchDevice)
            #expect(
                refusal { () throws(SystemError) in try manager.start(key, [first], .init(interval: 5000)) }
                    == .notConnected)
        }

        @Test func whatWasSentIsKnownAfterTheInterfaceIsRemoved() throws {
            let bus = try VirtualInterface()
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            let receiver = try RawSocket(interfaceIndex: bus.index)
            let fdKey = BroadcastManager.Key(2, isFD: true)
            try manager.start(key, [first], .init(count: 3, initialInterval: 1000, interval: 0))
            #expect(try receiver.nextFrames(3) == [first, first, first])
            try manager.start(fdKey, [Frame(cansend: "123##1AABB")], .init(interval: 60_000_000))
            bus.remove()
            // The first reading changes the socket; the second finds it so.
            for _ in 0..<2 { #expect(try manager.sentCounts() == [key: 3, fdKey: 1]) }
            #expect(
                refusal { () throws(SystemError) in try manager.start(key, [first], .init(interval: 5000)) }
                    == .noSuchDevice)
        }

        @Test(arguments: [999_999, Int(Int32.max), Int.max])
        func anInterfaceThatDoesNotExistIsRefused(index: Int) {
            #expect(refusal { () throws(SystemError) in try BroadcastManager(interfaceIndex: index) } == .noSuchDevice)
        }

        @Test(arguments: [0, -1])
        func allInterfacesAtOnceAreRefused(index: Int) {
            #expect(refusal { () throws(SystemError) in try BroadcastManager(interfaceIndex: index) } == .noSuchDevice)
        }
    }
}
