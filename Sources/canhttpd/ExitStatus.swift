internal import Glibc

/// How the process ends when it does not end well (sysexits.h).
enum ExitStatus: Int32 {
    /// An address is taken, the kernel refuses something needed. The corresponding C constant is `EX_UNAVAILABLE`.
    case unavailable = 69
    /// The configuration is wrong. The corresponding C constant is `EX_CONFIG`.
    case configuration = 78

    /// Says why on standard error, and ends the process.
    func end(_ message: String) -> Never {
        let line = "canhttpd: \(message)\n"
        _ = unsafe line.withCString { unsafe write(STDERR_FILENO, $0, strlen($0)) }
        exit(rawValue)
    }
}
