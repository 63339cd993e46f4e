internal import Glibc
import HTTP
import JSON
import Linux
import Testing

@testable import Gateway
@testable import SocketCAN

@Suite struct LinkTransactionTests {
    /// An errno that means nothing particular for a change.
    private let inputOutput = Errno(rawValue: EIO)

    private func change(_ kernel: FakeLinks, _ name: String, _ text: String) throws -> LinkTransaction.Outcome {
        let change = try InterfaceChange(JSONValue(parsing: Array(text.utf8)))
        let known = try #require(kernel[name])
        return LinkTransaction.run(on: kernel) { transaction throws(Problem) in
            try transaction.change(known, by: change)
        }
    }

    private func problem(_ outcome: LinkTransaction.Outcome) -> Problem? {
        if case .failure(let problem) = outcome.result { problem } else { nil }
    }

    @Test func theAnswerIsHowItIsThen() throws {
        let kernel = FakeLinks(.controller(isUp: true))
        let outcome = try change(kernel, "can0", #"{"bitrate":250000,"restart_ms":100,"cycle":true}"#)
        let after = try #require(try outcome.result.get())
        #expect(after == kernel["can0"] && outcome.latest == after)
        #expect(after.isUp && after.controller?.bitTiming?.bitrate == 250_000 && after.controller?.restartDelay == 100)
    }

    @Test func whatIsComparedIsHowItIsNow() throws {
        let kernel = FakeLinks(.controller(isUp: true))
        let known = try #require(kernel["can0"])
        kernel.edit("can0") { $0.controller?.bitTiming = BitTiming(.bitrate(250_000, samplePoint: nil)) }
        var wanted = InterfaceChange()
        wanted.arbitration.bitrate = 250_000
        let outcome = LinkTransaction.run(on: kernel) { transaction throws(Problem) in
            try transaction.change(known, by: wanted)
        }
        #expect(try outcome.result.get()?.controller?.bitTiming?.bitrate == 250_000)
        #expect(kernel.changes.isEmpty)
    }

    @Test(arguments: [
        #"{"bitrate":250000,"txqueuelen":99,"termination_ohm":120,"cycle":true}"#,
        #"{"modes":{"fd":true},"bitrate":250000,"data_bitrate":4000000,"restart_ms":7,"cycle":true}"#,
        #"{"modes":{"fd":true,"one_shot":true},"data_bitrate":2000000,"txqueuelen":1,"up":false}"#,
    ])
    func anyStepThatFailsPutsEverythingBack(text: String) throws {
        for failing in 0..<3 {
            let kernel = FakeLinks(.controller(isUp: true))
            let before = kernel["can0"]
            kernel.fail(failing, with: .busy)
            let outcome = try change(kernel, "can0", text)
            let problem = try #require(self.problem(outcome))
            #expect(problem.code == .interfaceBusy)
            #expect(kernel["can0"] == before && outcome.latest == before)
            #expect(
                problem.detail.hasSuffix(
                    failing == 0 ? "; nothing was changed" : "; the old settings are back, and it is up"))
        }
    }

    @Test(arguments: [
        #"{"bitrate":2000000,"cycle":true}"#,
        // The kernel has set the one timing, and refuses the other.
        #"{"modes":{"fd":true},"bitrate":250000,"data_bitrate":9000000,"restart_ms":7,"cycle":true}"#,
        #"{"modes":{"fd":true},"bitrate":250000,"data_bitrate":9000000,"up":false}"#,
    ])
    func whatTheKernelDoesInPartIsPutBackToo(text: String) throws {
        let kernel = FakeLinks(.controller(isUp: true))
        let before = kernel["can0"]
        let problem = try #require(self.problem(try change(kernel, "can0", text)))
        #expect(problem.code == .invalidInterfaceSetting && problem.errno == "EDOM" && problem.field == "bitrate")
        #expect(problem.detail.hasSuffix("; the old settings are back, and it is up"))
        #expect(kernel["can0"] == before)
    }

    @Test(arguments: [
        #"{"data_bitrate":4000000,"cycle":true}"#, #"{"modes":{"fd":false},"bitrate":250000,"cycle":true}"#,
        #"{"bitrate":250000,"data_bitrate":4000000,"cycle":true}"#,
    ])
    func fdFramesComeBackToo(text: String) throws {
        for failing in 1..<3 {
            let kernel = FakeLinks(.fd(isUp: true))
            let before = kernel["can0"]
            kernel.fail(failing, with: .invalidArgument)
            let problem = try #require(self.problem(try change(kernel, "can0", text)))
            #expect(problem.code == .invalidInterfaceSetting && problem.errno == "EINVAL")
            #expect(kernel["can0"] == before)
        }
    }

    @Test func whatIsDownStaysDown() throws {
        let kernel = FakeLinks(.controller())
        let before = kernel["can0"]
        kernel.fail(1, with: inputOutput)
        let problem = try #require(self.problem(try change(kernel, "can0", #"{"bitrate":250000,"up":true}"#)))
        #expect(problem.code == .internal && problem.errno == "EIO" && problem.field == "up")
        #expect(problem.detail.hasSuffix("; the old settings are back"))
        #expect(kernel["can0"] == before)
    }

    @Test func whatCannotBePutBackIsSaid() throws {
        // A bit rate cannot be unset.
        let kernel = FakeLinks(.controller(bitrate: nil))
        kernel.fail(1, with: inputOutput)
        let problem = try #require(self.problem(try change(kernel, "can0", #"{"bitrate":250000,"up":true}"#)))
        #expect(problem.detail.hasSuffix("; could not be put back: bit_timing"))
        // It does not come up any more.
        let broken = FakeLinks(.controller(isUp: true))
        for number in [2, 4] { broken.fail(number, with: inputOutput) }
        let outcome = try change(broken, "can0", #"{"bitrate":250000,"cycle":true}"#)
        let detail = try #require(self.problem(outcome)).detail
        #expect(detail.hasSuffix("; could not be put back: up (RTM_NEWLINK: EIO (Input/output error))"))
        #expect(outcome.latest == broken["can0"] && outcome.latest?.isUp == false)
    }

    @Test func aControllerOfAnotherBitRateStaysDown() throws {
        let kernel = FakeLinks(.controller(isUp: true))
        for number in [2, 3] { kernel.fail(number, with: inputOutput) }
        let problem = try #require(self.problem(try change(kernel, "can0", #"{"bitrate":250000,"cycle":true}"#)))
        #expect(problem.detail.contains("; could not be put back: up, bit_timing (RTM_NEWLINK: EIO"))
        #expect(kernel["can0"]?.isUp == false && kernel.changes.filter { $0 == .up }.count == 1)
    }

    @Test func anInterfaceThatIsGoneIsNotFound() throws {
        let kernel = FakeLinks(.controller(isUp: true))
        var known = try #require(kernel["can0"])
        known.index = 77
        let outcome = LinkTransaction.run(on: kernel) { transaction throws(Problem) in
            try transaction.change(known, by: InterfaceChange())
        }
        #expect(problem(outcome)?.code == .interfaceNotFound && problem(outcome)?.errno == "ENODEV")
    }

    @Test(arguments: [
        (Errno.notPermitted, ProblemCode.permissionDenied), (.busy, .interfaceBusy),
        (.outOfDomain, .invalidInterfaceSetting),
        (.invalidArgument, .invalidInterfaceSetting), (.outOfRange, .invalidInterfaceSetting),
        (.operationNotSupported, .notSupported), (.exists, .interfaceExists), (.noSuchDevice, .interfaceNotFound),
        (.noBufferSpace, .internal),
    ])
    func eachRefusalHasItsProblem(errno: Errno, code: ProblemCode) throws {
        let problem = Problem(
            LinkError(errno, call: "RTM_NEWLINK", sentence: "the sentence", interface: "can0"), field: "bitrate")
        #expect(problem.code == code && problem.errno == errno.name && problem.detail.contains("can0"))
        #expect(problem.needs == (code == .permissionDenied ? "CAP_NET_ADMIN" : nil))
        if code != .interfaceNotFound {
            #expect(problem.detail.contains("RTM_NEWLINK: \(errno): the sentence"))
        }
    }

    // MARK: Making, removing, restarting

    private func make(_ kernel: FakeLinks, _ wanted: NewInterface) -> LinkTransaction.Outcome {
        LinkTransaction.run(on: kernel) { transaction throws(Problem) in try transaction.make(wanted) }
    }

    @Test func bothEndsOfACableGoUp() throws {
        let kernel = FakeLinks()
        let link = NewLink(name: "a", kind: .vxcan(peer: "b"), mtu: 16)
        let made = try #require(try make(kernel, NewInterface(link: link, isUp: true)).result.get())
        #expect(made.name == "a" && made.isUp && made.mtu == 16 && kernel["b"]?.isUp == true)
        let down = try make(kernel, NewInterface(link: NewLink(name: "c", kind: .vcan), isUp: false)).result.get()
        #expect(down?.isUp == false)
    }

    @Test(arguments: [[:], ["a": "x"], ["b": "y"], ["a": "x", "b": "y"]])
    func whatIsRenamedAtOnceIsFound(names: [String: String]) throws {
        let kernel = FakeLinks(.bus("vcan0"))
        kernel.renameNew(names)
        let link = NewLink(name: "a", kind: .vxcan(peer: "b"))
        let made = try #require(try make(kernel, NewInterface(link: link, isUp: true)).result.get())
        #expect(made.name == names["a"] ?? "a" && made.isUp && kernel[names["b"] ?? "b"]?.isUp == true)
        #expect(kernel["vcan0"]?.isUp == false)
    }

    @Test func whatIsRenamedAtOnceIsRemovedAgain() throws {
        let kernel = FakeLinks(.bus("vcan0"))
        kernel.renameNew(["a": "x"])
        kernel.fail(0, with: .notConnected)
        let link = NewLink(name: "a", kind: .vcan)
        let problem = try #require(self.problem(make(kernel, NewInterface(link: link, isUp: true))))
        #expect(problem.detail.hasSuffix("; what was made is removed again") && problem.detail.contains("'x'"))
        #expect(kernel["x"] == nil && kernel["vcan0"] != nil)
    }

    @Test(arguments: [0, 1]) func nothingHalfMadeIsLeft(failing: Int) throws {
        let kernel = FakeLinks()
        kernel.fail(failing, with: .notConnected)
        let link = NewLink(name: "a", kind: .vxcan(peer: "b"))
        let problem = try #require(self.problem(make(kernel, NewInterface(link: link, isUp: true))))
        #expect(problem.detail.hasSuffix("; what was made is removed again") && problem.field == "up")
        #expect(kernel["a"] == nil && kernel["b"] == nil)
    }

    @Test func aNameThatIsTakenIsNamed() throws {
        let kernel = FakeLinks(.bus("vcan0"))
        for (link, field) in [
            (NewLink(name: "vcan0", kind: .vcan), "name"), (NewLink(name: "a", kind: .vxcan(peer: "vcan0")), "peer"),
        ] {
            let problem = try #require(self.problem(make(kernel, NewInterface(link: link, isUp: false))))
            #expect(problem.code == .interfaceExists && problem.field == field && problem.errno == "EEXIST")
            #expect(kernel["a"] == nil)
        }
    }

    @Test func onlyVirtualInterfacesAreRemoved() throws {
        let kernel = FakeLinks(.bus("vcan0"), .controller("can0"))
        for (name, isRemoved) in [("vcan0", true), ("can0", false)] {
            let known = try #require(kernel[name])
            let outcome = LinkTransaction.run(on: kernel) { transaction throws(Problem) in
                try transaction.remove(known)
                return nil
            }
            #expect((kernel[name] == nil) == isRemoved)
            #expect(problem(outcome)?.field == (isRemoved ? nil : "kind"))
        }
    }

    @Test func onlyAControllerThatIsBusOffRestarts() throws {
        func restart(_ edit: (inout Interface) -> Void) throws -> LinkTransaction.Outcome {
            var interface = Interface.controller(isUp: true)
            interface.controller?.state = .busOff
            edit(&interface)
            let kernel = FakeLinks(interface)
            return LinkTransaction.run(on: kernel) { transaction throws(Problem) in try transaction.restart(interface) }
        }
        #expect(try restart { _ in }.result.get()?.controller?.state == .errorActive)
        let active = problem(try restart { $0.controller?.state = .errorActive })
        #expect(active?.code == .invalidInterfaceSetting && active?.field == "state")
        let delayed = problem(try restart { $0.controller?.restartDelay = 100 })
        #expect(delayed?.code == .invalidInterfaceSetting && delayed?.field == "restart_ms")
        #expect(problem(try restart { $0.isUp = false })?.code == .interfaceDown)
        #expect(problem(try restart { $0.kind = .slcan })?.code == .notSupported)
        let bus = FakeLinks(.bus(isUp: true))
        let outcome = LinkTransaction.run(on: bus) { transaction throws(Problem) in
            try transaction.restart(.bus(isUp: true))
        }
        #expect(problem(outcome)?.code == .notSupported)
    }
}
