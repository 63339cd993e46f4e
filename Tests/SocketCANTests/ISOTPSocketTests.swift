import CAN
internal import Glibc
import Linux
import SocketCAN
import Testing

extension KernelTests {
    @Suite(.sharedInterface) struct ISOTPSocketTests {
        private let bus: VirtualInterface
        private let tester = Identifier(truncating: 0x7E0, extended: false)
        private let unit = Identifier(truncating: 0x7E8, extended: false)

        init() throws { bus = try SharedInterface.get() }

        private func testerSocket(_ options: ISOTPOptions = ISOTPOptions()) throws(SystemError) -> ISOTPSocket {
            try ISOTPSocket(interfaceIndex: bus.index, transmit: tester, receive: unit, options: options)
        }

        private func unitSocket(_ options: ISOTPOptions = ISOTPOptions()) throws(SystemError) -> ISOTPSocket {
            try ISOTPSocket(interfaceIndex: bus.index, transmit: unit, receive: tester, options: options)
        }

        private func options(_ change: (inout ISOTPOptions) -> Void) -> ISOTPOptions {
            var options = ISOTPOptions()
            change(&options)
            return options
        }

        private func data(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) } }

        // MARK: PDUs

        @Test(arguments: [1, 7, 8, 4095, 4096, 8300])
        func aPDUArrivesAsItWasSent(count: Int) throws {
            let sender = try testerSocket()
            let receiver = try unitSocket()
            let begin = Clock.realtime
            try sender.send(data(count))
            let pdu = try #require(try receiver.next())
            #expect(pdu.data == data(count))
            // The kernel switches stamping on behind the call: the first may have no time.
            if let time = pdu.timestamp { #expect(abs(time - begin) < Int64(patience * 1e9)) }
            #expect(try sender.becomesIdle())
            #expect(try sender.takeError() == nil)
            #expect(try receiver.receive() == nil)
        }

        @Test func theLongestPDUArrivesAndALongerOneIsRefused() throws {
            let sender = try testerSocket()
            let receiver = try unitSocket()
            let longest = ISOTPSocket.longestPDU
            #expect(longest >= 8300)
            #expect(refusal { () throws(SystemError) in try sender.send(data(longest + 1)) } == .invalidArgument)
            #expect(refusal { () throws(SystemError) in try sender.send([]) } == .invalidArgument)
            try sender.send(data(longest))
            #expect(try #require(try receiver.next(within: 60)).data == data(longest))
        }

        @Test func anotherIsNotSentBeforeTheFirstIsThrough() throws {
            let sender = try testerSocket()
            try sender.send(data(100))
            #expect(try !sender.isIdle())
            #expect(refusal { () throws(SystemError) in try sender.send(data(1)) } == .wouldBlock)
        }

        // MARK: On the wire

        @Test func theOptionsShowOnTheWire() throws {
            let wire = try RawSocket(interfaceIndex: bus.index)
            let cases: [(ISOTPOptions, [UInt8], String)] = [
                (options { _ in }, [0x3E, 0x00], "7E0#023E00"),
                (options { $0.transmitPadding = 0xAA }, [0x3E, 0x00], "7E0#023E00AAAAAAAAAA"),
                (options { $0.addressing = .mixed(0xF1) }, [0x3E, 0x00], "7E0#F1023E00"),
                (options { $0.addressing = .extended(transmit: 0xF1, receive: 0x10) }, [0x3E], "7E0#F1013E"),
                (options { $0.link = .fd(dataLength: 64, bitRateSwitch: true) }, [0x3E], "7E0##1013E"),
                (
                    options { $0.link = .fd(dataLength: 64, bitRateSwitch: false) }, [UInt8](1...9),
                    "7E0##00009010203040506070809CC"
                ),
                (options { $0.role = .functional }, [0x3E, 0x80], "7E0#023E80"),
            ]
            for (options, data, frame) in cases {
                let sender = try testerSocket(options)
                try sender.send(data)
                #expect(try wire.nextFrames(1).map(\.cansend) == [frame])
                #expect(try sender.becomesIdle())
                #expect(try sender.takeError() == nil)
            }
        }

        @Test func flowControlSaysWhatTheReceiverWants() throws {
            let receiver = try unitSocket(
                options {
                    $0.blockSize = 8
                    $0.separationTime = SeparationTime(microseconds: 500)!
                })
            let wire = try RawSocket(interfaceIndex: bus.index)
            try wire.sendAll([try Frame(cansend: "7E0#100A010203040506")])
            #expect(try wire.nextFrames(1).map(\.cansend) == ["7E8#3008F5"])
            try wire.sendAll([try Frame(cansend: "7E0#210708090A")])
            #expect(try receiver.next()?.data == [UInt8](1...10))
        }

        @Test func aListenerGivesNoFlowControl() throws {
            let listener = try unitSocket(options { $0.role = .listening })
            let wire = try RawSocket(interfaceIndex: bus.index)
            try wire.sendAll([try Frame(cansend: "7E0#013E"), try Frame(cansend: "7E0#100A010203040506")])
            #expect(try listener.next()?.data == [0x3E])
            #expect(try !wire.isReady(within: 0.05))
        }

        // MARK: Failures

        @Test func nobodyThereIsAnError() throws {
            let sender = try testerSocket()
            try sender.send(data(100))
            #expect(try sender.becomesIdle())
            #expect(try sender.takeError() == .communicationError)
        }

        @Test(arguments: [("7E8#320000", Errno.messageTooLong), ("7E8#30", .badMessage)])
        func flowControlThatRefusesIsAnError(frame: String, errno: Errno) throws {
            let sender = try testerSocket()
            let wire = try RawSocket(interfaceIndex: bus.index)
            try sender.send(data(100))
            try wire.sendAll([try Frame(cansend: frame)])
            #expect(try sender.becomesIdle())
            #expect(try sender.takeError() == errno)
        }

        @Test(arguments: [("7E0#220708090A", Errno.illegalSequence), ("", .timedOut)])
        func aPDUThatDoesNotGoOnIsAnError(frame: String, errno: Errno) throws {
            let receiver = try unitSocket()
            let wire = try RawSocket(interfaceIndex: bus.index)
            try wire.sendAll([try Frame(cansend: "7E0#100A010203040506")])
            if !frame.isEmpty { try wire.sendAll([try Frame(cansend: frame)]) }
            #expect(try receiver.isReady())
            #expect(refusal { () throws(SystemError) in try receiver.receive() } == errno)
        }

        @Test func paddingThatIsNotAsAgreedIsAnError() throws {
            let receiver = try unitSocket(options { $0.receivePadding = 0xCC })
            let wire = try RawSocket(interfaceIndex: bus.index)
            try wire.sendAll([try Frame(cansend: "7E0#013ECCCCCCCCCCCC")])
            #expect(try receiver.next()?.data == [0x3E])
            try wire.sendAll([try Frame(cansend: "7E0#013E000000000000")])
            #expect(try receiver.isReady())
            #expect(refusal { () throws(SystemError) in try receiver.receive() } == .badMessage)
        }

        @Test func whatCannotBeBoundIsRefused() throws {
            let classic = try VirtualInterface(mtu: 16)
            let fd = options { $0.link = .fd(dataLength: 8, bitRateSwitch: false) }
            #expect(
                refusal { () throws(SystemError) in
                    try ISOTPSocket(interfaceIndex: bus.index, transmit: tester, receive: tester)
                } == .addressNotAvailable)
            #expect(
                refusal { () throws(SystemError) in
                    try ISOTPSocket(
                        interfaceIndex: classic.index, transmit: tester, receive: unit, options: fd)
                } == .invalidArgument)
            #expect(
                refusal { () throws(SystemError) in
                    try ISOTPSocket(interfaceIndex: 0, transmit: tester, receive: unit)
                } == .noSuchDevice)
        }

        @Test func anInterfaceThatGoesDownOrAwayIsAnError() throws {
            let interface = try VirtualInterface()
            let socket = try ISOTPSocket(interfaceIndex: interface.index, transmit: tester, receive: unit)
            try interface.set("down")
            #expect(try socket.takeError() == .networkDown)
            #expect(refusal { () throws(SystemError) in try socket.send([1]) } == .networkDown)
            interface.remove()
            #expect(try socket.isReady())
            #expect(try socket.takeError() == .noSuchDevice)
            #expect(refusal { () throws(SystemError) in try socket.send([1]) } == .addressNotAvailable)
        }

        // MARK: Closing

        @Test func closingBreaksATransferOff() throws {
            var durations: [Int64] = []
            // Again where the machine had other things to do.
            while durations.count < 10, durations.last ?? .max >= 700_000_000 {
                let sender = try testerSocket()
                try sender.send(data(100))
                let close = sender.relinquish(grace: 1_000_000)
                let begin = Clock.monotonic
                close()
                durations.append(Clock.monotonic - begin)
            }
            // Nobody answers: left alone, the kernel waits for a second.
            #expect(durations.last! < 700_000_000, "\(durations)")
        }

        @Test func closingLeavesATransferItsGrace() throws {
            let sender = try testerSocket()
            let receiver = try unitSocket(options { $0.separationTime = SeparationTime(microseconds: 10_000)! })
            try sender.send(data(100))
            let close = sender.relinquish(grace: 10_000_000_000)
            close()
            #expect(try receiver.next()?.data == data(100))
        }
    }
}

extension ISOTPSocket {
    /// Waits until it is ready.
    fileprivate func isReady(for events: Int32 = POLLIN, within seconds: Double = patience) throws(SystemError) -> Bool
    {
        try SocketCANTests.isReady(descriptor.number, for: events, within: seconds)
    }

    /// Waits for the next PDU.
    fileprivate func next(within seconds: Double = patience) throws(SystemError) -> PDU? {
        try isReady(within: seconds) ? try receive() : nil
    }

    /// Waits until nothing is being sent any more.
    fileprivate func becomesIdle() throws(SystemError) -> Bool {
        // An error makes it ready as well, a moment before or after.
        let deadline = Clock.monotonic + Int64(patience * 1e9)
        while try !isIdle(), Clock.monotonic < deadline { usleep(1000) }
        return try isIdle()
    }
}
