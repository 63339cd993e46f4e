internal import Glibc
import Linux
import Testing

@testable import EventLoop

@Suite struct EventLoopTests {
    /// A loop that ends the test when nothing else ends it.
    private func makeLoop() throws -> EventLoop {
        let loop = try EventLoop()
        loop.after(20_000_000_000) {
            Issue.record("nothing stopped the loop")
            loop.stop()
        }
        return loop
    }

    // MARK: Descriptors

    @Test func aHandlerIsCalledWhileItsDescriptorIsReady() throws {
        let loop = try makeLoop()
        let pipe = try Pipe()
        var calls = 0
        let watched = try loop.watch(number: pipe.readerNumber, for: .readable) { readiness in
            #expect(readiness.isReadable && !readiness.isWritable && !readiness.isClosed)
            calls += 1
            // The first call leaves the byte there, so that there is a second.
            if calls == 2 {
                pipe.read()
                loop.after(1_000_000) { loop.stop() }
            }
        }
        pipe.write()
        try loop.run()
        #expect(calls == 2)
        watched.cancel()
        watched.cancel()
    }

    @Test func whatIsWaitedForCanBeChanged() throws {
        let loop = try makeLoop()
        let pipe = try Pipe()
        var writable = 0
        let watched = try loop.watch(number: pipe.writerNumber, for: []) { readiness in
            #expect(readiness.isWritable && !readiness.isReadable)
            writable += 1
            loop.stop()
        }
        loop.after(1_000_000) {
            #expect(writable == 0)
            #expect(throws: Never.self) { try watched.update(.writable) }
        }
        try loop.run()
        #expect(writable == 1)
        watched.cancel()
    }

    @Test func aPeerThatIsGoneIsReportedInAnyCase() throws {
        let loop = try makeLoop()
        let pipe = try Pipe()
        var readiness: Readiness?
        let watched = try loop.watch(number: pipe.writerNumber, for: []) {
            readiness = $0
            loop.stop()
        }
        pipe.closeReader()
        try loop.run()
        #expect(readiness?.isClosed == true)
        watched.cancel()
    }

    @Test func whatCannotBeWatchedIsAnError() throws {
        let loop = try makeLoop()
        let pipe = try Pipe()
        let watched = try loop.watch(number: pipe.readerNumber, for: .readable) { _ in }
        #expect(throws: SystemError(.exists, call: "epoll_ctl")) {
            try loop.watch(number: pipe.readerNumber, for: .readable) { _ in }
        }
        watched.cancel()
        // The place of the failed one is free again.
        try loop.watch(number: pipe.readerNumber, for: .readable) { _ in }.cancel()
    }

    @Test func aWatchCanBeCancelledInItsOwnHandler() throws {
        let loop = try makeLoop()
        let pipe = try Pipe()
        var calls = 0
        var watched: WatchedDescriptor?
        watched = try loop.watch(number: pipe.readerNumber, for: .readable) { _ in
            calls += 1
            watched?.cancel()
            loop.after(1_000_000) { loop.stop() }
        }
        pipe.write()
        try loop.run()
        #expect(calls == 1)
    }

    @Test func aWatchCanBeCancelledInAnotherHandlerOfTheTurn() throws {
        let loop = try makeLoop()
        let pipes = [try Pipe(), try Pipe()]
        var calls = 0
        var watches: [WatchedDescriptor] = []
        // Both are ready in the same turn; whichever is served first cancels both.
        for pipe in pipes {
            pipe.write()
            watches.append(
                try loop.watch(number: pipe.readerNumber, for: .readable) { _ in
                    calls += 1
                    for watched in watches { watched.cancel() }
                    loop.after(1_000_000) { loop.stop() }
                })
        }
        try loop.run()
        #expect(calls == 1)
    }

    @Test func aNumberThatIsReusedInTheSameTurnIsNotTakenForTheOldOne() throws {
        let loop = try makeLoop()
        // Numbers that no other test of this process takes.
        let pipes = [try Pipe(readerFrom: 900), try Pipe(readerFrom: 900)]
        var served = 0
        var strays = 0
        var watches: [WatchedDescriptor] = []
        var successor: Pipe?
        for (index, pipe) in pipes.enumerated() {
            pipe.write()
            watches.append(
                try loop.watch(number: pipe.readerNumber, for: .readable) { _ in
                    served += 1
                    for watched in watches { watched.cancel() }
                    // The turn still holds the event of the other pipe. Its number goes to one that has nothing to read.
                    let other = pipes[1 - index]
                    let number = other.readerNumber
                    other.closeReader()
                    successor = try? Pipe(readerFrom: number)
                    #expect(successor?.readerNumber == number)
                    watches = (try? loop.watch(number: number, for: .readable) { _ in strays += 1 }).map { [$0] } ?? []
                    loop.after(1_000_000) { loop.stop() }
                })
        }
        try loop.run()
        #expect(served == 1)
        #expect(strays == 0)
        #expect(watches.count == 1)
        for watched in watches { watched.cancel() }
    }

    // MARK: Turns

    @Test func workAfterATurnIsRepeatedUntilThereIsNone() throws {
        let loop = try makeLoop()
        var work = [3, 0]
        var calls: [String] = []
        loop.addAfterTurn {
            guard work[0] > 0 else { return false }
            work[0] -= 1
            work[1] += 1
            calls.append("a")
            return true
        }
        loop.addAfterTurn {
            guard work[1] > 0 else { return false }
            work[1] -= 1
            calls.append("b")
            return true
        }
        loop.after(0) { loop.stop() }
        try loop.run()
        #expect(calls == ["a", "b", "a", "b", "a", "b"])
    }

    @Test func aTurnHasOneTime() throws {
        let loop = try makeLoop()
        let before = Clock.monotonic
        var times: [Int64] = []
        for _ in 0..<3 {
            loop.at(before) {
                let start = Clock.monotonic
                while Clock.monotonic - start < 100_000 {}
                times.append(loop.now)
            }
        }
        loop.after(1_000_000) { loop.stop() }
        try loop.run()
        #expect(Set(times).count == 1 && times.count == 3)
        #expect(loop.now > before)
    }
}
