internal import CNetlinkRoute
internal import Glibc
public import Linux

/// The machine's CAN interfaces, through rtnetlink.
public enum Links {
    /// All of them as they are now, in the order of their numbers (an RTM_GETLINK dump).
    ///
    /// It can wait for as long as another program holds the kernel's lock of all interfaces.
    public static func list() throws(SystemError) -> [Interface] {
        while true {
            let socket = try NetlinkSocket()
            if let interfaces = try socket.dump() { return interfaces.sorted { $0.index < $1.index } }
        }
    }
}

extension Links {
    /// Whether the machine has a network interface of a name, of whatever kind.
    public static func exists(_ name: String) -> Bool { index(of: name) != nil }

    /// The number of a network interface, of whatever kind; nil when there is none of the name.
    public static func index(of name: String) -> Int? {
        let index = unsafe if_nametoindex(name)
        return index == 0 ? nil : Int(index)
    }
}

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
