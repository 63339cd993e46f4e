import HTTP
import JSON
import Testing

@testable import Gateway
@testable import SocketCAN

@Suite struct InterfaceChangeTests {
    private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    private func problem(_ text: String) throws -> Problem? {
        let value = try json(text)
        do throws(Problem) {
            _ = try InterfaceChange(value)
            return nil
        } catch {
            return error
        }
    }

    private func problem(making text: String) throws -> Problem? {
        let value = try json(text)
        do throws(Problem) {
            _ = try NewInterface(value)
            return nil
        } catch {
            return error
        }
    }

    @Test func everyFieldIsRead() throws {
        let change = try InterfaceChange(
            json(
                """
                {"up":false,"mtu":72,"txqueuelen":100,"bitrate":500000,"sample_point":0.875,"data_bit_timing":{"brp":2,\
                "prop_seg":1,"phase_seg1":2,"phase_seg2":3,"sjw":4},"restart_ms":4294967295,\
                "modes":{"fd":true,"one_shot":false},"termination_ohm":120,"cycle":true}
                """))
        #expect(change.isUp == false && change.mtu == 72 && change.transmitQueueLength == 100 && change.cycles)
        #expect(change.arbitration.bitrate == 500_000 && change.arbitration.samplePoint == 875)
        #expect(change.restartDelay == 4_294_967_295 && change.termination == 120)
        #expect(change.modes.mask == ControlModes(rawValue: 0x28) && change.modes.values == .fd)
        #expect(
            change.data.segments
                == InterfaceChange.Segments(
                    quantum: .prescaler(2), propagation: 1, phase1: 2, phase2: 3, jumpWidth: 4))
    }

    @Test(arguments: ["{}", #"{"cycle":true}"#, #"{"cycle":false}"#])
    func nothingIsNoChange(text: String) throws {
        let problem = try #require(try self.problem(text))
        #expect(problem.code == .invalidInterfaceSetting && problem.allowed == InterfaceChange.fields)
    }

    @Test(arguments: [
        (#"{"mtu":64}"#, "mtu"), (#"{"mtu":73}"#, "mtu"), (#"{"mtu":2061}"#, "mtu"),
        (#"{"txqueuelen":-1}"#, "txqueuelen"),
        (#"{"modes":{}}"#, "modes"), (#"{"modes":{},"up":true}"#, "modes"),
        (#"{"txqueuelen":32768}"#, "txqueuelen"), (#"{"bitrate":0}"#, "bitrate"),
        (#"{"bitrate":4294967296}"#, "bitrate"),
        (#"{"sample_point":0}"#, "sample_point"), (#"{"sample_point":1}"#, "sample_point"),
        (#"{"sample_point":87.5}"#, "sample_point"), (#"{"sample_point":0.9999}"#, "sample_point"),
        (#"{"data_sample_point":-0.5}"#, "data_sample_point"), (#"{"restart_ms":-1}"#, "restart_ms"),
        (#"{"restart_ms":4294967296}"#, "restart_ms"), (#"{"termination_ohm":65536}"#, "termination_ohm"),
        (#"{"bit_timing":{}}"#, "bit_timing.tq"),
        (#"{"bit_timing":{"tq":1,"prop_seg":1,"phase_seg1":1}}"#, "bit_timing.phase_seg2"),
        (#"{"bit_timing":{"tq":1,"brp":1,"prop_seg":1,"phase_seg1":1,"phase_seg2":1}}"#, "bit_timing.brp"),
        (#"{"bit_timing":{"tq":0,"prop_seg":1,"phase_seg1":1,"phase_seg2":1}}"#, "bit_timing.tq"),
        (#"{"bit_timing":{"tq":1,"prop_seg":-1,"phase_seg1":1,"phase_seg2":1}}"#, "bit_timing.prop_seg"),
        (#"{"data_bit_timing":{"tq":1,"prop_seg":1,"phase_seg1":1,"phase_seg2":1,"sjw":0}}"#, "data_bit_timing.sjw"),
        (#"{"bitrate":1,"bit_timing":{"tq":1,"prop_seg":1,"phase_seg1":1,"phase_seg2":1}}"#, "bit_timing"),
        (
            #"{"data_sample_point":0.5,"data_bit_timing":{"tq":1,"prop_seg":1,"phase_seg1":1,"phase_seg2":1}}"#,
            "data_bit_timing"
        ),
    ])
    func boundsAreChecked(text: String, field: String) throws {
        let problem = try #require(try self.problem(text))
        #expect(problem.code == .invalidInterfaceSetting && problem.field == field)
    }

    @Test(arguments: [
        (#"{"bitrte":1}"#, "bitrte"), (#"{"up":1}"#, "up"), (#"{"bitrate":500000.0}"#, "bitrate"),
        (#"{"mtu":"72"}"#, "mtu"),
        (#"{"modes":["fd"]}"#, "modes"), (#"{"modes":{"fast":true}}"#, "modes.fast"),
        (#"{"modes":{"fd":1}}"#, "modes.fd"),
        (#"{"bit_timing":{"tseg1":1}}"#, "bit_timing.tseg1"), (#"{"bit_timing":{"tq":null}}"#, "bit_timing.tq"),
        (#"{"restart_ms":1.5}"#, "restart_ms"), (#"{"up":null}"#, "up"),
    ])
    func whatCannotBeReadIsMalformed(text: String, field: String) throws {
        let problem = try #require(try self.problem(text))
        #expect(problem.code == .malformedRequest && problem.field == field)
    }

    // MARK: Making

    @Test func aNewInterfaceIsRead() throws {
        let bus = try NewInterface(json(#"{"name":"vcan1","kind":"vcan"}"#))
        #expect(bus == NewInterface(link: NewLink(name: "vcan1", kind: .vcan), isUp: false))
        let cable = try NewInterface(
            json(#"{"name":"a","kind":"vxcan","peer":"b","mtu":16,"txqueuelen":5,"up":true}"#))
        #expect(cable.isUp)
        #expect(cable.link == NewLink(name: "a", kind: .vxcan(peer: "b"), mtu: 16, transmitQueueLength: 5))
    }

    @Test(arguments: ["a", "fifteen-bytes-x", "can.1", "a?b", "-", "..."]) func namesAreTaken(name: String) throws {
        #expect(try NewInterface(json(#"{"name":"\#(name)","kind":"vcan"}"#)).link.name == name)
    }

    @Test(arguments: ["", "sixteen-bytes-xx", ".", "..", "a/b", "a:b", "a b", "a\\tb", "a%d", "\\u00a0", "à", "ä"])
    func namesThatTheKernelWouldNotTakeAsTheyAreAreRefused(name: String) throws {
        for text in [#"{"name":"\#(name)","kind":"vcan"}"#, #"{"name":"a","kind":"vxcan","peer":"\#(name)"}"#] {
            let problem = try #require(try self.problem(making: text))
            #expect(problem.code == .invalidInterfaceSetting)
            #expect(problem.field == (text.contains("peer") ? "peer" : "name"))
        }
    }

    @Test(arguments: [
        (#"{"kind":"vcan"}"#, "name"), (#"{"name":"a"}"#, "kind"), (#"{"name":"a","kind":"can"}"#, "kind"),
        (#"{"name":"a","kind":"slcan"}"#, "kind"), (#"{"name":"a","kind":"vcan","peer":"b"}"#, "peer"),
        (#"{"name":"a","kind":"vxcan"}"#, "peer"), (#"{"name":"a","kind":"vxcan","peer":"a"}"#, "peer"),
        (#"{"name":"a","kind":"vcan","mtu":8}"#, "mtu"), (#"{"name":"a","kind":"vcan","txqueuelen":-1}"#, "txqueuelen"),
    ])
    func whatMakesNoInterfaceIsRefused(text: String, field: String) throws {
        let problem = try #require(try self.problem(making: text))
        #expect(problem.code == .invalidInterfaceSetting && problem.field == field)
    }
}
