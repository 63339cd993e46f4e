/// Deadlines in a binary heap; a cancelled timer stays in it, empty, until its time or until they become many.
struct TimerQueue {
    private var heap: [Timer] = []
    /// Cancelled timers are swept out when the heap has grown to this size.
    private var sweepSize = 64

    /// The earliest deadline, nil when there is none.
    var nextDeadline: Int64? { heap.first?.deadline }

    mutating func add(_ timer: Timer) {
        if heap.count >= sweepSize {
            let waiting = heap.filter { !$0.isDone }
            heap = []
            for timer in waiting { insert(timer) }
            sweepSize = max(64, 2 * waiting.count)
        }
        insert(timer)
    }

    private mutating func insert(_ timer: Timer) {
        heap.append(timer)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if heap[parent].deadline <= heap[child].deadline { break }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    /// Removes and returns the earliest timer if its time has come.
    mutating func popDue(at now: Int64) -> Timer? {
        guard let first = heap.first, first.deadline <= now else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDown()
        }
        return first
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].deadline < heap[least].deadline {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

extension EventLoop {
    /// Calls an action once, after so many nanoseconds.
    @discardableResult
    public func after(_ nanoseconds: Int64, _ action: @escaping () -> Void) -> Timer {
        at(now + nanoseconds, action)
    }

    /// Calls an action once, at a monotonic time in nanoseconds; in the next turn when that has passed.
    @discardableResult
    public func at(_ deadline: Int64, _ action: @escaping () -> Void) -> Timer {
        let timer = Timer(deadline: deadline, action: action)
        timers.add(timer)
        return timer
    }

    func fireTimers() {
        // Taken out first: one that an action adds for a time that has passed waits for the next turn.
        var due: [Timer] = []
        while let timer = timers.popDue(at: now) { due.append(timer) }
        for timer in due {
            let action = timer.action
            timer.action = nil
            action?()
        }
    }
}

/// An action that an ``EventLoop`` will call, unless it is cancelled first.
public final class Timer {
    let deadline: Int64
    var action: (() -> Void)?

    init(deadline: Int64, action: @escaping () -> Void) {
        self.deadline = deadline
        self.action = action
    }

    /// Whether it has run or was cancelled.
    public var isDone: Bool { action == nil }

    /// Takes the action back. After it has run, this does nothing.
    public func cancel() { action = nil }
}
