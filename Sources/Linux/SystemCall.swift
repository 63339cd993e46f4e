internal import Glibc

/// Runs a system call and returns its result, or throws the errno that it left.
///
/// EINTR is retried. EBADF and EFAULT are defects of this program, never conditions to handle, and trap.
/// The errno is read here and nowhere else.
///
/// - Parameters:
///   - name: The name of the call, for the error.
///   - body: The call. It fails by returning -1.
/// - Throws: ``SystemError``.
@discardableResult
public func systemCall<Result: FixedWidthInteger & SignedInteger>(
    _ name: StaticString, _ body: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = body()
        if result != -1 { return result }
        let code = errno
        switch code {
        case EINTR: continue
        case EBADF, EFAULT: fatalError("\(name): \(Errno(rawValue: code))")
        default: throw SystemError(Errno(rawValue: code), call: name)
        }
    }
}
