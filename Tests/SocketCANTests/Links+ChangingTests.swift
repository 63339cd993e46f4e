import Linux
import SocketCAN
import Testing

extension KernelTests {
    @Suite struct LinksChangingTests {
        private func interface(_ name: String) throws -> Interface {
            try #require(try Links.list().first { $0.name == name })
        }

        /// The errno and the call of what fails, nil when it does not.
        private func refusal(_ body: () throws(LinkError) -> Void) -> LinkError? {
            do throws(LinkError) {
                try body()
                return nil
            } catch {
                return error
            }
        }

        /// A name that no interface has.
        private func freeName() -> String {
            for number in 0... where Links.index(of: "lnk\(number)") == nil { return "lnk\(number)" }
            return ""
        }

        @Test(arguments: [16, 72, 2060]) func aBusIsMadeAndRemoved(mtu: Int) throws {
            let name = freeName()
            try Links.make(NewLink(name: name, kind: .vcan, mtu: mtu, transmitQueueLength: 33))
            let made = try interface(name)
            #expect(made.kind == .vcan && !made.isUp && made.mtu == mtu && made.transmitQueueLength == 33)
            #expect(Links.index(of: name) == made.index)
            try Links.remove(index: made.index, named: name)
            #expect(Links.index(of: name) == nil)
        }

        @Test func aCableIsMadeWithBothEndsAndRemovedWithBoth() throws {
            let name = freeName()
            try Links.make(NewLink(name: name, kind: .vxcan(peer: name + "p"), mtu: 16, transmitQueueLength: 7))
            let ends = [try interface(name), try interface(name + "p")]
            #expect(ends.allSatisfy { $0.kind == .vxcan && !$0.isUp && $0.mtu == 16 && $0.transmitQueueLength == 7 })
            for end in ends { try Links.apply(.up, to: end) }
            #expect(try interface(name).isUp && interface(name + "p").isUp)
            try Links.remove(index: ends[1].index, named: ends[1].name)
            #expect(Links.index(of: name) == nil && Links.index(of: name + "p") == nil)
        }

        @Test func aNameThatIsTakenIsRefused() throws {
            let bus = try VirtualInterface()
            let error = refusal { () throws(LinkError) in try Links.make(NewLink(name: bus.name, kind: .vcan)) }
            #expect(error == LinkError(.exists, call: "RTM_NEWLINK", sentence: error?.sentence, interface: bus.name))
            let free = freeName()
            let other = refusal { () throws(LinkError) in
                try Links.make(NewLink(name: free, kind: .vxcan(peer: bus.name)))
            }
            #expect(other?.errno == .exists && Links.index(of: free) == nil)
        }

        @Test func anInterfaceIsSwitchedAndSet() throws {
            let bus = try VirtualInterface(mtu: 16, isUp: false)
            let before = try interface(bus.name)
            try Links.apply(.mtu(72), to: before)
            try Links.apply(.transmitQueueLength(1000), to: before)
            try Links.apply(.up, to: before)
            let after = try interface(bus.name)
            #expect(after.isUp && after.mtu == 72 && after.transmitQueueLength == 1000)
            #expect(refusal { () throws(LinkError) in try Links.apply(.mtu(16), to: after) }?.errno == .busy)
            try Links.apply(.transmitQueueLength(5), to: after)
            try Links.apply(.down, to: after)
            try Links.apply(.mtu(16), to: after)
            let last = try interface(bus.name)
            #expect(!last.isUp && last.mtu == 16 && last.transmitQueueLength == 5)
        }

        @Test func whatTheKernelRefusesHasItsErrno() throws {
            let bus = try VirtualInterface(isUp: false)
            var absent = try interface(bus.name)
            let refused = refusal { () throws(LinkError) in try Links.apply(.mtu(20), to: absent) }
            #expect(
                refused?.errno == .invalidArgument && refused?.call == "RTM_NEWLINK" && refused?.interface == bus.name)
            // It is of another kind.
            let settings = refusal { () throws(LinkError) in try Links.apply(.restart, to: absent) }
            #expect(settings?.errno == .operationNotSupported)
            absent.index = 999_999
            #expect(refusal { () throws(LinkError) in try Links.apply(.up, to: absent) }?.errno == .noSuchDevice)
            #expect(
                refusal { () throws(LinkError) in try Links.remove(index: absent.index, named: absent.name) }?.errno
                    == .noSuchDevice)
        }

        // MARK: A controller

        /// Runs something on can1 while it is down, and leaves it as it was.
        private func withController(_ body: (Interface) throws -> Void) throws {
            let before = try interface("can1")
            try Links.apply(.down, to: before)
            defer {
                _ = try? Links.apply(.down, to: before)
                var settings = ControllerSettings()
                settings.bitTiming = before.controller?.bitTiming?.setting
                settings.modes = ControllerSettings.Modes(
                    mask: before.controller?.supportedModes ?? [], values: before.controller?.modes ?? [])
                settings.restartDelay = before.controller?.restartDelay
                _ = try? Links.apply(.controller(settings), to: before)
                _ = try? Links.apply(.up, to: before)
            }
            try body(before)
        }

        private func set(_ interface: Interface, _ change: (inout ControllerSettings) -> Void) throws(LinkError) {
            var settings = ControllerSettings()
            change(&settings)
            try Links.apply(.controller(settings), to: interface)
        }

        @Test func aControllerTakesABitRate() throws {
            try withController { controller in
                try set(controller) { $0.bitTiming = .bitrate(250_000, samplePoint: 750) }
                let timing = try #require(try interface("can1").controller?.bitTiming)
                #expect(timing.bitrate == 250_000 && timing.samplePoint == 750)
                try set(controller) { $0.bitTiming = .bitrate(125_000, samplePoint: nil) }
                #expect(try interface("can1").controller?.bitTiming?.bitrate == 125_000)
                #expect(try interface("can1").controller?.bitTiming?.samplePoint == 875)
            }
        }

        @Test func aTimingIsSetAgainAsItWas() throws {
            try withController { controller in
                for rate in [1_000_000, 800_000, 500_000, 125_000, 20_000] {
                    try set(controller) { $0.bitTiming = .bitrate(rate, samplePoint: nil) }
                    let timing = try #require(try interface("can1").controller?.bitTiming)
                    try set(controller) { $0.bitTiming = .bitrate(50_000, samplePoint: nil) }
                    try set(controller) { $0.bitTiming = timing.setting }
                    #expect(try interface("can1").controller?.bitTiming == timing)
                }
            }
        }

        @Test func thePrescalerIsThatOfTheKernel() throws {
            try withController { controller in
                let limits = try #require(controller.controller?.bitTimingLimits)
                let clock = try #require(controller.controller?.clock)
                for prescaler in [limits.prescaler.lowerBound, 2, 3, 7, 16, limits.prescaler.upperBound] {
                    let quantum = (prescaler * 1_000_000_000 + clock / 2) / clock
                    try set(controller) {
                        $0.bitTiming = .segments(
                            timeQuantum: quantum, propagation: 3, phase1: 4, phase2: 2, jumpWidth: 1)
                    }
                    #expect(limits.prescaler(timeQuantum: quantum, clock: clock) == prescaler)
                    #expect(try interface("can1").controller?.bitTiming?.prescaler == prescaler)
                }
            }
        }

        @Test func modesAndRestartDelayAreSet() throws {
            try withController { controller in
                let listenOnly = try #require(ControlModes.named.first { $0.name == "listen_only" }?.bit)
                let oneShot = try #require(ControlModes.named.first { $0.name == "one_shot" }?.bit)
                try set(controller) {
                    $0.modes = ControllerSettings.Modes(mask: [listenOnly, oneShot], values: listenOnly)
                    $0.restartDelay = 250
                }
                let state = try #require(try interface("can1").controller)
                #expect(state.modes == listenOnly && state.restartDelay == 250)
                try set(controller) { $0.modes = ControllerSettings.Modes(mask: listenOnly, values: []) }
                #expect(try interface("can1").controller?.modes == [])
                #expect(try interface("can1").controller?.restartDelay == 250)
            }
        }

        @Test func whatAControllerCannotDoIsRefused() throws {
            try withController { controller in
                // There is no such bit rate: EDOM, in newer kernels EINVAL.
                let rate = refusal { () throws(LinkError) in
                    try set(controller) { $0.bitTiming = .bitrate(7, samplePoint: nil) }
                }
                #expect([.outOfDomain, .invalidArgument].contains(rate?.errno))
                let fd = refusal { () throws(LinkError) in
                    try set(controller) {
                        $0.bitTiming = .bitrate(500_000, samplePoint: nil)
                        $0.dataBitTiming = .bitrate(2_000_000, samplePoint: nil)
                        $0.modes = ControllerSettings.Modes(mask: .fd, values: .fd)
                    }
                }
                #expect(fd?.errno == .operationNotSupported)
                let termination = refusal { () throws(LinkError) in try Links.apply(.termination(120), to: controller) }
                #expect(termination?.errno == .operationNotSupported)
                #expect(controller.controller?.terminationValues == nil)
                #expect(
                    refusal { () throws(LinkError) in try Links.apply(.restart, to: controller) }?.errno
                        == .invalidArgument)
            }
        }

        @Test func aControllerThatIsUpIsBusy() throws {
            let controller = try interface("can1")
            try #require(controller.isUp)
            #expect(
                refusal { () throws(LinkError) in
                    try set(controller) { $0.bitTiming = .bitrate(250_000, samplePoint: nil) }
                }?.errno == .busy)
            #expect(refusal { () throws(LinkError) in try set(controller) { $0.restartDelay = 9 } }?.errno == .busy)
            // It is not bus-off.
            #expect(refusal { () throws(LinkError) in try Links.apply(.restart, to: controller) }?.errno == .busy)
            #expect(try interface("can1").controller?.bitTiming == controller.controller?.bitTiming)
        }

        @Test func aControllerThatIsRemovedIsStillThere() throws {
            let controller = try interface("can1")
            try Links.remove(index: controller.index, named: controller.name)
            #expect(try interface("can1").isUp)
        }
    }
}
