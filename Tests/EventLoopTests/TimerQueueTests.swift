import Linux
import Testing

@testable import EventLoop

@Suite struct TimerQueueTests {
    // MARK: The queue

    @Test func theEarliestComesFirst() {
        var queue = TimerQueue()
        #expect(queue.nextDeadline == nil)
        // Every order of 0..<101 that a step prime to 101 makes.
        for step in 1..<101 {
            for index in 0..<101 { queue.add(Timer(deadline: Int64(index * step % 101)) {}) }
            var deadlines: [Int64] = []
            while let timer = queue.popDue(at: 100) { deadlines.append(timer.deadline) }
            #expect(deadlines == Array(0...100))
        }
        #expect(queue.nextDeadline == nil)
    }

    @Test func cancelledTimersDoNotPileUp() {
        var queue = TimerQueue()
        let kept = Timer(deadline: 1 << 60) {}
        queue.add(kept)
        weak var cancelled: Timer?
        for deadline in 0..<1000 {
            let timer = Timer(deadline: Int64(1000 - deadline)) {}
            if deadline == 0 { cancelled = timer }
            queue.add(timer)
            timer.cancel()
        }
        #expect(cancelled == nil)
        while queue.popDue(at: 1001) != nil {}
        #expect(queue.popDue(at: .max) === kept)
    }

    @Test func onlyWhatIsDueComesOut() {
        var queue = TimerQueue()
        for deadline in [5, 3, 9, 3] as [Int64] { queue.add(Timer(deadline: deadline) {}) }
        #expect(queue.popDue(at: 2) == nil)
        #expect(queue.popDue(at: 3)?.deadline == 3)
        #expect(queue.popDue(at: 4)?.deadline == 3)
        #expect(queue.popDue(at: 4) == nil)
        #expect(queue.nextDeadline == 5)
        #expect(queue.popDue(at: .max)?.deadline == 5)
        #expect(queue.popDue(at: .max)?.deadline == 9)
        #expect(queue.popDue(at: .max) == nil)
    }

    // MARK: On a loop

    @Test func timersRunInTheOrderOfTheirTimes() throws {
        let loop = try EventLoop()
        let start = Clock.monotonic
        var order: [Int64] = []
        for delay in [5, 1, 4, 2, 3] as [Int64] {
            loop.at(start + delay * 2_000_000) {
                #expect(Clock.monotonic >= start + delay * 2_000_000)
                order.append(delay)
                if order.count == 5 { loop.stop() }
            }
        }
        try loop.run()
        #expect(order == [1, 2, 3, 4, 5])
    }

    @Test func aCancelledTimerDoesNotRun() throws {
        let loop = try EventLoop()
        var ran: [String] = []
        let cancelled = loop.after(1_000_000) { ran.append("cancelled") }
        let later = loop.after(3_000_000) { ran.append("later") }
        loop.after(2_000_000) {
            ran.append("kept")
            later.cancel()
        }
        cancelled.cancel()
        loop.after(5_000_000) { loop.stop() }
        try loop.run()
        #expect(ran == ["kept"])
    }

    @Test func aTimerRunsOnce() throws {
        let loop = try EventLoop()
        var count = 0
        var timer: Timer?
        timer = loop.after(0) {
            count += 1
            timer?.cancel()
        }
        loop.after(3_000_000) { loop.stop() }
        try loop.run()
        timer?.cancel()
        #expect(count == 1)
    }

    @Test func aCancelledTimerLetsGoOfWhatItHeld() throws {
        final class Token {}
        let loop = try EventLoop()
        weak var token: Token?
        let timer: Timer
        do {
            let held = Token()
            token = held
            timer = loop.after(1_000_000_000_000) { _ = held }
        }
        #expect(token != nil)
        timer.cancel()
        #expect(token == nil)
    }

    @Test func aTimeThatHasPassedComesInTheNextTurn() throws {
        // A timer that sets itself again must not keep the descriptors from being served.
        let loop = try EventLoop()
        let pipe = try Pipe()
        var rounds = 0
        var served = 0
        func again() {
            rounds += 1
            if rounds < 1000 { loop.at(0, again) } else { loop.stop() }
        }
        loop.at(0) {
            pipe.write()
            again()
        }
        let watched = try loop.watch(number: pipe.readerNumber, for: .readable) { _ in
            served = rounds
            loop.stop()
        }
        try loop.run()
        #expect((1..<1000).contains(served))
        watched.cancel()
    }
}
