internal import Glibc
internal import Linux

/// Where a server listens: `127.0.0.1:8080`, `[::1]:8080`, `0.0.0.0:8080`. Numbers only, so that nothing depends on
/// name resolution; `localhost` is 127.0.0.1.
public struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// The IP address, without brackets.
    public let host: String
    /// The port; 0 lets the kernel choose.
    public let port: UInt16

    /// Reads `host:port`; nil when it is none.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard host.contains(":") else { return nil }
        } else if host == "localhost" {
            host = "127.0.0.1"
        } else if host.contains(":") {
            return nil
        }
        self.host = host
        self.port = port
        var storage = sockaddr_storage()
        guard fill(&storage) != nil else { return nil }
    }

    /// `127.0.0.1:8080`.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Opens a listening socket.
    /// - Throws: EADDRINUSE when the port is taken, EADDRNOTAVAIL when the address is none of this machine's, EACCES.
    func listen() throws(SystemError) -> Descriptor {
        var storage = sockaddr_storage()
        guard let size = fill(&storage) else { throw SystemError(.invalidArgument, call: "bind") }
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let family = Int32(storage.ss_family)
        let socket = Descriptor(owning: try systemCall("socket") { Glibc.socket(family, type, 0) })
        var on: Int32 = 1
        let number = socket.number
        try systemCall("setsockopt") { unsafe setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &on, 4) }
        try systemCall("bind") {
            unsafe withUnsafePointer(to: &storage) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(number, $0, size) }
            }
        }
        try systemCall("listen") { Glibc.listen(number, 1024) }
        return socket
    }

    private func fill(_ storage: inout sockaddr_storage) -> socklen_t? {
        unsafe withUnsafeMutableBytes(of: &storage) { bytes -> socklen_t? in
            var four = in_addr()
            var six = in6_addr()
            if unsafe inet_pton(AF_INET, host, &four) == 1 {
                let address = sockaddr_in(
                    sin_family: sa_family_t(AF_INET), sin_port: port.bigEndian, sin_addr: four,
                    sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
                unsafe bytes.storeBytes(of: address, as: sockaddr_in.self)
                return socklen_t(MemoryLayout<sockaddr_in>.size)
            }
            if unsafe inet_pton(AF_INET6, host, &six) == 1 {
                let address = sockaddr_in6(
                    sin6_family: sa_family_t(AF_INET6), sin6_port: port.bigEndian, sin6_flowinfo: 0, sin6_addr: six,
                    sin6_scope_id: 0)
                unsafe bytes.storeBytes(of: address, as: sockaddr_in6.self)
                return socklen_t(MemoryLayout<sockaddr_in6>.size)
            }
            return nil
        }
    }
}
