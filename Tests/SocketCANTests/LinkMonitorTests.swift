import Linux
import SocketCAN
import Testing

extension KernelTests {
    @Suite struct LinkMonitorTests {
        /// Waits for the events of one interface until one of them is as wanted, and returns that.
        private func next(
            of monitor: LinkMonitor, where isWanted: (LinkMonitor.Event) -> Bool
        ) throws -> LinkMonitor.Event? {
            let deadline = Clock.monotonic + Int64(patience * 1e9)
            while Clock.monotonic < deadline, try isReady(monitor.descriptorNumber) {
                if let event = try monitor.events().first(where: isWanted) { return event }
            }
            return nil
        }

        private func waitForPresence(
            of bus: VirtualInterface, in monitor: LinkMonitor, where isWanted: (Interface) -> Bool
        ) throws -> Interface? {
            let event = try next(of: monitor) { event in
                guard case .present(let interface) = event else { return false }
                return interface.index == bus.index && isWanted(interface)
            }
            guard case .present(let interface)? = event else { return nil }
            return interface
        }

        @Test func whatHappensToAnInterfaceIsTold() throws {
            let monitor = try LinkMonitor()
            #expect(try monitor.events().isEmpty)
            let bus = try VirtualInterface(isUp: false)
            let added = try #require(try waitForPresence(of: bus, in: monitor) { !$0.isUp })
            #expect(added.name == bus.name && added.kind == .vcan)
            #expect(added == (try Links.list().first { $0.index == bus.index }))

            try bus.set("up")
            #expect(try waitForPresence(of: bus, in: monitor) { $0.isUp && $0.isRunning } != nil)
            try bus.set("down")
            #expect(try waitForPresence(of: bus, in: monitor) { !$0.isUp } != nil)
            try bus.set("mtu", "16")
            #expect(try waitForPresence(of: bus, in: monitor) { $0.mtu == 16 } != nil)

            bus.remove()
            let removed = try next(of: monitor) {
                if case .removed(let gone) = $0 { gone.index == bus.index } else { false }
            }
            #expect(removed != nil)
        }

        @Test func aNewNameIsTold() throws {
            let monitor = try LinkMonitor()
            let bus = try VirtualInterface(isUp: false)
            let other = bus.name + "x"
            try bus.set("name", other)
            #expect(try waitForPresence(of: bus, in: monitor) { $0.name == other } != nil)
            try Program.run("/sbin/ip", "link", "set", other, "name", bus.name)
            #expect(try waitForPresence(of: bus, in: monitor) { $0.name == bus.name } != nil)
        }

        @Test func interfacesOfOtherKindsAreNotTold() throws {
            let monitor = try LinkMonitor()
            // A change that changes nothing is announced all the same.
            try Program.run("/sbin/ip", "link", "set", "lo", "group", "default")
            #expect(try isReady(monitor.descriptorNumber))
            #expect(try monitor.events().isEmpty)
        }

        @Test func moreThanTheSocketHoldsIsAnOverrun() throws {
            let monitor = try LinkMonitor()
            let bus = try VirtualInterface()
            let changes = "seq 300 | sed 's/^/link set \(bus.name) txqueuelen 1/' | /sbin/ip -batch -"
            try Program.run("/bin/sh", "-c", changes)
            let events = try monitor.events()
            #expect(events.contains(.overrun))
            // It goes on afterwards.
            try bus.set("txqueuelen", "7")
            #expect(try waitForPresence(of: bus, in: monitor) { $0.transmitQueueLength == 7 } != nil)
        }
    }
}
