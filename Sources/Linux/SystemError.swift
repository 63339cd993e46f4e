internal import Glibc

/// A system call that failed: which one, and why.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Why it failed.
    public let errno: Errno
    /// The name of the call, as in section 2 of the manual.
    public let call: String

    /// Makes the error of a call.
    public init(_ errno: Errno, call: StaticString) {
        self.errno = errno
        self.call = call.description
    }

    /// Makes the error of a call that left an error number; nil for EINTR, upon which the call is to be made again.
    ///
    /// EBADF and EFAULT are defects of this program, never conditions to handle, and trap.
    public init?(checking number: Int32, call: StaticString) {
        switch number {
        case EINTR: return nil
        case EBADF, EFAULT: fatalError("\(call): \(Errno(rawValue: number))")
        default: self.init(Errno(rawValue: number), call: call)
        }
    }

    /// `bind: ENODEV (No such device)`.
    public var description: String { "\(call): \(errno)" }
}
