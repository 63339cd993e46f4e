internal import JSON

extension JSONValue {
    /// A time in seconds as whole microseconds; nil for anything else.
    var microseconds: Int64? {
        switch self {
        case .integer(let seconds): Int64(exactly: Double(seconds) * 1e6)
        case .real(let seconds): Int64(exactly: (seconds * 1e6).rounded())
        default: nil
        }
    }
}
