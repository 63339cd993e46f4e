internal import Glibc

/// A file descriptor that is closed once, at the end of its owner's life.
public struct Descriptor: ~Copyable, Sendable {
    /// The number, for a system call. It is borrowed: it must not outlive the descriptor, nor be closed.
    public let number: Int32

    /// Takes over a descriptor that is open.
    public init(owning number: Int32) {
        precondition(number >= 0)
        self.number = number
    }

    /// Another number for the same file, which stays open until both are closed (fcntl(2), F_DUPFD_CLOEXEC).
    public func duplicate() throws(SystemError) -> Descriptor {
        Descriptor(owning: try systemCall("fcntl") { fcntl(number, F_DUPFD_CLOEXEC, 0) })
    }

    /// Gives up the number, to whoever closes it in another way.
    public consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }

    deinit {
        // EINTR is no reason to try again: Linux has let go of the number by then (close(2)).
        _ = close(number)
    }
}
