internal import Glibc

/// Runs a system call and returns its result, or throws the errno that it left (``SystemError/init(checking:call:)``).
///
/// EINTR is retried; EBADF and EFAULT trap. No other Swift code reads the errno.
///
/// - Parameters:
///   - name: The name of the call, for the error.
///   - body: The call. It fails by returning -1.
/// - Throws: ``SystemError``.
@discardableResult
@inlinable
public func systemCall<Result: FixedWidthInteger & SignedInteger>(
    _ name: StaticString, _ body: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = body()
        if result != -1 { return result }
        if let error = lastError(of: name) { throw error }
    }
}

@usableFromInline
func lastError(of call: StaticString) -> SystemError? { SystemError(checking: errno, call: call) }
