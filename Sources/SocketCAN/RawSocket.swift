public import CAN
internal import CLinuxCAN
internal import Glibc
public import Linux

/// A socket that sends and receives frames on one interface (CAN_RAW). It never waits.
///
/// CAN FD frames are delivered and taken. A new socket passes every frame and no error frame, and does not hear what
/// it sends itself; what other sockets of this host send, it hears.
///
/// Source: Documentation/networking/can.rst of the kernel, net/can/raw.c.
public struct RawSocket: ~Copyable, Sendable {
    /// The socket, to wait on it.
    public let descriptor: Descriptor

    /// Opens a socket and binds it to an interface, which may be down.
    ///
    /// This, ``setFilters(_:)`` and closing wait while anybody holds the kernel's lock of all interfaces (`rtnl_lock`
    /// in `raw_bind`, `raw_setsockopt` and `raw_release`).
    ///
    /// - Parameter filters: What is received, from the beginning; nil for every frame and no error frame.
    /// - Throws: EAFNOSUPPORT or EPROTONOSUPPORT on a kernel without CAN_RAW, ENODEV when there is no such interface
    ///   or it is no CAN interface.
    public init(interfaceIndex: Int, filters: FilterSet? = nil) throws(SystemError) {
        let index = try Int32(interfaceIndex: interfaceIndex, call: "bind")
        let made = RawSocket(try Descriptor.canSocket(SOCK_RAW, CAN_RAW))
        try made.descriptor.setOption(SOL_CAN_RAW, CAN_RAW_FD_FRAMES, 1)
        if let filters { try made.setFilters(filters) }
        let number = made.descriptor.number
        try shim("bind") { ccan_bind(number, index) }
        self = made
    }

    private init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// The same socket for another thread, which may set its filters or close it meanwhile. The kernel closes it when
    /// both have.
    public func duplicate() throws(SystemError) -> RawSocket { RawSocket(try descriptor.duplicate()) }

    // MARK: Options

    /// Chooses what is received. Frames that are queued already stay.
    ///
    /// With `isJoined` and two or more filters the kernel delivers no error frames (`raw_rcv`).
    public func setFilters(_ set: FilterSet) throws(SystemError) {
        let filters = set.filters.map { filter in
            can_filter(
                can_id: filter.rawIdentifier | (filter.isInverted ? CAN_INV_FILTER : 0), can_mask: filter.rawMask)
        }
        let size = socklen_t(filters.count * MemoryLayout<can_filter>.stride)
        try systemCall("setsockopt") {
            unsafe filters.withUnsafeBufferPointer {
                unsafe setsockopt(descriptor.number, Int32(SOL_CAN_RAW), Int32(CAN_RAW_FILTER), $0.baseAddress, size)
            }
        }
        // After the filters, which the kernel may refuse: then nothing has changed.
        try descriptor.setOption(SOL_CAN_RAW, CAN_RAW_JOIN_FILTERS, set.isJoined ? 1 : 0)
        try descriptor.setOption(SOL_CAN_RAW, CAN_RAW_ERR_FILTER, Int32(bitPattern: set.errors.rawValue))
    }

    /// The filters that the kernel holds, read back from it.
    public func filters() throws(SystemError) -> FilterSet {
        var filters = [can_filter](repeating: can_filter(), count: FilterSet.capacity)
        var size = socklen_t(filters.count * MemoryLayout<can_filter>.stride)
        try systemCall("getsockopt") {
            unsafe getsockopt(descriptor.number, Int32(SOL_CAN_RAW), Int32(CAN_RAW_FILTER), &filters, &size)
        }
        let count = Int(size) / MemoryLayout<can_filter>.stride
        return FilterSet(
            filters: filters[..<count].map { filter in
                Filter(
                    rawIdentifier: filter.can_id & ~CAN_INV_FILTER, rawMask: filter.can_mask,
                    isInverted: filter.can_id & CAN_INV_FILTER != 0)
            },
            isJoined: try descriptor.option(SOL_CAN_RAW, CAN_RAW_JOIN_FILTERS) != 0,
            errors: ErrorClasses(
                rawValue: UInt32(bitPattern: try descriptor.option(SOL_CAN_RAW, CAN_RAW_ERR_FILTER))))
    }

    /// Whether what this socket sends reaches the other sockets of this host (CAN_RAW_LOOPBACK, on when new).
    public func setLoopback(_ isOn: Bool) throws(SystemError) {
        try descriptor.setOption(SOL_CAN_RAW, CAN_RAW_LOOPBACK, isOn ? 1 : 0)
    }

    /// Whether this socket receives the echo of what it sends itself (CAN_RAW_RECV_OWN_MSGS, off when new).
    public func setReceivesOwn(_ isOn: Bool) throws(SystemError) {
        try descriptor.setOption(SOL_CAN_RAW, CAN_RAW_RECV_OWN_MSGS, isOn ? 1 : 0)
    }

    /// Has the kernel stamp each message with its time (SO_TIMESTAMPING, by software and by the controller).
    public func enableTimestamps() throws(SystemError) { try descriptor.enableTimestamps() }

    /// Has the kernel say with each message how many were lost (SO_RXQ_OVFL).
    public func enableDropCount() throws(SystemError) {
        try descriptor.setOption(SOL_SOCKET, SO_RXQ_OVFL, 1)
    }

    /// Asks for a receive buffer of so many bytes of kernel memory, beyond the system's limit where permitted
    /// (CAP_NET_ADMIN), and returns what was granted. One frame takes about 770 to 960 bytes of it.
    @discardableResult
    public func setReceiveBuffer(bytes: Int) throws(SystemError) -> Int {
        try descriptor.setReceiveBuffer(bytes: bytes)
    }

    /// Makes the send buffer as small as the kernel allows, so that this socket alone cannot fill an interface's queue:
    /// it runs into EAGAIN, for which one can wait, instead of ENOBUFS.
    public func minimizeSendBuffer() throws(SystemError) {
        try descriptor.setOption(SOL_SOCKET, SO_SNDBUF, 0)
    }

    /// How many messages this socket has lost so far (SO_MEMINFO), also when none has come since.
    public func dropCount() throws(SystemError) -> UInt32 { try descriptor.dropCount() }

    /// Takes the error that waits on the socket (SO_ERROR), nil when there is none: ENETDOWN after the interface went
    /// down, ENODEV after it was removed. Until it is taken, here or by a call that then fails, the socket counts as
    /// ready.
    public func takeError() throws(SystemError) -> Errno? { try descriptor.takeError() }

    // MARK: Frames

    /// Receives what has arrived, up to ``ReceiveBatch/capacity`` messages.
    ///
    /// - Returns: The number of messages, 0 when none has arrived.
    /// - Throws: ENETDOWN once when the interface goes down, ENODEV once when it is removed; a socket of a removed
    ///   interface stays deaf.
    public func receive(into batch: ReceiveBatch) throws(SystemError) -> Int {
        batch.count = 0
        do {
            batch.count = Int(try shim("recvmmsg") { unsafe ccan_receive(descriptor.number, batch.memory) })
        } catch  where error.errno == .wouldBlock {
            return 0
        }
        return batch.count
    }

    /// Sends frames, in order, as many as the socket and the interface's queue take now.
    ///
    /// - Returns: The number of frames that the kernel took, at least 1 and at most 64 of the list.
    /// - Throws: EAGAIN when the socket's buffer is full (it becomes writable again), ENOBUFS when the interface's
    ///   queue is (nothing tells when there is room; the socket stays writable), ENETDOWN, ENXIO or ENODEV for an
    ///   interface that is down or gone, EINVAL for CAN FD where the MTU is 16, EACCES in listen-only mode (Linux 7).
    public func send(_ frames: ArraySlice<Frame>) throws(SystemError) -> Int {
        let part = frames.prefix(ReceiveBatch.capacity)
        let wire = part.map { canfd_frame($0) }
        let sizes = part.map { canfd_frame.size(of: $0) }
        return Int(try shim("sendmmsg") { unsafe ccan_send(descriptor.number, wire, sizes, UInt32(wire.count)) })
    }

    /// Sends an error frame, for tests of what reads them: a virtual interface passes it to every socket.
    public func send(_ error: ErrorFrame) throws(SystemError) {
        let wire = [canfd_frame(error)]
        try shim("sendmmsg") { unsafe ccan_send(descriptor.number, wire, [Wire.classicSize], 1) }
    }
}
