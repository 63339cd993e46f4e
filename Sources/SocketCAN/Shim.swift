internal import Linux

/// Turns the result of a C shim, a count or `-errno`, into a value or an error. EINTR is retried.
@discardableResult
func shim<Result: FixedWidthInteger & SignedInteger>(
    _ name: StaticString, _ body: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = body()
        if result >= 0 { return result }
        let error = Errno(rawValue: Int32(-result))
        if error != .interrupted { throw SystemError(error, call: name) }
    }
}
