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

    /// `bind: ENODEV (No such device)`.
    public var description: String { "\(call): \(errno)" }
}
