public import CAN
internal import CLinuxCAN
internal import Glibc
public import Linux

/// A socket that sends and receives PDUs of ISO-TP (CAN_ISOTP) between two identifiers on one interface. It never waits.
///
/// It sends one PDU at a time: ``send(_:)`` returns when the first frame is out, and the socket is writable again when
/// the PDU is through or has failed. A failure, and also what went wrong in receiving, is an error of the socket
/// (``takeError()``), which can be
/// - ECOMM: no flow control came for a second, or a frame was not on the bus within two;
/// - EMSGSIZE: the receiver has no room for the PDU;
/// - ETIMEDOUT: of a PDU that was being received, no frame came for a second;
/// - EILSEQ: one of its frames was missing;
/// - EBADMSG: a frame was filled up wrongly, or a flow control frame was too short;
/// - ENETDOWN, ENODEV: the interface went down or away.
///
/// A receiver can put a transfer off for ever by asking to wait: the kernel sets no bound.
///
/// Source: net/can/isotp.c of the kernel, from Linux 6.6 on and in 6.1 as its stable releases have it. Before Linux 6.3
/// it counts as writable during a transfer too (`isotp_poll`).
public struct ISOTPSocket: ~Copyable, Sendable {
    /// What was received.
    public struct PDU: Hashable, Sendable {
        /// The bytes.
        public let data: [UInt8]
        /// When the last frame of it came, in nanoseconds since the epoch; nil when the kernel did not say.
        public let timestamp: Int64?
    }

    /// The socket, to wait on it.
    public let descriptor: Descriptor

    /// Opens a socket on an interface, which may be down: then an ENETDOWN waits on it.
    ///
    /// - Parameters:
    ///   - transmit: The identifier of what is sent, flow control included.
    ///   - receive: The identifier of what is received; another one, except where the role is functional, which
    ///     receives nothing.
    /// - Throws: EAFNOSUPPORT or EPROTONOSUPPORT on a kernel without CAN_ISOTP, ENODEV when there is no such interface,
    ///   EADDRNOTAVAIL for twice the same identifier, EINVAL for CAN FD where the MTU is 16.
    public init(
        interfaceIndex: Int, transmit: Identifier, receive: Identifier, options: ISOTPOptions = ISOTPOptions()
    ) throws(SystemError) {
        let index = try Int32(interfaceIndex: interfaceIndex, call: "bind")
        let descriptor = try Descriptor.canSocket(SOCK_DGRAM, CAN_ISOTP)
        // The kernel takes options only before it binds.
        try descriptor.setOption(CAN_ISOTP_OPTS, can_isotp_options(options))
        try descriptor.setOption(
            CAN_ISOTP_RECV_FC,
            can_isotp_fc_options(bs: options.blockSize, stmin: options.separationTime.code, wftmax: 0))
        try descriptor.setOption(CAN_ISOTP_LL_OPTS, can_isotp_ll_options(options.link))
        try descriptor.enableTimestamps()
        let number = descriptor.number
        try shim("bind") { ccan_isotp_bind(number, index, receive.canID, transmit.canID) }
        self.descriptor = descriptor
    }

    /// The most bytes of a PDU that the running kernel sends and receives.
    ///
    /// Ask when the module is loaded, as it is once a socket was opened. Linux 6.1 has a fixed bound of 66,000; later it
    /// is 8,300 unless the module was told otherwise (`max_pdu_size`).
    public static var longestPDU: Int {
        guard let text = try? Machine.readFile("/sys/module/can_isotp/parameters/max_pdu_size"),
            let line = text.split(separator: "\n").first, let size = Int(line)
        else { return 66_000 }
        return max(size, 8300)
    }

    /// Begins to send a PDU.
    ///
    /// On kernels before 6.6 (6.1: before 6.1.59) it fails with EAGAIN while the descriptor is waited on anywhere.
    ///
    /// - Throws: EAGAIN while another is being sent, ENOBUFS when the interface's queue is full, ENETDOWN, ENXIO or
    ///   EADDRNOTAVAIL for an interface that is down or gone, EINVAL for a PDU that is empty or too long, and any error
    ///   that waited on the socket.
    public func send(_ data: [UInt8]) throws(SystemError) {
        try systemCall("send") {
            unsafe Glibc.send(descriptor.number, data, data.count, Int32(MSG_DONTWAIT))
        }
    }

    /// Whether no PDU is being sent.
    public func isIdle() throws(SystemError) -> Bool {
        var polled = pollfd(fd: descriptor.number, events: Int16(POLLOUT), revents: 0)
        try systemCall("poll") { unsafe poll(&polled, 1, 0) }
        return polled.revents & Int16(POLLOUT) != 0
    }

    /// The next PDU that has arrived, nil when none has.
    /// - Throws: An error that waited on the socket.
    public func receive() throws(SystemError) -> PDU? {
        do throws(SystemError) {
            let flags = Int32(MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT)
            let size = try systemCall("recv") { recv(descriptor.number, nil, 0, flags) }
            var data = [UInt8](repeating: 0, count: size)
            var time: Int64 = 0
            let length = Int(try shim("recvmsg") { unsafe ccan_isotp_receive(descriptor.number, &data, size, &time) })
            guard length <= size else { throw SystemError(.messageTooLong, call: "recvmsg") }
            data.removeLast(size - length)
            return PDU(data: data, timestamp: time == 0 ? nil : time)
        } catch  where error.errno == .wouldBlock {
            return nil
        }
    }

    /// Asks for a receive buffer of so many bytes of kernel memory, and returns what was granted.
    @discardableResult
    public func setReceiveBuffer(bytes: Int) throws(SystemError) -> Int {
        try descriptor.setReceiveBuffer(bytes: bytes)
    }

    /// How many PDUs this socket has lost so far because its receive buffer was full.
    public func dropCount() throws(SystemError) -> UInt32 { try descriptor.dropCount() }

    /// Takes the error that waits on the socket, nil when there is none.
    public func takeError() throws(SystemError) -> Errno? { try descriptor.takeError() }

    /// Gives the socket up. What is returned closes it and must be called, once, on a thread that does nothing else: the
    /// kernel takes 17 ms, and waits for a transfer to end.
    /// - Parameter grace: After how many nanoseconds a transfer is broken off.
    public consuming func relinquish(grace: Int64) -> @Sendable () -> Void {
        let number = descriptor.release()
        return { _ = ccan_isotp_close(number, grace) }
    }
}

extension Descriptor {
    fileprivate func setOption<Value: BitwiseCopyable>(
        _ option: some BinaryInteger, _ value: Value
    ) throws(SystemError) {
        var value = value
        try systemCall("setsockopt") {
            unsafe setsockopt(
                number, Int32(SOL_CAN_BASE + CAN_ISOTP), Int32(option), &value, socklen_t(MemoryLayout<Value>.size))
        }
    }
}

extension can_isotp_options {
    fileprivate init(_ options: ISOTPOptions) {
        self.init()
        switch options.addressing {
        case .normal: break
        case .mixed(let address):
            flags |= UInt32(CAN_ISOTP_EXTEND_ADDR)
            ext_address = address
        case .extended(let transmit, let receive):
            flags |= UInt32(CAN_ISOTP_EXTEND_ADDR | CAN_ISOTP_RX_EXT_ADDR)
            ext_address = transmit
            rx_ext_address = receive
        }
        if let padding = options.transmitPadding {
            flags |= UInt32(CAN_ISOTP_TX_PADDING)
            txpad_content = padding
        }
        if let padding = options.receivePadding {
            flags |= UInt32(CAN_ISOTP_RX_PADDING | CAN_ISOTP_CHK_PAD_LEN | CAN_ISOTP_CHK_PAD_DATA)
            rxpad_content = padding
        }
        switch options.role {
        case .pointToPoint: break
        case .functional: flags |= UInt32(CAN_ISOTP_SF_BROADCAST)
        case .listening: flags |= UInt32(CAN_ISOTP_LISTEN_MODE)
        }
    }
}

extension can_isotp_ll_options {
    fileprivate init(_ link: ISOTPOptions.Link) {
        switch link {
        case .classic: self.init(mtu: Wire.classicSize, tx_dl: 8, tx_flags: 0)
        case .fd(let dataLength, let bitRateSwitch):
            self.init(
                mtu: Wire.fdSize, tx_dl: UInt8(clamping: dataLength), tx_flags: bitRateSwitch ? Wire.bitRateSwitch : 0)
        }
    }
}
