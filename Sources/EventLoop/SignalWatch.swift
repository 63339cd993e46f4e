internal import CEpoll
internal import Glibc
public import Linux

/// SIGTERM and SIGINT, blocked so that they arrive as events of a loop instead of interrupting it (signalfd(2)).
public struct SignalSet: ~Copyable {
    private let descriptor: Descriptor

    /// Blocks the signals in this thread and those that it starts, so start none before.
    ///
    /// SIGPIPE is ignored: a peer that went away is an error of the write, not the end of the process.
    public init() throws(SystemError) {
        signal(SIGPIPE, SIG_IGN)
        var set = sigset_t()
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, SIGTERM)
        unsafe sigaddset(&set, SIGINT)
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        descriptor = Descriptor(
            owning: try systemCall("signalfd") { unsafe signalfd(-1, &set, Int32(SFD_NONBLOCK | SFD_CLOEXEC)) })
    }

    /// Calls a handler for each signal that comes, until the watch goes.
    public consuming func watch(
        on loop: EventLoop, handler: @escaping () -> Void
    ) throws(SystemError) -> SignalWatch {
        try SignalWatch(descriptor, on: loop, handler)
    }
}

/// Calls a handler for each signal of a ``SignalSet``.
public final class SignalWatch {
    private let descriptor: Descriptor
    private var watched: WatchedDescriptor?

    init(_ descriptor: consuming Descriptor, on loop: EventLoop, _ handler: @escaping () -> Void) throws(SystemError) {
        self.descriptor = descriptor
        watched = try loop.watch(self.descriptor, for: .readable) { [unowned self] _ in
            var information = signalfd_siginfo()
            let size = MemoryLayout<signalfd_siginfo>.size
            while unsafe read(self.descriptor.number, &information, size) == size { handler() }
        }
    }
}
