internal import CMicroHTTPD
internal import EventLoop
internal import Glibc

/// A client's connection, and how long it may take.
///
/// libmicrohttpd's own timeout counts silence only, which a client that sends a byte now and then escapes. Here each
/// step has a deadline: sending a request, taking the answer.
@safe final class Client {
    // libmicrohttpd's; valid until closed() is called.
    private let connection: OpaquePointer
    private unowned let server: HTTPServer
    private var deadline: Timer?
    /// Its address, `"127.0.0.1:51234"`.
    let peer: String

    init(_ connection: OpaquePointer, of server: HTTPServer) {
        unsafe self.connection = connection
        self.server = server
        peer = unsafe text(of: cmhd_client_address(connection))
        var on: Int32 = 1
        _ = unsafe setsockopt(cmhd_socket(connection), Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        startDeadline()
    }

    /// From now on it has so many seconds for the next step.
    func startDeadline() {
        deadline?.cancel()
        deadline = server.loop.after(Int64(server.limits.clientSeconds) * 1_000_000_000) { [unowned self] in
            // libmicrohttpd sees the end of the connection and cleans up.
            _ = unsafe shutdown(cmhd_socket(connection), Int32(SHUT_RDWR))
        }
    }

    /// It is the service's turn.
    func stopDeadline() { deadline?.cancel() }

    func closed() { deadline?.cancel() }
}

/// The text of a socket address, `"127.0.0.1:51234"`.
private func text(of address: UnsafePointer<sockaddr>?) -> String {
    guard let address = unsafe address else { return "unknown" }
    let isSix = unsafe Int32(address.pointee.sa_family) == AF_INET6
    let size = isSix ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
    var host = [CChar](repeating: 0, count: 64)
    var service = [CChar](repeating: 0, count: 16)
    let status = unsafe getnameinfo(
        address, socklen_t(size), &host, 64, &service, 16, NI_NUMERICHOST | NI_NUMERICSERV)
    guard status == 0 else { return "unknown" }
    let name = decode(host)
    let port = decode(service)
    return isSix ? "[\(name)]:\(port)" : "\(name):\(port)"
}

private func decode(_ text: [CChar]) -> String {
    String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
