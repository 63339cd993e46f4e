internal import Glibc
import Linux
internal import Synchronization
import Testing

@testable import EventLoop

@Suite struct WorkerTests {
    @Test func aResultComesBackToTheThreadOfTheLoop() throws {
        let loop = try EventLoop()
        let ours = pthread_self()
        var result: (value: Int, thread: pthread_t)?
        loop.offload({ (42, pthread_self()) }) { value, thread in
            #expect(pthread_self() == ours)
            result = (value, thread)
            loop.stop()
        }
        #expect(result == nil)
        try loop.run()
        #expect(result?.value == 42)
        #expect(result?.thread != ours)
    }

    @Test func workIsDoneInTheOrderOfTheCalls() throws {
        let loop = try EventLoop()
        let done = Mutex<[Int]>([])
        var returned: [Int] = []
        for number in 0..<100 {
            loop.offload({ done.withLock { $0.append(number) } }) {
                returned.append(number)
                if number == 99 { loop.stop() }
            }
        }
        try loop.run()
        #expect(done.withLock { $0 } == Array(0..<100))
        #expect(returned == Array(0..<100))
    }

    @Test func theLoopGoesOnWhileWorkBlocks() throws {
        let loop = try EventLoop()
        let pipe = try Pipe()
        let reader = pipe.readerNumber
        var events: [String] = []
        // The work waits for what only the loop's own timer does.
        loop.offload({
            var descriptor = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
            return unsafe poll(&descriptor, 1, 10_000)
        }) { ready in
            #expect(ready == 1)
            events.append("work")
            loop.stop()
        }
        loop.after(1_000_000) {
            events.append("timer")
            pipe.write()
        }
        try loop.run()
        #expect(events == ["timer", "work"])
    }

    @Test func whatIsBriefDoesNotWaitForOtherWork() throws {
        let loop = try EventLoop()
        let pipe = try Pipe()
        let reader = pipe.readerNumber
        var done: [Int] = []
        // It waits for what only the brief work brings about.
        loop.offload({
            var descriptor = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
            return unsafe poll(&descriptor, 1, 10_000)
        }) { ready in
            #expect(ready == 1)
            loop.stop()
        }
        for number in 0..<10 {
            loop.offloadBrief({ number }) { number in
                done.append(number)
                if number == 9 { pipe.write() }
            }
        }
        try loop.run()
        #expect(done == Array(0..<10))
    }

    @Test func aParcelBringsWhatCannotBeCopied() throws {
        let loop = try EventLoop()
        var value: Int32?
        loop.offloadBrief({ Parcel(Descriptor(owning: unsafe open("/dev/null", O_RDONLY))) }) { parcel in
            let descriptor = parcel.take()
            value = descriptor.number
            loop.stop()
        }
        try loop.run()
        #expect(value.map { $0 > 0 } == true)
    }

    @Test func whatIsDetachedDoesNotWaitForOtherWork() throws {
        let loop = try EventLoop()
        let pipe = try Pipe()
        let reader = pipe.readerNumber
        var done: [Int] = []
        for number in 0..<10 {
            // Each waits for what only the last one's end brings about, the worker's job as well.
            let wait: @Sendable () -> Int32 = {
                var descriptor = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
                return unsafe poll(&descriptor, 1, 10_000)
            }
            if number == 0 {
                loop.offload(wait) { #expect($0 == 1) }
            } else {
                loop.detach(wait) { ready in
                    #expect(ready == 1)
                    done.append(number)
                    if done.count == 10 { loop.stop() }
                }
            }
        }
        loop.detach({ 10 }) { number in
            done.append(number)
            pipe.write()
        }
        try loop.run()
        #expect(done.first == 10)
        #expect(done.sorted() == Array(1...10))
    }

    @Test func whatFollowsMayOffloadAgain() throws {
        let loop = try EventLoop()
        var steps: [Int] = []
        func step(_ number: Int) {
            loop.offload({ number * number }) { square in
                steps.append(square)
                if number < 3 { step(number + 1) } else { loop.stop() }
            }
        }
        step(1)
        try loop.run()
        #expect(steps == [1, 4, 9])
    }
}
