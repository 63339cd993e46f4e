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

    /// Whether the machine has a network interface of a name, of whatever kind.
    public static func exists(_ name: String) -> Bool { index(of: name) != nil }

    /// The number of a network interface, of whatever kind; nil when there is none of the name.
    public static func index(of name: String) -> Int? {
        let index = unsafe if_nametoindex(name)
        return index == 0 ? nil : Int(index)
    }
}
