import CAN
import Linux
import SocketCAN
import Testing

extension KernelTests {
    @Suite(.sharedInterface) struct BroadcastManagerTests {
        private let bus: VirtualInterface
        private let key = BroadcastManager.Key(1, isFD: false)
        private let fdKey = BroadcastManager.Key(1, isFD: true)
        /// As good as never.
        private let rarely = BroadcastManager.Schedule(interval: 3_600_000_000)

        init() throws { bus = try SharedInterface.get() }

        private func frames(_ texts: String...) throws -> [Frame] { try texts.map { try Frame(cansend: $0) } }

        // MARK: Sequences

        @Test(arguments: [1, 2, 255, 256])
        func theFramesOfASequenceGoOutInTurn(count: Int) throws {
            let receiver = try RawSocket(interfaceIndex: bus.index)
            try receiver.setReceiveBuffer(bytes: 1 << 20)
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            let sequence = try (0..<count).map {
                try Frame.data(Identifier(truncating: UInt32($0), extended: !$0.isMultiple(of: 3)), [UInt8($0)])
            }
            // One more than there are, so that the first comes again.
            try manager.start(key, sequence, .init(count: UInt32(count + 1), initialInterval: 500, interval: 0))
            #expect(try receiver.nextFrames(count + 1) == sequence + [sequence[0]])
            #expect(try manager.expired(1) == [key])
        }

        @Test func everyKindOfFrameGoesOut() throws {
            let receiver = try RawSocket(interfaceIndex: bus.index)
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            let classic = try frames(
                "123#DEADBEEF", "18DAF110#", "123#R4", "00000123#R", "123#0102030405060708_9", "123#R8_C")
            let fd = try frames(
                "123##0", "18DAF110##30102", "123##1" + String(repeating: "A5", count: 64),
                "123##2000102030405060708090A0B")
            try manager.start(key, classic, .init(count: 6, initialInterval: 1000, interval: 0))
            #expect(try receiver.nextFrames(6) == classic)
            try manager.start(fdKey, fd, .init(count: 4, initialInterval: 1000, interval: 0))
            #expect(try receiver.nextFrames(4) == fd)
            #expect(try manager.expired(2) == [key, fdKey])
        }

        @Test func noneAndMoreThan256AreRefused() throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            let frame = try Frame(cansend: "123#")
            for count in [0, 257, 258, 1000] {
                let sequence = [Frame](repeating: frame, count: count)
                #expect(
                    refusal { () throws(SystemError) in try manager.start(key, sequence, rarely) } == .invalidArgument)
            }
            #expect(try manager.sentCounts().isEmpty)
        }

        @Test func severalSequencesRunOnOneSocket() throws {
            let receiver = try RawSocket(interfaceIndex: bus.index)
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            let keys = (0..<5).map { BroadcastManager.Key($0 * 53_687_091, isFD: false) }
            // All on the same identifier, which their keys do not depend on.
            for (index, key) in keys.enumerated() {
                try manager.start(
                    key, [try .data(Identifier(truncating: 0x123, extended: false), [UInt8(index)])], rarely)
            }
            let payloads: [Frame] = try (0..<5).map { try .data(Identifier(truncating: 0x123, extended: false), [$0]) }
            #expect(try receiver.nextFrames(5) == payloads)
            #expect(try manager.sentCounts() == Dictionary(uniqueKeysWithValues: keys.map { ($0, 1) }))
            for key in keys.dropLast() { try manager.delete(key) }
            #expect(try manager.sentCounts() == [keys[4]: 1])
        }

        // MARK: Changing a sequence

        @Test func itMayShrinkButNotGrow() throws {
            let receiver = try RawSocket(interfaceIndex: bus.index)
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            let often = BroadcastManager.Schedule(interval: 1000)
            let four = try frames("101#", "102#", "103#", "104#")
            let two = Array(four.prefix(2))
            try manager.start(key, four, often)
            #expect(try receiver.nextFrames(4).prefix(4) == four[...])
            try manager.update(key, two, reportsExpiry: false)
            // What was on its way comes before.
            _ = try receiver.nextFrames(4)
            #expect(Set(try receiver.nextFrames(8)) == Set(two))
            for more in [3, 4, 5] {
                let sequence = (0..<more).map { four[$0 % 4] }
                #expect(
                    refusal { () throws(SystemError) in try manager.update(key, sequence, reportsExpiry: false) }
                        == .argumentListTooLong)
            }
            #expect(refusal { () throws(SystemError) in try manager.start(key, four, often) } == .argumentListTooLong)
            #expect(Set(try receiver.nextFrames(8)) == Set(two))
            // Deleted and set up anew it may be of any size.
            try manager.delete(key)
            _ = try receiver.queued()
            // One of before may still be on its way.
            let others = try frames("111#", "112#", "113#", "114#")
            try manager.start(key, others, often)
            #expect(try receiver.nextFrames(6).filter { others.contains($0) }.prefix(4) == others[...])
        }

        @Test func theKernelTakesIntervalsToTheMicrosecond() throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try manager.start(
                key, try frames("123#01", "18DAF110#R2"),
                .init(count: 1000, initialInterval: 1_800_000_001, interval: BroadcastManager.longestInterval))
            let listing = try manager.listing()
            #expect(listing.count == 1)
            #expect(listing.first?.hasSuffix("[2] t1=1800000001 t2=34560000000000 # sent 1") == true, "\(listing)")
        }

        @Test(arguments: [-1, 34_560_001_000_000, .max] as [Int64])
        func anIntervalBeyond400DaysIsRefused(interval: Int64) throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            let sequence = try frames("123#")
            for schedule in [
                BroadcastManager.Schedule(interval: interval),
                .init(count: 1, initialInterval: interval, interval: 1_000_000),
            ] {
                #expect(
                    refusal { () throws(SystemError) in try manager.start(key, sequence, schedule) } == .invalidArgument
                )
            }
        }

        @Test func anUnknownKeyIsRefused() throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            #expect(refusal { () throws(SystemError) in try manager.delete(key) } == .invalidArgument)
            try manager.start(key, try frames("123#"), rarely)
            try manager.delete(key)
            #expect(refusal { () throws(SystemError) in try manager.delete(key) } == .invalidArgument)
        }

        @Test func fdAndClassicKeysAreApart() throws {
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            let counted = BroadcastManager.Schedule(count: 2, initialInterval: 1000, interval: 3_600_000_000)
            try manager.start(key, try frames("123#01"), rarely)
            #expect(refusal { () throws(SystemError) in try manager.delete(fdKey) } == .invalidArgument)
            try manager.start(fdKey, try frames("123##001", "123##002"), counted)
            #expect(try manager.expired(1) == [fdKey])
            try manager.start(key, try frames("123#01"), counted)
            #expect(try manager.expired(1) == [key])
            #expect(Set(try manager.sentCounts().keys) == [key, fdKey])
            try manager.delete(key)
            #expect(Array(try manager.sentCounts().keys) == [fdKey])
            #expect(refusal { () throws(SystemError) in try manager.delete(key) } == .invalidArgument)
        }

        @Test func sequencesEndWithTheirSocket() throws {
            let receiver = try RawSocket(interfaceIndex: bus.index)
            do {
                let manager = try BroadcastManager(interfaceIndex: bus.index)
                try manager.start(key, try frames("123#01"), .init(interval: 5000))
                #expect(try receiver.nextFrames(3).count >= 3)
            }
            _ = try receiver.queued()
            // The next frame is the one that is sent here, not one of the sequence.
            let sender = try RawSocket(interfaceIndex: bus.index)
            #expect(try !receiver.isReady(within: 0.05))
            #expect(try sender.send(try frames("124#")[...]) == 1)
            #expect(try receiver.nextFrames(1).map(\.cansend) == ["124#"])
        }
    }
}
