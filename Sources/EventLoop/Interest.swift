internal import CEpoll
internal import Glibc

/// What a watch waits for (epoll_ctl(2)).
public struct Interest: OptionSet, Sendable {
    /// The bits.
    public let rawValue: Int
    /// Makes a set of its bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Something can be read, or the peer has ended its side (EPOLLIN).
    public static let readable = Interest(rawValue: 1)
    /// Something can be written (EPOLLOUT).
    public static let writable = Interest(rawValue: 2)
    /// The peer has ended its side of a stream socket (EPOLLRDHUP).
    public static let peerClosed = Interest(rawValue: 4)

    var epoll: UInt32 {
        var bits: UInt32 = 0
        if contains(.readable) { bits |= EPOLLIN.rawValue }
        if contains(.writable) { bits |= EPOLLOUT.rawValue }
        if contains(.peerClosed) { bits |= EPOLLRDHUP.rawValue }
        return bits
    }
}

/// What a descriptor is ready for (epoll_wait(2)).
public struct Readiness: Sendable {
    /// Something can be read, or an error is pending.
    public let isReadable: Bool
    /// Something can be written, or an error is pending.
    public let isWritable: Bool
    /// The peer has gone, or an error is pending (EPOLLRDHUP, EPOLLHUP, EPOLLERR).
    public let isClosed: Bool

    init(epoll bits: UInt32) {
        let failed = bits & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
        isReadable = bits & EPOLLIN.rawValue != 0 || failed
        isWritable = bits & EPOLLOUT.rawValue != 0 || failed
        isClosed = bits & EPOLLRDHUP.rawValue != 0 || failed
    }
}
