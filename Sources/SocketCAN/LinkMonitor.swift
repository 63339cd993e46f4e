public import Linux

/// Tells when CAN interfaces come, go and change (RTNLGRP_LINK).
public final class LinkMonitor {
    /// What happened.
    public enum Event: Hashable, Sendable {
        /// The interface is there and is like this now.
        case present(Interface)
        /// The interface is gone.
        case removed(Interface)
        /// The kernel had more to tell than the socket could hold: ask for a new list (``Links/list()``).
        case overrun
    }

    private let socket: NetlinkSocket

    /// Subscribes. What happens from now on is told.
    public init() throws(SystemError) {
        socket = try NetlinkSocket()
        try socket.subscribe()
    }

    /// The number of the descriptor, to wait on it; it stays the monitor's.
    public var descriptorNumber: Int32 { socket.descriptorNumber }

    /// What happened since the last call; it does not wait.
    public func events() throws(SystemError) -> [Event] { try socket.notifications() }
}
