internal import Linux

/// Turns the result of a C shim, a count or `-errno`, into a value or an error, as `systemCall` does.
@discardableResult
func shim<Result: FixedWidthInteger & SignedInteger>(
    _ name: StaticString, _ body: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = body()
        if result >= 0 { return result }
        if let error = SystemError(checking: Int32(-result), call: name) { throw error }
    }
}
