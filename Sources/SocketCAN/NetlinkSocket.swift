internal import CNetlinkRoute
internal import Glibc
internal import Linux

/// A NETLINK_ROUTE socket of libnl, and what the messages on it said.
@safe final class NetlinkSocket {
    // Allocated in init, freed in deinit.
    private let socket: OpaquePointer
    fileprivate var collected: [LinkMonitor.Event] = []
    fileprivate var failure: Errno?

    init() throws(SystemError) {
        guard let socket = unsafe nl_socket_alloc() else { fatalError("out of memory") }
        unsafe self.socket = socket
        let status = unsafe nl_connect(socket, NETLINK_ROUTE)
        guard status == 0 else { throw SystemError(.accessDenied, call: "nl_connect") }
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, collectMessage, context)
        unsafe nl_socket_modify_err_cb(socket, NL_CB_CUSTOM, collectError, context)
    }

    deinit { unsafe nl_socket_free(socket) }

    var descriptorNumber: Int32 { unsafe nl_socket_get_fd(socket) }

    /// Joins the group of link notifications; from then on reads do not wait.
    func subscribe() throws(SystemError) {
        unsafe nl_socket_disable_seq_check(socket)
        let group = Int32(RTNLGRP_LINK.rawValue)
        guard unsafe nl_socket_add_membership(socket, group) == 0, unsafe nl_socket_set_nonblocking(socket) == 0 else {
            throw SystemError(.operationNotSupported, call: "NETLINK_ADD_MEMBERSHIP")
        }
    }

    /// Asks for all interfaces and waits for the answer; nil when they changed meanwhile, so that it may not be whole.
    func dump() throws(SystemError) -> [Interface]? {
        var request = ifinfomsg()
        request.ifi_family = UInt8(AF_UNSPEC)
        let size = MemoryLayout<ifinfomsg>.size
        let sent = unsafe nl_send_simple(socket, Int32(RTM_GETLINK), NLM_F_DUMP, &request, size)
        let received = sent < 0 ? sent : unsafe nl_recvmsgs_default(socket)
        if let failure { throw SystemError(failure, call: "RTM_GETLINK") }
        if received == -NLE_DUMP_INTR { return nil }
        guard received >= 0 else { throw SystemError(.noBufferSpace, call: "RTM_GETLINK") }
        return take().compactMap { if case .present(let interface) = $0 { interface } else { nil } }
    }

    /// What notifications have arrived.
    func notifications() throws(SystemError) -> [LinkMonitor.Event] {
        while true {
            let status = unsafe nl_recvmsgs_default(socket)
            if status == -NLE_AGAIN { break }
            if status == -NLE_NOMEM {
                // ENOBUFS: the kernel had to drop notifications.
                collected.append(.overrun)
                continue
            }
            if let failure { throw SystemError(failure, call: "recvmsg") }
            guard status >= 0 else { throw SystemError(.invalidArgument, call: "recvmsg") }
        }
        return take()
    }

    private func take() -> [LinkMonitor.Event] {
        let events = collected
        collected = []
        return events
    }
}

private let collectMessage: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { message, context in
    let socket = unsafe Unmanaged<NetlinkSocket>.fromOpaque(context!).takeUnretainedValue()
    guard let header = unsafe nlmsg_hdr(message), let interface = unsafe Interface(message: header) else {
        return Int32(NL_OK.rawValue)
    }
    switch unsafe Int32(header.pointee.nlmsg_type) {
    case Int32(RTM_NEWLINK): socket.collected.append(.present(interface))
    case Int32(RTM_DELLINK): socket.collected.append(.removed(interface))
    default: break
    }
    return Int32(NL_OK.rawValue)
}

private let collectError:
    @convention(c) (
        UnsafeMutablePointer<sockaddr_nl>?, UnsafeMutablePointer<nlmsgerr>?, UnsafeMutableRawPointer?
    ) -> Int32 = { _, error, context in
        let socket = unsafe Unmanaged<NetlinkSocket>.fromOpaque(context!).takeUnretainedValue()
        socket.failure = unsafe Errno(rawValue: -(error!.pointee.error))
        return -1
    }
