internal import CLinux
internal import Glibc

/// An error number of the kernel.
public struct Errno: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number, positive.
    public let rawValue: Int32

    /// Makes an errno of its number.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The symbolic name, `"ENETDOWN"`; the number in digits for one that the C library does not know.
    public var name: String {
        guard let name = unsafe strerrorname_np(rawValue) else { return "\(rawValue)" }
        return unsafe String(cString: name)
    }

    /// The C library's sentence, `"Network is down"`.
    public var message: String {
        guard let text = unsafe strerrordesc_np(rawValue) else { return "unknown error" }
        return unsafe String(cString: text)
    }

    /// `ENETDOWN (Network is down)`.
    public var description: String { "\(name) (\(message))" }

    /// The corresponding C constant is `EPERM`.
    public static let notPermitted = Errno(rawValue: EPERM)
    /// The corresponding C constant is `ENOENT`.
    public static let noSuchEntry = Errno(rawValue: ENOENT)
    /// The corresponding C constant is `ENXIO`.
    public static let noSuchAddress = Errno(rawValue: ENXIO)
    /// The corresponding C constant is `EAGAIN`.
    public static let wouldBlock = Errno(rawValue: EAGAIN)
    /// The corresponding C constant is `EACCES`.
    public static let accessDenied = Errno(rawValue: EACCES)
    /// The corresponding C constant is `ENODEV`.
    public static let noSuchDevice = Errno(rawValue: ENODEV)
    /// The corresponding C constant is `EINVAL`.
    public static let invalidArgument = Errno(rawValue: EINVAL)
    /// The corresponding C constant is `ERANGE`.
    public static let outOfRange = Errno(rawValue: ERANGE)
    /// The corresponding C constant is `ENETDOWN`.
    public static let networkDown = Errno(rawValue: ENETDOWN)
    /// The corresponding C constant is `ENOBUFS`.
    public static let noBufferSpace = Errno(rawValue: ENOBUFS)
    /// The corresponding C constant is `ENOTCONN`.
    public static let notConnected = Errno(rawValue: ENOTCONN)
    /// The corresponding C constant is `EAFNOSUPPORT`.
    public static let addressFamilyNotSupported = Errno(rawValue: EAFNOSUPPORT)
    /// The corresponding C constant is `EPROTONOSUPPORT`.
    public static let protocolNotSupported = Errno(rawValue: EPROTONOSUPPORT)
    /// The corresponding C constant is `EMSGSIZE`.
    public static let messageTooLong = Errno(rawValue: EMSGSIZE)
    /// The corresponding C constant is `ECOMM`.
    public static let communicationError = Errno(rawValue: ECOMM)
    /// The corresponding C constant is `ETIMEDOUT`.
    public static let timedOut = Errno(rawValue: ETIMEDOUT)
    /// The corresponding C constant is `EILSEQ`.
    public static let illegalSequence = Errno(rawValue: EILSEQ)
    /// The corresponding C constant is `EBADMSG`.
    public static let badMessage = Errno(rawValue: EBADMSG)
    /// The corresponding C constant is `EADDRNOTAVAIL`.
    public static let addressNotAvailable = Errno(rawValue: EADDRNOTAVAIL)
    /// The corresponding C constant is `EEXIST`.
    public static let exists = Errno(rawValue: EEXIST)
    /// The corresponding C constant is `E2BIG`.
    public static let argumentListTooLong = Errno(rawValue: E2BIG)
    /// The corresponding C constant is `EOPNOTSUPP`.
    public static let operationNotSupported = Errno(rawValue: EOPNOTSUPP)
    /// The corresponding C constant is `EBUSY`.
    public static let busy = Errno(rawValue: EBUSY)
    /// The corresponding C constant is `EDOM`.
    public static let outOfDomain = Errno(rawValue: EDOM)
}
