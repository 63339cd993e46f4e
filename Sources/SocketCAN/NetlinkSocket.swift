internal import CNetlinkRoute
internal import Glibc
internal import Linux

/// A NETLINK_ROUTE socket of libnl, and what the messages on it said.
@safe final class NetlinkSocket {
    /// What the kernel answered to a message that it refused.
    fileprivate struct Refusal {
        let errno: Errno
        let sentence: String?
    }

    // Allocated in init, freed in deinit.
    private let socket: OpaquePointer
    fileprivate var collected: [LinkMonitor.Event] = []
    fileprivate var refusal: Refusal?

    init() throws(SystemError) {
        guard let socket = unsafe nl_socket_alloc() else { fatalError("out of memory") }
        unsafe self.socket = socket
        try Self.check(unsafe nl_connect(socket, NETLINK_ROUTE), "nl_connect")
        try enable(NETLINK_EXT_ACK)
        try enable(NETLINK_CAP_ACK)
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, collectMessage, context)
        unsafe nl_socket_modify_err_cb(socket, NL_CB_CUSTOM, collectError, context)
    }

    deinit { unsafe nl_socket_free(socket) }

    var descriptorNumber: Int32 { unsafe nl_socket_get_fd(socket) }

    private func enable(_ option: Int32) throws(SystemError) {
        var value: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        try systemCall("setsockopt") { unsafe setsockopt(descriptorNumber, SOL_NETLINK, option, &value, size) }
    }

    private static func check(_ status: Int32, _ call: StaticString) throws(SystemError) {
        guard status >= 0 else { throw SystemError(Errno(netlinkStatus: status), call: call) }
    }

    /// Joins the group of link notifications; from then on reads do not wait.
    func subscribe() throws(SystemError) {
        unsafe nl_socket_disable_seq_check(socket)
        let group = Int32(RTNLGRP_LINK.rawValue)
        try Self.check(unsafe nl_socket_add_membership(socket, group), "NETLINK_ADD_MEMBERSHIP")
        try Self.check(unsafe nl_socket_set_nonblocking(socket), "fcntl")
    }

    /// Asks for all interfaces and waits for the answer; nil when they changed meanwhile, so that it may not be whole.
    func dump() throws(SystemError) -> [Interface]? {
        var request = ifinfomsg()
        request.ifi_family = UInt8(AF_UNSPEC)
        let size = MemoryLayout<ifinfomsg>.size
        let sent = unsafe nl_send_simple(socket, Int32(RTM_GETLINK), NLM_F_DUMP, &request, size)
        let received = sent < 0 ? sent : unsafe nl_recvmsgs_default(socket)
        if let refusal { throw SystemError(refusal.errno, call: "RTM_GETLINK") }
        if received == -NLE_DUMP_INTR { return nil }
        try Self.check(received, "RTM_GETLINK")
        return take().compactMap { if case .present(let interface) = $0 { interface } else { nil } }
    }

    /// Sends a message and waits until the kernel has done what it asks for.
    func perform(
        _ request: borrowing NetlinkRequest, _ call: StaticString, about name: String
    ) throws(LinkError) {
        let sent = unsafe request.withMessage { unsafe nl_send_auto(socket, $0) }
        let status = sent < 0 ? sent : unsafe nl_wait_for_ack(socket)
        if let refusal {
            throw LinkError(refusal.errno, call: call, sentence: refusal.sentence, interface: name)
        }
        guard status < 0 else { return }
        let sentence = unsafe nl_geterror(status).map { unsafe String(cString: $0) }
        throw LinkError(Errno(netlinkStatus: status), call: call, sentence: sentence, interface: name)
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
            if let refusal { throw SystemError(refusal.errno, call: "recvmsg") }
            try Self.check(status, "recvmsg")
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
        socket.refusal = unsafe NetlinkSocket.Refusal(
            errno: Errno(rawValue: -(error!.pointee.error)), sentence: sentence(of: error!))
        return -1
    }

/// The kernel's sentence of an extended acknowledgement. The error is the payload of its message, right after the
/// message's header; the attributes follow it, and the refused message where that is sent back.
private func sentence(of error: UnsafeMutablePointer<nlmsgerr>) -> String? {
    let message = unsafe (UnsafeMutableRawPointer(error) - MemoryLayout<nlmsghdr>.size)
        .assumingMemoryBound(to: nlmsghdr.self)
    let flags = unsafe Int32(message.pointee.nlmsg_flags)
    guard flags & NLM_F_ACK_TLVS != 0 else { return nil }
    var size = MemoryLayout<nlmsgerr>.size
    if flags & NLM_F_CAPPED == 0 {
        size += unsafe Int(error.pointee.msg.nlmsg_len) - MemoryLayout<nlmsghdr>.size
    }
    let attributes = unsafe NetlinkAttributes(of: message, afterHeader: size, upTo: Int(NLMSGERR_ATTR_MSG.rawValue))
    return attributes?.string(NLMSGERR_ATTR_MSG.rawValue)
}
