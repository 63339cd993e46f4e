internal import CEpoll
internal import Glibc
public import Linux

/// Signals that arrive as events of a loop instead of interrupting it (signalfd(2)).
public final class SignalWatch {
    private let descriptor: Descriptor
    private var watched: WatchedDescriptor?

    /// Blocks SIGTERM and SIGINT in this thread (start no thread before) and calls a handler for each that comes.
    ///
    /// SIGPIPE is ignored: a peer that went away is an error of the write, not the end of the process.
    public init(on loop: EventLoop, handler: @escaping () -> Void) throws(SystemError) {
        signal(SIGPIPE, SIG_IGN)
        var set = sigset_t()
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, SIGTERM)
        unsafe sigaddset(&set, SIGINT)
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        descriptor = Descriptor(
            owning: try systemCall("signalfd") {
                unsafe signalfd(-1, &set, Int32(SFD_NONBLOCK | SFD_CLOEXEC))
            })
        watched = try loop.watch(descriptor, for: .readable) { [unowned self] _ in
            var information = signalfd_siginfo()
            let size = MemoryLayout<signalfd_siginfo>.size
            while unsafe read(descriptor.number, &information, size) == size { handler() }
        }
    }
}
