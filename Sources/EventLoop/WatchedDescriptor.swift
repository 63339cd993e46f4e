internal import CEpoll
internal import Glibc
public import Linux

/// A descriptor that an ``EventLoop`` watches, until it is cancelled.
public final class WatchedDescriptor {
    private unowned let loop: EventLoop
    let number: Int32
    let slot: Int
    let generation: UInt32
    private var isActive = true

    init(loop: EventLoop, number: Int32, slot: Int, generation: UInt32) {
        self.loop = loop
        self.number = number
        self.slot = slot
        self.generation = generation
    }

    /// Changes what is waited for.
    public func update(_ interest: Interest) throws(SystemError) {
        precondition(isActive)
        try loop.control(EPOLL_CTL_MOD, self, interest)
    }

    /// Ends the watch. The descriptor must still be open. More calls do nothing.
    public func cancel() {
        guard isActive else { return }
        isActive = false
        try? loop.control(EPOLL_CTL_DEL, self, [])
        loop.release(slot)
    }
}
