import CAN
import Linux
import SocketCAN
import Testing

extension KernelTests {
    @Suite(.sharedInterface) struct BroadcastManagerScheduleTests {
        private let bus: VirtualInterface
        private let key = BroadcastManager.Key(1, isFD: false)
        private let clock = BroadcastManager.Key(2, isFD: false)
        private let first: Frame
        private let second: Frame

        init() throws {
            bus = try SharedInterface.get()
            first = try Frame(cansend: "101#01")
            second = try Frame(cansend: "101#02")
        }

        /// A receiver whose messages all have a time.
        private func timedReceiver() throws -> RawSocket {
            let receiver = try RawSocket(interfaceIndex: bus.index)
            try receiver.startTimestamps(from: try RawSocket(interfaceIndex: bus.index), sending: first)
            return receiver
        }

        /// The times between messages, in milliseconds.
        private func gaps(_ messages: [Reception]) throws -> [Double] {
            let times = try messages.map { try #require($0.timestamp) }
            return zip(times, times.dropFirst()).map { Double($1 - $0) / 1e6 }
        }

        /// Whether one attempt of ten shows something that a machine with other things to do may hide.
        private func isSeen(_ attempt: () throws -> Bool) rethrows -> Bool {
            for _ in 0..<10 where try attempt() { return true }
            return false
        }

        @Test func theFirstIntervalHoldsForTheCountAndThenTheSecond() throws {
            let isSeen = try isSeen {
                let manager = try BroadcastManager(interfaceIndex: bus.index)
                let receiver = try timedReceiver()
                try manager.start(key, [first], .init(count: 4, initialInterval: 20_000, interval: 200_000))
                // Of the four the first goes at once; a timer may be late, but is never early.
                let gaps = try gaps(Array(try receiver.next(6).prefix(6)))
                #expect(gaps.count == 5)
                #expect(gaps.allSatisfy { $0 >= 19.5 } && gaps.suffix(2).allSatisfy { $0 >= 199.5 }, "\(gaps)")
                #expect(try manager.expired(1) == [key])
                return gaps.prefix(3).allSatisfy { $0 < 199.5 }
            }
            #expect(isSeen, "the second interval held from the beginning")
        }

        @Test func withoutASecondIntervalItEndsAfterTheCount() throws {
            let receiver = try RawSocket(interfaceIndex: bus.index)
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try manager.start(key, [first, second], .init(count: 5, initialInterval: 2000, interval: 0))
            #expect(try receiver.nextFrames(5) == [first, second, first, second, first])
            #expect(try manager.expired(1) == [key])
            #expect(try !receiver.isReady(within: 0.03))
            #expect(try manager.sentCounts() == [key: 5])
        }

        @Test func aCountOfOneIsNeverReportedAsExpired() throws {
            let receiver = try RawSocket(interfaceIndex: bus.index)
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try manager.start(key, [first], .init(count: 1, initialInterval: 1000, interval: 0))
            try manager.start(clock, [second], .init(count: 3, initialInterval: 10_000, interval: 0))
            #expect(try receiver.nextFrames(4) == [first, second, second, second])
            // Long after, only the other one's end is told.
            #expect(try manager.expired(1) == [clock])
            #expect(try manager.sentCounts() == [key: 1, clock: 3])
        }

        @Test func aSequenceWithoutACountIsNeverReportedAsExpired() throws {
            let receiver = try RawSocket(interfaceIndex: bus.index)
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            try manager.start(key, [first], .init(interval: 2000))
            #expect(try receiver.nextFrames(5).count >= 5)
            #expect(try manager.expired(0) == [])
            #expect(try #require(try manager.sentCounts()[key]) >= 5)
        }

        @Test func anUpdateChangesTheFramesButNotThePhase() throws {
            let isSeen = try isSeen {
                let manager = try BroadcastManager(interfaceIndex: bus.index)
                let receiver = try timedReceiver()
                try manager.start(key, [first], .init(interval: 400_000))
                let half = BroadcastManager.Schedule(count: 2, initialInterval: 200_000, interval: 0)
                try manager.start(clock, [try Frame(cansend: "102#")], half)
                // Half-way between two frames, as the second of the other sequence says.
                let before = try receiver.next(3)
                try manager.update(key, [second], reportsExpiry: false)
                let after = try receiver.next(1)
                guard after.map(\.message) == [.frame(second)] else { return false }
                let period = try #require(try gaps([before[0]] + after).first)
                #expect(period >= 399.5)
                return period < 599.5
            }
            #expect(isSeen, "the frames were not changed in time, or the timer was started over")
        }

        @Test func anUpdateKeepsTheCountAndWhetherItsEndIsTold() throws {
            for reportsExpiry in [true, false] {
                let isSeen = try isSeen {
                    let receiver = try RawSocket(interfaceIndex: bus.index)
                    let manager = try BroadcastManager(interfaceIndex: bus.index)
                    try manager.start(key, [first], .init(count: 3, initialInterval: 400_000, interval: 0))
                    guard try receiver.nextFrames(1) == [first] else { return false }
                    try manager.update(key, [second], reportsExpiry: reportsExpiry)
                    guard try receiver.nextFrames(2) == [second, second] else { return false }
                    try manager.start(clock, [first], .init(count: 2, initialInterval: 1000, interval: 0))
                    let expired = reportsExpiry ? [key, clock] : [clock]
                    #expect(try manager.expired(expired.count) == expired)
                    return true
                }
                #expect(isSeen, "the frames were not changed in time, or the count began anew")
            }
        }

        @Test func aNewScheduleHoldsFromTheNextTimeOrAtOnce() throws {
            let receiver = try timedReceiver()
            let manager = try BroadcastManager(interfaceIndex: bus.index)
            let often = BroadcastManager.Schedule(interval: 20_000)
            try manager.start(key, [first], .init(interval: 400_000))
            _ = try receiver.next(1)
            try manager.reschedule(key, [first], often, restarting: false)
            let quiet = try receiver.next(2)
            #expect(try #require(try gaps(quiet).first) >= 19.5)
            try manager.start(key, [first], .init(interval: 3_600_000_000))
            _ = try receiver.next(1)
            _ = try receiver.queued()
            // Started over, it sends at once and does not wait for the hour.
            try manager.reschedule(key, [second], often, restarting: true)
            // Earlier frames may still have been on their way.
            #expect(try receiver.nextFrames(6).drop { $0 == first }.prefix(3) == [second, second, second])
        }
    }
}
