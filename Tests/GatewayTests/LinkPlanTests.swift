import HTTP
import JSON
import Testing

@testable import Gateway
@testable import SocketCAN

@Suite struct LinkPlanTests {
    private func change(_ text: String) throws -> InterfaceChange {
        try InterfaceChange(JSONValue(parsing: Array(text.utf8)))
    }

    private func steps(_ text: String, _ interface: Interface) throws -> [LinkChange] {
        try LinkPlan(change(text), of: interface).steps.map(\.change)
    }

    private func problem(_ text: String, _ interface: Interface) throws -> Problem? {
        let change = try change(text)
        do throws(Problem) {
            _ = try LinkPlan(change, of: interface)
            return nil
        } catch {
            return error
        }
    }

    private func settings(_ text: String, _ interface: Interface) throws -> ControllerSettings {
        let found = try steps(text, interface).compactMap { step -> ControllerSettings? in
            if case .controller(let settings) = step { settings } else { nil }
        }
        try #require(found.count == 1)
        return found[0]
    }

    private static let explicit = #""prop_seg":9,"phase_seg1":6,"phase_seg2":4"#

    @Test(arguments: [
        #"{"up":true}"#, #"{"mtu":16}"#, #"{"txqueuelen":10}"#, #"{"bitrate":500000}"#, #"{"sample_point":0.8}"#,
        #"{"bitrate":500000,"sample_point":0.8}"#, #"{"restart_ms":0}"#, #"{"modes":{"fd":false,"listen_only":false}}"#,
        #"{"termination_ohm":0}"#, #"{"bit_timing":{"brp":8,\#(explicit)}}"#,
        #"{"bit_timing":{"tq":100,\#(explicit)}}"#,
        #"{"bit_timing":{"brp":8,"sjw":1,\#(explicit)}}"#,
        // Modes that the driver does not have are off.
        #"{"modes":{"triple_sampling":false,"cc_len8_dlc":false}}"#,
    ])
    func whatIsSoAlreadyIsNoChange(text: String) throws {
        #expect(try steps(text, .controller(isUp: true)) == [])
    }

    @Test func whatIsSoAlreadyIsNoChangeWithFDFrames() throws {
        let text = #"{"modes":{"fd":true},"mtu":72,"bitrate":500000,"data_bitrate":2000000,"data_sample_point":0.8}"#
        #expect(try steps(text, .fd(isUp: true)) == [])
    }

    @Test(arguments: [
        (#"{"bitrate":250000}"#, "bitrate"), (#"{"sample_point":0.75}"#, "sample_point"),
        (#"{"bitrate":500000,"sample_point":0.75}"#, "sample_point"), (#"{"restart_ms":100}"#, "restart_ms"),
        (#"{"modes":{"fd":false,"one_shot":true}}"#, "modes.one_shot"),
        (#"{"bit_timing":{"brp":4,\#(explicit)}}"#, "bit_timing"),
        (#"{"bit_timing":{"brp":8,"sjw":2,\#(explicit)}}"#, "bit_timing"),
        (#"{"modes":{"one_shot":true},"restart_ms":5,"bitrate":125000}"#, "bitrate"),
        (#"{"up":true,"bitrate":250000}"#, "bitrate"),
        (#"{"modes":{"fd":true},"data_bitrate":2000000}"#, "data_bitrate"),
    ])
    func aControllerThatIsUpIsBusy(text: String, field: String) throws {
        let problem = try #require(try self.problem(text, .controller(isUp: true)))
        #expect(problem.code == .interfaceBusy && problem.field == field)
    }

    @Test func aBusThatIsUpKeepsItsMTU() throws {
        let problem = try #require(try self.problem(#"{"mtu":16,"txqueuelen":5}"#, .bus(isUp: true)))
        #expect(problem.code == .interfaceBusy && problem.field == "mtu")
        #expect(try steps(#"{"mtu":16,"cycle":true}"#, .bus(isUp: true)) == [.down, .mtu(16), .up])
        #expect(try steps(#"{"mtu":16}"#, .bus()) == [.mtu(16)])
        #expect(try steps(#"{"mtu":16,"up":true}"#, .bus()) == [.mtu(16), .up])
    }

    @Test func theStepsStandInTheirOrder() throws {
        let controller = Interface.controller(isUp: true)
        var settings = ControllerSettings()
        settings.bitTiming = .bitrate(250_000, samplePoint: nil)
        #expect(try steps(#"{"bitrate":250000,"cycle":true}"#, controller) == [.down, .controller(settings), .up])
        #expect(try steps(#"{"bitrate":250000,"up":false}"#, controller) == [.down, .controller(settings)])
        #expect(
            try steps(#"{"bitrate":250000,"up":false,"cycle":true}"#, controller) == [.down, .controller(settings)])
        #expect(
            try steps(#"{"bitrate":250000,"termination_ohm":120,"txqueuelen":50,"cycle":true}"#, controller)
                == [.down, .controller(settings), .transmitQueueLength(50), .termination(120), .up])
        #expect(try steps(#"{"bitrate":250000}"#, .controller()) == [.controller(settings)])
        #expect(try steps(#"{"bitrate":250000,"cycle":true}"#, .controller()) == [.controller(settings)])
        #expect(try steps(#"{"bitrate":250000,"up":true}"#, .controller()) == [.controller(settings), .up])
        // Nothing needs it down.
        #expect(
            try steps(#"{"termination_ohm":120,"txqueuelen":50,"cycle":true}"#, controller)
                == [.transmitQueueLength(50), .termination(120)])
        #expect(try steps(#"{"up":false}"#, controller) == [.down])
    }

    // MARK: CAN FD

    @Test func fdFramesGoOnWithBothTimings() throws {
        let controller = Interface.controller()
        let present = try #require(controller.controller?.bitTiming)
        let one = try settings(#"{"modes":{"fd":true},"data_bitrate":2000000}"#, controller)
        #expect(one.bitTiming == present.setting && one.dataBitTiming == .bitrate(2_000_000, samplePoint: nil))
        #expect(one.modes == ControllerSettings.Modes(mask: .fd, values: .fd))
        let two = try settings(
            #"{"modes":{"fd":true},"bitrate":250000,"data_bitrate":1000000,"data_sample_point":0.75}"#, controller)
        #expect(two.bitTiming == .bitrate(250_000, samplePoint: nil))
        #expect(two.dataBitTiming == .bitrate(1_000_000, samplePoint: 750))
    }

    @Test func aDataTimingIsSentWithAllThatTheKernelWants() throws {
        let fd = Interface.fd()
        let one = try settings(#"{"data_bitrate":4000000}"#, fd)
        #expect(one.bitTiming == fd.controller?.bitTiming?.setting)
        #expect(one.dataBitTiming == .bitrate(4_000_000, samplePoint: nil))
        #expect(one.modes == ControllerSettings.Modes(mask: .fd, values: .fd))
        // The other timing alone, and other modes, go without.
        let two = try settings(#"{"bitrate":250000,"modes":{"listen_only":true}}"#, fd)
        #expect(two.dataBitTiming == nil && two.bitTiming == .bitrate(250_000, samplePoint: nil))
        #expect(
            two.modes == ControllerSettings.Modes(mask: ControlModes(rawValue: 2), values: ControlModes(rawValue: 2)))
        let off = try settings(#"{"modes":{"fd":false}}"#, fd)
        #expect(off.modes == ControllerSettings.Modes(mask: .fd, values: []) && off.bitTiming == nil)
    }

    @Test func modesThatAreAlwaysOnAreNamedAlong() throws {
        var controller = Interface.controller()
        let fixed = ControlModes(rawValue: 0x80)
        controller.controller?.modes = fixed
        let sent = try settings(#"{"modes":{"one_shot":true}}"#, controller)
        #expect(sent.modes?.mask == ControlModes(rawValue: 0x88) && sent.modes?.values == ControlModes(rawValue: 0x88))
        let problem = try #require(try self.problem(#"{"modes":{"fd_non_iso":false}}"#, controller))
        #expect(problem.code == .notSupported && problem.field == "modes.fd_non_iso")
    }

    @Test(arguments: [
        (#"{"data_bitrate":2000000}"#, ProblemCode.invalidInterfaceSetting, "data_bitrate"),
        (#"{"data_sample_point":0.7}"#, .invalidInterfaceSetting, "data_sample_point"),
        (#"{"modes":{"fd":true}}"#, .invalidInterfaceSetting, "data_bitrate"),
        (#"{"modes":{"fd":true},"data_sample_point":0.7}"#, .invalidInterfaceSetting, "data_sample_point"),
        (#"{"modes":{"fd":true},"data_bitrate":250000}"#, .invalidInterfaceSetting, "data_bitrate"),
        (#"{"modes":{"fd":true},"data_bitrate":2000000,"bitrate":3000000}"#, .invalidInterfaceSetting, "data_bitrate"),
        (#"{"modes":{"triple_sampling":true}}"#, .notSupported, "modes.triple_sampling"),
    ])
    func whatFDFramesNeedIsChecked(text: String, code: ProblemCode, field: String) throws {
        let problem = try #require(try self.problem(text, .controller()))
        #expect(problem.code == code && problem.field == field)
    }

    @Test func theArbitrationPhaseIsNoFasterThanTheData() throws {
        let problem = try #require(try self.problem(#"{"bitrate":800000}"#, .fd(dataBitrate: 500_000)))
        #expect(problem.code == .invalidInterfaceSetting && problem.field == "bitrate")
        let off = try #require(try self.problem(#"{"modes":{"fd":false},"data_bitrate":1000000}"#, .fd()))
        #expect(off.code == .invalidInterfaceSetting && off.field == "data_bitrate")
        let first = try #require(
            try self.problem(#"{"modes":{"fd":true},"data_bitrate":1000000}"#, .controller(bitrate: nil)))
        #expect(first.code == .invalidInterfaceSetting && first.field == "bitrate")
    }

    @Test func aDriverWithoutFDFramesSaysSo() throws {
        var controller = Interface.controller()
        controller.controller?.supportedModes = ControlModes(rawValue: 0x0A)
        for (text, field) in [
            (#"{"data_bitrate":2000000}"#, "data_bitrate"),
            (#"{"modes":{"fd":true},"data_bitrate":2000000}"#, "modes.fd"),
        ] {
            let problem = try #require(try self.problem(text, controller))
            #expect(problem.code == .notSupported && problem.field == field)
        }
    }

    // MARK: What is refused

    @Test(arguments: [
        ("bitrate", "500000"), ("sample_point", "0.8"), ("data_bitrate", "500000"), ("restart_ms", "0"),
        ("modes", #"{"fd":true}"#), ("termination_ohm", "0"), ("bit_timing", #"{"brp":8,\#(explicit)}"#),
    ])
    func onlyAControllerHasThem(field: String, value: String) throws {
        var serialLine = Interface.controller(bitrate: nil)
        serialLine.kind = .slcan
        for interface in [Interface.bus(), serialLine] {
            let problem = try #require(try self.problem(#"{"up":true,"\#(field)":\#(value)}"#, interface))
            #expect(problem.code == .notSupported && problem.field == field)
        }
    }

    @Test(arguments: [
        (#"{"tq":100,"prop_seg":1,"phase_seg1":0,"phase_seg2":4}"#, "phase_seg1"),
        (#"{"tq":100,"prop_seg":200,"phase_seg1":57,"phase_seg2":4}"#, "phase_seg1"),
        (#"{"tq":100,"prop_seg":9,"phase_seg1":6,"phase_seg2":1}"#, "phase_seg2"),
        (#"{"tq":100,"prop_seg":9,"phase_seg1":6,"phase_seg2":129}"#, "phase_seg2"),
        (#"{"tq":100,"prop_seg":9,"phase_seg1":6,"phase_seg2":4,"sjw":129}"#, "sjw"),
        (#"{"tq":6407,"prop_seg":9,"phase_seg1":6,"phase_seg2":4}"#, "tq"),
        (#"{"tq":4294967295,"prop_seg":9,"phase_seg1":6,"phase_seg2":4}"#, "tq"),
        (#"{"tq":6,"prop_seg":9,"phase_seg1":6,"phase_seg2":4}"#, "tq"),
        (#"{"brp":513,"prop_seg":9,"phase_seg1":6,"phase_seg2":4}"#, "brp"),
    ])
    func segmentsHaveTheBoundsOfTheController(timing: String, field: String) throws {
        let problem = try #require(try self.problem(#"{"bit_timing":\#(timing)}"#, .controller()))
        #expect(problem.code == .invalidInterfaceSetting && problem.field == "bit_timing.\(field)")
    }

    @Test func aPrescalerIsSentAsATimeQuantum() throws {
        let sent = try settings(#"{"bit_timing":{"brp":5,"sjw":2,\#(Self.explicit)}}"#, .controller())
        #expect(
            sent.bitTiming == .segments(timeQuantum: 63, propagation: 9, phase1: 6, phase2: 4, jumpWidth: 2))
    }

    @Test func aPrescalerHasItsStep() throws {
        var controller = Interface.controller()
        controller.controller?.bitTimingLimits?.prescalerStep = 2
        let problem = try #require(try self.problem(#"{"bit_timing":{"brp":5,\#(Self.explicit)}}"#, controller))
        #expect(problem.field == "bit_timing.brp")
        #expect(try settings(#"{"bit_timing":{"brp":6,\#(Self.explicit)}}"#, controller).bitTiming != nil)
    }

    @Test func aControllerWithoutABitRateStaysDown() throws {
        let controller = Interface.controller(bitrate: nil)
        let problem = try #require(try self.problem(#"{"up":true}"#, controller))
        #expect(problem.code == .invalidInterfaceSetting && problem.field == "bitrate")
        #expect(try steps(#"{"up":true,"bitrate":125000}"#, controller).last == .up)
        #expect(try #require(try self.problem(#"{"sample_point":0.8}"#, controller)).field == "sample_point")
        // Its bit rate is the serial line's business.
        var serialLine = controller
        serialLine.kind = .slcan
        #expect(try steps(#"{"up":true}"#, serialLine) == [.up])
    }

    @Test func theMTUOfAControllerFollowsItsModes() throws {
        let problem = try #require(try self.problem(#"{"mtu":72}"#, .controller()))
        #expect(problem.code == .invalidInterfaceSetting && problem.field == "mtu" && problem.allowedNumbers == [16])
        #expect(try steps(#"{"mtu":72,"modes":{"fd":true},"data_bitrate":1000000}"#, .controller()).count == 1)
        #expect(try steps(#"{"mtu":16,"modes":{"fd":false}}"#, .fd()).count == 1)
        #expect(try #require(try self.problem(#"{"mtu":72,"modes":{"fd":false}}"#, .fd())).field == "mtu")
    }

    @Test func theTerminationIsOneOfThoseThereAre() throws {
        let problem = try #require(try self.problem(#"{"termination_ohm":60}"#, .controller()))
        #expect(problem.code == .invalidInterfaceSetting && problem.allowedNumbers == [0, 120])
        var bare = Interface.controller()
        bare.controller?.termination = nil
        bare.controller?.terminationValues = nil
        #expect(try #require(try self.problem(#"{"termination_ohm":120}"#, bare)).code == .notSupported)
    }
}
