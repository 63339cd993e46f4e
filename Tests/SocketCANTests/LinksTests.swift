import CAN
internal import Glibc
import JSON
import Linux
import SocketCAN
import Testing

extension KernelTests {
    @Suite struct LinksTests {
        /// The interfaces as the library and as ip(8) see them, at a moment at which nothing changed.
        private func seenByBoth() throws -> [(ours: Interface, theirs: JSONValue)] {
            for _ in 0..<20 {
                let before = try Links.list()
                let text = try Program.run("/sbin/ip", "-details", "-statistics", "-json", "link", "show")
                guard try Links.list() == before, case .array(let all) = try JSONValue(parsing: Array(text.utf8)) else {
                    continue
                }
                let theirs = all.filter { $0["link_type"] == "can" }
                try #require(theirs.count == before.count)
                return Array(zip(before, theirs))
            }
            throw Errno.wouldBlock
        }

        @Test func namesAndNumbersAreThoseOfTheCLibrary() throws {
            let bus = try VirtualInterface()
            let listed = try Links.list()
            #expect(listed.map(\.index) == listed.map(\.index).sorted())
            let known = interfaceNames().filter { _, name in
                (try? Machine.readFile("/sys/class/net/\(name)/type")) == "280\n"
            }
            #expect(Dictionary(uniqueKeysWithValues: listed.map { ($0.index, $0.name) }) == known)
            #expect(known[bus.index] == bus.name)
            for name in ["can0", "can1", "vcan0", "vcan1"] { #expect(known.values.contains(name)) }
        }

        @Test func theyAreWhatIPSays() throws {
            // One of each kind that can be made, up and down, with and without CAN FD, and one that has counted.
            let buses = [
                try VirtualInterface(), try VirtualInterface(mtu: 16, isUp: false),
                try VirtualInterface(.vxcan),
            ]
            let sender = try RawSocket(interfaceIndex: buses[0].index)
            try sender.sendAll(
                try ["123#0102", "123##0" + String(repeating: "00", count: 64)].map { try Frame(cansend: $0) })
            let seen = try seenByBoth()
            for (ours, theirs) in seen {
                guard case .array(let flags)? = theirs["flags"] else {
                    Issue.record("no flags: \(theirs)")
                    continue
                }
                #expect(theirs["ifindex"] == .integer(ours.index))
                #expect(theirs["ifname"] == .string(ours.name))
                #expect(theirs["mtu"] == .integer(ours.mtu))
                #expect(theirs["txqlen"] == .integer(ours.transmitQueueLength))
                #expect(theirs["linkinfo"]?["info_kind"] == .string(ours.kind.rawValue))
                #expect(theirs["parentdev"] == ours.parent.map { .string($0) })
                #expect(flags.contains("UP") == ours.isUp)
                #expect((flags.contains("UP") && !flags.contains("NO-CARRIER")) == ours.isRunning)
                compare(ours.statistics, theirs["stats64"])
                #expect((ours.controller != nil) == (theirs["linkinfo"]?["info_data"]?["state"] != nil))
                if let controller = ours.controller { try compare(controller, theirs["linkinfo"]) }
            }
            #expect(seen.first { $0.ours.index == buses[0].index }?.ours.statistics.sentFrames == 2)
            #expect(seen.first { $0.ours.index == buses[0].index }?.ours.statistics.sentBytes == 66)
        }

        private func compare(_ ours: Interface.Statistics, _ theirs: JSONValue?) {
            let received = theirs?["rx"]
            #expect(received?["packets"] == .integer(ours.receivedFrames))
            #expect(received?["bytes"] == .integer(ours.receivedBytes))
            #expect(received?["errors"] == .integer(ours.receiveErrors))
            #expect(received?["dropped"] == .integer(ours.receiveDropped))
            let sent = theirs?["tx"]
            #expect(sent?["packets"] == .integer(ours.sentFrames))
            #expect(sent?["bytes"] == .integer(ours.sentBytes))
            #expect(sent?["errors"] == .integer(ours.transmitErrors))
            #expect(sent?["dropped"] == .integer(ours.transmitDropped))
        }

        private func compare(_ ours: Controller, _ link: JSONValue?) throws {
            let theirs = try #require(link?["info_data"])
            #expect(theirs["state"] == .string(try #require(ours.state).name.uppercased()))
            #expect(theirs["clock"] == ours.clock.map { .integer($0) })
            #expect(theirs["restart_ms"] == ours.restartDelay.map { .integer($0) })
            #expect(
                theirs["berr_counter"]
                    == ours.errorCounters.map { ["tx": .integer($0.transmit), "rx": .integer($0.receive)] })
            #expect(names(theirs["ctrlmode"]) == ours.modes.names)
            #expect(names(theirs["ctrlmode_supported"]) == ours.supportedModes?.names)
            compare(ours.bitTiming, theirs["bittiming"])
            compare(ours.dataBitTiming, theirs["data_bittiming"])
            compare(ours.bitTimingLimits, theirs["bittiming_const"])
            compare(ours.dataBitTimingLimits, theirs["data_bittiming_const"])
            #expect(theirs["termination"] == ours.termination.map { .integer($0) })
            let counts = try #require(ours.statistics)
            #expect(
                link?["info_xstats"]
                    == [
                        "restarts": .integer(counts.restarts), "bus_error": .integer(counts.busErrors),
                        "arbitration_lost": .integer(counts.arbitrationLost),
                        "error_warning": .integer(counts.errorWarning),
                        "error_passive": .integer(counts.errorPassive), "bus_off": .integer(counts.busOff),
                    ])
        }

        /// The modes that ip lists, by the names of ``ControlModes``.
        private func names(_ list: JSONValue?) -> [String] {
            guard case .array(let values)? = list else { return [] }
            return values.compactMap { value in
                guard case .string(let name) = value else { return nil }
                return String(name.lowercased().map { $0 == "-" ? "_" : $0 })
            }
        }

        private func compare(_ ours: BitTiming?, _ theirs: JSONValue?) {
            guard let ours else {
                #expect(theirs == nil)
                return
            }
            #expect(theirs?["bitrate"] == .integer(ours.bitrate))
            // "0.875" is 875 thousandths.
            #expect(theirs?["sample_point"] == .string("0.\(ours.samplePoint)"))
            #expect(theirs?["tq"] == .integer(ours.timeQuantum))
            #expect(theirs?["prop_seg"] == .integer(ours.propagationSegment))
            #expect(theirs?["phase_seg1"] == .integer(ours.phaseSegment1))
            #expect(theirs?["phase_seg2"] == .integer(ours.phaseSegment2))
            #expect(theirs?["sjw"] == .integer(ours.jumpWidth))
            #expect(theirs?["brp"] == .integer(ours.prescaler))
        }

        private func compare(_ ours: BitTimingLimits?, _ theirs: JSONValue?) {
            guard let ours else {
                #expect(theirs == nil)
                return
            }
            func range(_ range: ClosedRange<Int>) -> JSONValue {
                ["min": .integer(range.lowerBound), "max": .integer(range.upperBound)]
            }
            #expect(theirs?["tseg1"] == range(ours.segment1))
            #expect(theirs?["tseg2"] == range(ours.segment2))
            #expect(theirs?["sjw"]?["max"] == .integer(ours.greatestJumpWidth))
            #expect(theirs?["brp"] == range(ours.prescaler))
            #expect(theirs?["brp_inc"] == .integer(ours.prescalerStep))
        }

        @Test func anEmulatedControllerHasItsSettings() throws {
            let can0 = try #require(try Links.list().first { $0.name == "can0" })
            #expect(can0.kind == .controller && can0.isUp && can0.isRunning && can0.mtu == 16)
            #expect(!can0.takesFD && !can0.takesXL)
            #expect(can0.driver == "kvaser_pci")
            let controller = try #require(can0.controller)
            #expect(controller.state == .errorActive)
            #expect(controller.bitTiming?.bitrate == 500_000)
            #expect(controller.bitTiming?.samplePoint == 875)
            #expect(controller.bitTimingLimits?.segment1 == 1...16)
            #expect(controller.modes == [])
        }

        @Test func theKindsAreToldApart() throws {
            let cable = try VirtualInterface(.vxcan)
            let classic = try VirtualInterface(mtu: 16, isUp: false)
            let links = try Links.list()
            #expect(links.first { $0.name == "vcan0" }?.kind == .vcan)
            #expect(links.filter { [cable.name, cable.peerName].contains($0.name) }.map(\.kind) == [.vxcan, .vxcan])
            let off = try #require(links.first { $0.index == classic.index })
            #expect(off.mtu == 16 && !off.isUp && !off.isRunning && !off.takesFD)
            #expect(try #require(links.first { $0.name == "vcan0" }).takesFD)
        }

        @Test func aSerialLineIsToldFromAController() throws {
            let before = Set(try Links.list().map(\.index))
            let line = try SerialLine()
            let made = try Links.list().filter { !before.contains($0.index) && $0.name.contains("can") && !$0.isUp }
            withExtendedLifetime(line) {}
            #expect(made.map(\.kind) == [.slcan])
        }

        @Test func existenceIsOfAnyKind() throws {
            let bus = try VirtualInterface()
            #expect(Links.exists("lo") && Links.exists("vcan0") && Links.exists(bus.name))
            #expect(!Links.exists("nonsense") && !Links.exists(""))
            bus.remove()
            #expect(!Links.exists(bus.name))
        }
    }
}
