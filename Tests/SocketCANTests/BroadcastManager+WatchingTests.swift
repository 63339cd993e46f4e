import CAN
import Linux
import SocketCAN
import Testing

extension KernelTests {
    @Suite(.sharedInterface) struct BroadcastManagerWatchingTests {
        private let bus: VirtualInterface
        private let key: BroadcastManager.WatchKey

        init() throws {
            bus = try SharedInterface.get()
            key = BroadcastManager.WatchKey(Identifier(truncating: 0x123, extended: false))
        }

        private func send(_ texts: [String]) throws {
            try RawSocket(interfaceIndex: bus.index).sendAll(try texts.map { try Frame(cansend: $0) })
        }

        /// What is reported of frames, of which the last one is.
        private func reported(_ manager: borrowing BroadcastManager, of texts: [String]) throws -> [String] {
            try send(texts)
            return try manager.reports { $0.last?.text == texts.last }.map(\.text)
        }

        // MARK: What is reported

        @Test func withoutAMaskEveryFrameIsReported() throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try manager.watch(key, .everyFrame)
            let frames = ["123#01", "123#01", "123#", "123#0102030405060708_9", "123#02"]
            #expect(try reported(manager, of: frames) == frames)
        }

        @Test func aKeyStandsForFramesOfItsKindOnly() throws {
            let identifier = Identifier(truncating: 0x123, extended: true)
            let keys = [
                key, .init(key.identifier, isFD: true), .init(identifier), .init(identifier, isFD: true),
            ]
            let frames = ["123#01", "123##102", "00000123#03", "00000123##004"]
            for (key, own) in zip(keys, frames) {
                let manager = try BroadcastManager(interfaceIndex: bus.index)
                try manager.watch(key, .everyFrame)
                try send(["123#R", "00000123#R1", "124#01"] + frames + [own])
                let reports = try manager.reports { $0.count == 2 }
                #expect(reports.map(\.text) == [own, own])
                #expect(reports.allSatisfy { $0.key == key })
            }
        }

        @Test func onlyBitsUnderTheMaskMakeAChange() throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try manager.watch(key, .content(mask: [0xF0, 0, 0x01]))
            #expect(
                try reported(
                    manager,
                    of: [
                        "123#0011223344556677", "123#0F11223344556677", "123#0FFF23FFFFFFFFFF", "123#0FFF22FF",
                        "123#00FFDC", "123#10FFDC",
                    ]) == ["123#0011223344556677", "123#0FFF23FFFFFFFFFF", "123#0FFF22FF", "123#10FFDC"])
        }

        @Test func allBytesOfAFlexibleFrameCanBeCompared() throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            var mask = Payload(zeros: 64)
            mask[63] = 0x80
            try manager.watch(.init(key.identifier, isFD: true), .content(mask: mask))
            let zeros = "123##0" + String(repeating: "00", count: 63)
            #expect(
                try reported(manager, of: [zeros + "00", zeros + "7F", zeros + "80"]) == [zeros + "00", zeros + "80"])
        }

        @Test(arguments: [false, true]) func anotherLengthIsAChangeWhereItIsAskedFor(isChecked: Bool) throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try manager.watch(key, .content(mask: [0xFF]), checksLength: isChecked)
            #expect(
                try reported(manager, of: ["123#0100", "123#0100", "123#010000", "123#02"])
                    == (isChecked ? ["123#0100", "123#010000", "123#02"] : ["123#0100", "123#02"]))
        }

        @Test func kindsOfMessagesAreComparedEachForItself() throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try manager.watch(
                key,
                .multiplexed(mask: [0, 0x0F], [.init(value: [0, 1]), .init(value: [0, 0x02], mask: [0, 0, 0xFF])]))
            #expect(
                try reported(
                    manager,
                    of: [
                        "123#00010000", "123#00020000", "123#00030000", "123#00010000", "123#FF02AA00",
                        "123#01010000", "123#00020000", "123#00F20001", "123#00010001",
                    ])
                    == ["123#00010000", "123#00020000", "123#FF02AA00", "123#01010000", "123#00020000", "123#00010001"])
        }

        @Test func aWatchTellsApart256KindsAndNoMore() throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            let kinds = (0..<257).map { BroadcastManager.Multiplexed(value: [UInt8($0 & 0xFF)]) }
            #expect(
                refusal { () throws(SystemError) in try manager.watch(key, .multiplexed(mask: [0xFF], kinds)) }
                    == .invalidArgument)
            try manager.watch(key, .multiplexed(mask: [0xFF], Array(kinds.prefix(256))))
            #expect(
                try reported(manager, of: ["123#FF00", "123#0000", "123#FF00", "123#FF01"])
                    == ["123#FF00", "123#0000", "123#FF01"])
        }

        @Test func theTimeOfAReportIsThatOfItsFrame() throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try manager.prepareForReports(receiveBuffer: 1 << 20)
            try manager.watch(key, .everyFrame)
            let receiver = try RawSocket(interfaceIndex: bus.index)
            try receiver.startTimestamps(
                from: try RawSocket(interfaceIndex: bus.index), sending: try Frame(cansend: "7FF#"))
            try send(["123#01", "123#02"])
            let times = try receiver.next(2).map(\.timestamp)
            let reports = try manager.reports { $0.count == 2 }
            #expect(reports.map(\.timestamp) == times && times.allSatisfy { $0 != nil })
        }

        // MARK: Time

        @Test func aSilenceIsReportedOnceAndThenTheNextFrame() throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try manager.watch(key, .content(mask: [0xFF]), timeout: 50_000)
            // From the beginning on, without a frame.
            #expect(try manager.reports { !$0.isEmpty }.map(\.text) == ["timeout"])
            #expect(try !manager.isReady(within: 0.2))
            for _ in 0..<2 {
                // The second time although it is the same.
                try send(["123#01"])
                #expect(try manager.reports { $0.count >= 2 }.map(\.text) == ["123#01", "timeout"])
                #expect(try !manager.isReady(within: 0.2))
            }
        }

        @Test func theTimeoutCanWaitForTheFirstFrame() throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try manager.watch(key, .everyFrame, timeout: 50_000, startsTimer: false)
            #expect(try !manager.isReady(within: 0.3))
            try send(["123#01"])
            #expect(try manager.reports { $0.count == 2 }.map(\.text) == ["123#01", "timeout"])
        }

        @Test func changesInQuickSuccessionAreReportedAtTheEndOfTheTime() throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try manager.watch(key, .everyFrame, timeout: 2_000_000, throttle: 1_000_000)
            try send((0...9).map { "123#0\($0)" })
            // The first at once, the last later, and between them nothing.
            let reports = try manager.reports { $0.last?.text == "timeout" }
            #expect(reports.map(\.text) == ["123#00", "123#09", "timeout"])
        }

        @Test(arguments: [-1, 34_560_001_000_000] as [Int64]) func aTimeBeyond400DaysIsRefused(time: Int64) throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            for (timeout, throttle) in [(time, 0), (0, time)] as [(Int64, Int64)] {
                #expect(
                    refusal { () throws(SystemError) in
                        try manager.watch(key, .everyFrame, timeout: timeout, throttle: throttle)
                    } == .invalidArgument)
            }
            try manager.watch(
                key, .everyFrame, timeout: BroadcastManager.longestInterval,
                throttle: BroadcastManager.longestInterval)
        }

        // MARK: Answering

        @Test func remoteFramesAreAnswered() throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            let receiver = try RawSocket(interfaceIndex: bus.index)
            try manager.answer(remoteFramesOf: key.identifier, with: try Frame(cansend: "123#CAFE"))
            // Beside a watch of the identifier, whose key is another.
            try manager.watch(key, .everyFrame)
            try send(["123#R", "123#R2"])
            let answers = try receiver.nextFrames(4).map(\.cansend)
            #expect(answers.filter { $0 == "123#CAFE" }.count == 2)
            #expect(try manager.reports { $0.count == 2 }.map(\.text) == ["123#CAFE", "123#CAFE"])
            try manager.endWatch(.init(key.identifier, isRemote: true))
            try send(["123#R", "123#01"])
            #expect(try receiver.nextFrames(2).map(\.cansend) == ["123#R", "123#01"])
        }

        // MARK: The end

        @Test func anEndedWatchReportsNothing() throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            let other = BroadcastManager.WatchKey(Identifier(truncating: 0x124, extended: false))
            try manager.watch(key, .everyFrame, timeout: 1_000_000)
            try manager.watch(other, .everyFrame)
            try manager.endWatch(key)
            #expect(refusal { () throws(SystemError) in try manager.endWatch(key) } == .invalidArgument)
            #expect(
                refusal { () throws(SystemError) in try manager.endWatch(.init(other.identifier, isFD: true)) }
                    == .invalidArgument)
            #expect(try !manager.isReady(within: 1.2))
            #expect(try reported(manager, of: ["123#01", "124#01"]) == ["124#01"])
        }

        @Test func whatFoundTheBufferFullIsCounted() throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try manager.prepareForReports(receiveBuffer: 65536)
            try manager.watch(key, .everyFrame)
            let receiver = try RawSocket(interfaceIndex: bus.index)
            try receiver.setReceiveBuffer(bytes: 1 << 23)
            try send([String](repeating: "123#01", count: 2000))
            // All have passed the bus.
            let passed = try receiver.next(2000).count
            var read = 0
            let batch = ReportBatch()
            while try manager.receive(into: batch) > 0 { read += batch.count }
            #expect(read > 0 && read < passed)
            #expect(read + Int(try manager.dropCount()) == passed)
        }
    }

    @Suite struct BroadcastManagerWatchingLinkEventsTests {
        private let key = BroadcastManager.WatchKey(Identifier(truncating: 0x123, extended: false))

        @Test func aWatchOutlivesThatTheInterfaceIsDown() throws {
            let bus = try VirtualInterface()
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try manager.watch(key, .everyFrame, timeout: 100_000)
            try bus.set("down")
            #expect(refusal { () throws(SystemError) in try manager.receive(into: ReportBatch()) } == .networkDown)
            #expect(try manager.reports { !$0.isEmpty }.map(\.text) == ["timeout"])
            try bus.set("up")
            try RawSocket(interfaceIndex: bus.index).sendAll([try Frame(cansend: "123#01")])
            #expect(try manager.reports { !$0.isEmpty }.first?.text == "123#01")
        }

        @Test func oneCanBeginWhileItIsDown() throws {
            let bus = try VirtualInterface(isUp: false)
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try manager.watch(key, .everyFrame)
            try bus.set("up")
            try RawSocket(interfaceIndex: bus.index).sendAll([try Frame(cansend: "123#01")])
            #expect(try manager.reports { !$0.isEmpty }.map(\.text) == ["123#01"])
        }

        @Test func whatWasReportedOutlivesTheInterface() throws {
            let bus = try VirtualInterface()
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try manager.watch(key, .everyFrame)
            try RawSocket(interfaceIndex: bus.index).sendAll([try Frame(cansend: "123#01")])
            #expect(try manager.isReady(within: patience))
            bus.remove()
            let batch = ReportBatch()
            var refusals: [Errno] = []
            while let error = refusal({ () throws(SystemError) in try manager.receive(into: batch) }) {
                refusals.append(error)
            }
            #expect(refusals.last == .noSuchDevice)
            #expect(batch.watchReports.map(\.text) == ["123#01"])
            #expect(refusal { () throws(SystemError) in try manager.watch(key, .everyFrame) } == .notConnected)
        }
    }
}

extension BroadcastManager {
    fileprivate func isReady(within seconds: Double) throws(SystemError) -> Bool {
        try SocketCANTests.isReady(descriptor.number, within: seconds)
    }

    /// Waits for reports until they are all that is wanted; there are others when no more came in time.
    fileprivate func reports(until isAll: ([WatchReport]) -> Bool) throws(SystemError) -> [WatchReport] {
        let batch = ReportBatch()
        var reports: [WatchReport] = []
        while !isAll(reports), try isReady(within: patience) {
            _ = try receive(into: batch)
            reports += batch.watchReports
        }
        return reports
    }
}

extension ReportBatch {
    /// What the last call received of watches.
    fileprivate var watchReports: [WatchReport] {
        (0..<count).compactMap { if case .watch(let report) = self[$0] { report } else { nil } }
    }
}

extension WatchReport {
    /// The frame as cansend writes it, or `"timeout"`.
    fileprivate var text: String {
        switch content {
        case .changed(let frame): frame.cansend
        case .timeout: "timeout"
        }
    }
}
