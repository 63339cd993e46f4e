internal import CEpoll
internal import Glibc
public import Linux

/// One thread that waits for everything the service waits for: descriptors, timers, and work finished elsewhere.
///
/// All of the service's state belongs to the thread that calls ``run()``, so none of it needs a lock. What would
/// block goes to ``offload(_:then:)``.
@safe public final class EventLoop {
    private let epoll: Descriptor
    private var watches: [Watch] = []
    private var freeWatches: [Int] = []
    var timers = TimerQueue()
    private var alarm: Alarm
    private let worker: Worker
    private let briefWorker: Worker
    private var completions: [Int: (any Sendable) -> Void] = [:]
    private var nextJob = 0
    private var isStopping = false
    private var events = unsafe [epoll_event](repeating: epoll_event(), count: 64)

    private var afterTurn: [() -> Bool] = []

    /// The monotonic time at which the present turn began, in nanoseconds.
    public private(set) var now: Int64 = Clock.monotonic

    /// Opens the loop and starts its worker threads.
    public init() throws(SystemError) {
        epoll = Descriptor(owning: try systemCall("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) })
        alarm = try Alarm()
        worker = try Worker()
        briefWorker = try Worker()
        _ = try watch(alarm.descriptor, for: .readable) { [unowned self] _ in alarm.acknowledge() }
        for worker in [worker, briefWorker] {
            _ = try watch(worker.finished, for: .readable) { [unowned self] _ in complete(worker.takeResults()) }
        }
    }

    // MARK: Running

    /// Serves events until ``stop()`` is called.
    public func run() throws(SystemError) {
        while !isStopping { try turn() }
    }

    /// Ends ``run()`` after the present turn.
    public func stop() { isStopping = true }

    private func turn() throws(SystemError) {
        let count = try wait()
        now = Clock.monotonic
        for index in 0..<count {
            let event = unsafe events[index]
            let key = unsafe event.data.u64
            let slot = Int(key & 0xFFFF_FFFF)
            // A handler that ran earlier in this turn may have cancelled this watch, or given its slot to another.
            guard slot < watches.count, watches[slot].generation == UInt32(key >> 32),
                let handler = watches[slot].handler
            else { continue }
            handler(Readiness(epoll: unsafe event.events))
        }
        fireTimers()
        finishTurn()
    }

    /// Adds something to do after each turn's descriptors and timers were served and before the loop waits again. It
    /// returns whether it did anything; then all are called once more, as one may have made work for another.
    public func addAfterTurn(_ action: @escaping () -> Bool) { afterTurn.append(action) }

    private func finishTurn() {
        var didWork = true
        while didWork {
            didWork = false
            for action in afterTurn where action() { didWork = true }
        }
    }

    private func wait() throws(SystemError) -> Int {
        let next = timers.nextDeadline
        let isDue = next.map { $0 <= now } ?? false
        if !isDue { try alarm.set(next) }
        let capacity = Int32(unsafe events.count)
        let count = try systemCall("epoll_wait") {
            unsafe epoll_wait(epoll.number, &events, capacity, isDue ? 0 : -1)
        }
        return Int(count)
    }

    // MARK: Descriptors

    /// Calls a handler whenever a descriptor is ready (level-triggered).
    ///
    /// - Parameters:
    ///   - descriptor: Open, and kept open until the watch is cancelled.
    ///   - interest: What to wait for; errors and hang-ups are reported in any case.
    ///   - handler: Called on the loop's thread.
    public func watch(
        _ descriptor: borrowing Descriptor, for interest: Interest,
        _ handler: @escaping (Readiness) -> Void
    ) throws(SystemError) -> WatchedDescriptor {
        try watch(number: descriptor.number, for: interest, handler)
    }

    /// Like ``watch(_:for:_:)``, by the descriptor's number.
    public func watch(
        number: Int32, for interest: Interest, _ handler: @escaping (Readiness) -> Void
    ) throws(SystemError) -> WatchedDescriptor {
        let slot: Int
        if let free = freeWatches.popLast() {
            slot = free
        } else {
            slot = watches.count
            watches.append(Watch())
        }
        watches[slot].handler = handler
        let watched = WatchedDescriptor(
            loop: self, number: number, slot: slot, generation: watches[slot].generation)
        do throws(SystemError) {
            try control(EPOLL_CTL_ADD, watched, interest)
        } catch {
            release(slot)
            throw error
        }
        return watched
    }

    func control(_ operation: Int32, _ watched: WatchedDescriptor, _ interest: Interest) throws(SystemError) {
        var event = unsafe epoll_event()
        unsafe event.events = interest.epoll
        unsafe event.data.u64 = UInt64(watched.generation) << 32 | UInt64(watched.slot)
        try systemCall("epoll_ctl") { unsafe epoll_ctl(epoll.number, operation, watched.number, &event) }
    }

    func release(_ slot: Int) {
        watches[slot].handler = nil
        watches[slot].generation &+= 1
        freeWatches.append(slot)
    }

    // MARK: Work elsewhere

    /// Runs something that may block on the worker thread, then hands what it returned back to the loop's thread.
    ///
    /// The worker does one thing at a time, in the order of the calls.
    public func offload<Result: Sendable>(
        _ work: @escaping @Sendable () -> Result, then: @escaping (Result) -> Void
    ) {
        worker.enqueue(id: expect(then), work)
    }

    /// Like ``offload(_:then:)`` on a second worker thread, for what takes no time, but may have to wait for a lock of
    /// the kernel: it does not wait for what takes its time as well.
    public func offloadBrief<Result: Sendable>(
        _ work: @escaping @Sendable () -> Result, then: @escaping (Result) -> Void
    ) {
        briefWorker.enqueue(id: expect(then), work)
    }

    /// Like ``offload(_:then:)`` on a thread of its own, for what may block so long that other work cannot wait for it.
    ///
    /// Whoever calls this bounds how many there are at once. Where no thread can be started, the worker does it.
    public func detach<Result: Sendable>(
        _ work: @escaping @Sendable () -> Result, then: @escaping (Result) -> Void
    ) {
        worker.detach(id: expect(then), work)
    }

    /// Keeps what is to follow a job; returns the job's number.
    private func expect<Result>(_ then: @escaping (Result) -> Void) -> Int {
        nextJob += 1
        completions[nextJob] = { then($0 as! Result) }
        return nextJob
    }

    private func complete(_ results: [(Int, any Sendable)]) {
        for (id, result) in results {
            completions.removeValue(forKey: id)?(result)
        }
    }
}

private struct Watch {
    var handler: ((Readiness) -> Void)?
    var generation: UInt32 = 0
}
