public import CAN
internal import CLinuxCAN
internal import Glibc
public import Linux

/// A socket of the kernel's broadcast manager (CAN_BCM) on one interface: sequences of frames that the kernel sends by
/// its own timers, and watches for what frames bring.
///
/// Each sequence has a ``Key``; one socket serves any number of them. All end when the socket closes, which takes the
/// kernel 16 to 19 ms: close it where that does no harm. The kernel answers set-up with success even while the
/// interface is down, and goes on when it comes back up.
///
/// Source: Documentation/networking/can.rst of the kernel, net/can/bcm.c.
public struct BroadcastManager: ~Copyable, Sendable {
    /// What names a sequence on its socket: a number of one's own, below 2²⁸. The frames carry their own identifiers.
    public struct Key: Hashable, Sendable {
        /// The number.
        public let number: UInt32
        /// Whether its frames are CAN FD: the kernel keeps the two kinds apart.
        public let isFD: Bool

        /// Makes a key.
        public init(_ number: UInt32, isFD: Bool) {
            precondition(number < 1 << 28)
            self.number = number
            self.isFD = isFD
        }

        init(canID: UInt32, isFD: Bool) { self.init(canID & 0x0FFF_FFFF, isFD: isFD) }

        var canID: UInt32 { CANIDFlag.extended | number }
        var flags: UInt32 { isFD ? UInt32(CAN_FD_FRAME) : 0 }
    }

    /// When the frames of a sequence go out.
    public struct Schedule: Hashable, Sendable {
        /// How many frames go out at ``initialInterval``, the first, immediate one included.
        public var count: UInt32
        /// The first interval in microseconds; 0 for none.
        public var initialInterval: Int64
        /// The interval after that, for ever, in microseconds; 0 ends the sequence after `count` frames.
        public var interval: Int64

        /// Makes a schedule.
        public init(count: UInt32 = 0, initialInterval: Int64 = 0, interval: Int64) {
            self.count = count
            self.initialInterval = initialInterval
            self.interval = interval
        }
    }

    /// What the kernel tells.
    public enum Report: Hashable, Sendable {
        /// The `count` of a sequence's schedule has run out (TX_EXPIRED). For a count of 1 the kernel never says so.
        case expired(Key)
        /// A watch has found something.
        case watch(WatchReport)
    }

    /// The most frames of a sequence.
    public static let capacity = 256
    /// The longest interval: 400 days, in microseconds.
    public static let longestInterval: Int64 = 34_560_000 * 1_000_000

    /// The socket, to wait on it.
    public let descriptor: Descriptor

    /// Opens a socket for an interface, which may be down.
    /// - Throws: ENODEV when there is no such interface, EPROTONOSUPPORT without CAN_BCM.
    public init(interfaceIndex: Int) throws(SystemError) {
        let index = try Int32(interfaceIndex: interfaceIndex, call: "connect")
        let descriptor = try Descriptor.canSocket(SOCK_DGRAM, CAN_BCM)
        let number = descriptor.number
        try shim("connect") { ccan_connect(number, index) }
        self.descriptor = descriptor
    }

    /// Starts a sequence, or gives one new frames and a new schedule and starts it over (TX_SETUP).
    ///
    /// The first frame goes out at once.
    ///
    /// - Parameter frames: 1 to 256, all of the key's kind; for a sequence that exists not more than it was started
    ///   with.
    /// - Throws: E2BIG for more frames than it was started with, EINVAL for an interval beyond 400 days.
    public func start(_ key: Key, _ frames: [Frame], _ schedule: Schedule) throws(SystemError) {
        let flags = SETTIMER | STARTTIMER | (schedule.count > 0 ? TX_COUNTEVT : 0)
        try write(UInt32(TX_SETUP), key, flags: UInt32(flags), schedule, frames)
    }

    /// Gives a sequence new frames; its timer goes on undisturbed (TX_SETUP without flags).
    /// - Parameters:
    ///   - frames: Not more than it was started with.
    ///   - reportsExpiry: Whether ``Report/expired(_:)`` is still wanted; an update replaces that wish too.
    public func update(_ key: Key, _ frames: [Frame], reportsExpiry: Bool) throws(SystemError) {
        try write(
            UInt32(TX_SETUP), key, flags: reportsExpiry ? UInt32(TX_COUNTEVT) : 0, Schedule(interval: 0), frames)
    }

    /// Gives a sequence a new schedule, in force from the next time its timer would have run or, `restarting`, at once.
    public func reschedule(
        _ key: Key, _ frames: [Frame], _ schedule: Schedule, restarting: Bool
    ) throws(SystemError) {
        let flags = SETTIMER | (restarting ? STARTTIMER : 0) | (schedule.count > 0 ? TX_COUNTEVT : 0)
        try write(UInt32(TX_SETUP), key, flags: UInt32(flags), schedule, frames)
    }

    /// Ends a sequence and forgets it (TX_DELETE).
    /// - Throws: EINVAL when there is none of this key.
    public func delete(_ key: Key) throws(SystemError) {
        try write(UInt32(TX_DELETE), key, flags: 0, Schedule(interval: 0), [])
    }

    /// Has the kernel say with each report when its frame was received, and asks for a receive buffer of so many bytes
    /// of kernel memory, beyond the system's limit where permitted (CAP_NET_ADMIN). A report takes about 770 of them.
    public func prepareForReports(receiveBuffer bytes: Int) throws(SystemError) {
        try descriptor.enableTimestamps()
        _ = try descriptor.setReceiveBuffer(bytes: bytes)
    }

    /// Receives what the kernel tells, up to ``ReportBatch/capacity`` messages.
    /// - Returns: The number of messages, 0 when there are none.
    /// - Throws: ENETDOWN once when the interface goes down, ENODEV once when it is removed. What was told before can
    ///   still be received after either.
    public func receive(into batch: ReportBatch) throws(SystemError) -> Int {
        batch.count = 0
        do {
            batch.count = Int(try shim("recvmmsg") { unsafe ccan_bcm_receive(descriptor.number, batch.memory) })
        } catch  where error.errno == .wouldBlock {
            return 0
        }
        return batch.count
    }

    /// How many reports found the receive buffer full so far (SO_MEMINFO).
    public func dropCount() throws(SystemError) -> UInt32 { try descriptor.dropCount() }

    /// How many frames the kernel has sent of each sequence (`/proc/net/can-bcm`), also when its interface is gone.
    public func sentCounts() throws(SystemError) -> [Key: Int] {
        var status = stat()
        try systemCall("fstat") { unsafe fstat(descriptor.number, &status) }
        let path = "/proc/net/can-bcm/\(status.st_ino)"
        let table: [UInt8]
        do {
            table = try Machine.contents(of: path)
        } catch  where error.errno == .noSuchEntry {
            // The kernel took the file away with the interface (bcm_notify), but keeps the sequences: a socket that is
            // connected to none has a file again (bcm_connect).
            try shim("connect") { ccan_connect(descriptor.number, 0) }
            table = try Machine.contents(of: path)
        }
        var counts: [Key: Int] = [:]
        for line in table.split(separator: UInt8(ascii: "\n")) {
            if let (key, sent) = Self.sentCount(line) { counts[key] = sent }
        }
        return counts
    }

    /// Reads `tx_op: 80000001 vcan0 [1] t2=10000 # sent 42`, of CAN FD with `(1)` instead of `[1]`; nil for another line.
    private static func sentCount(_ line: ArraySlice<UInt8>) -> (Key, Int)? {
        let words = line.split(separator: UInt8(ascii: " "))
        guard words.count >= 6, words[0].elementsEqual("tx_op:".utf8) else { return nil }
        var number: UInt32 = 0
        for digit in words[1] { number = number << 4 | UInt32(Hex.nibble(digit) ?? 0) }
        var sent = 0
        for digit in words[words.count - 1] { sent = sent * 10 + Int(Hex.nibble(digit) ?? 0) }
        return (Key(canID: number, isFD: words[3].first == UInt8(ascii: "(")), sent)
    }

    private func write(
        _ opcode: UInt32, _ key: Key, flags: UInt32, _ schedule: Schedule, _ frames: [Frame]
    ) throws(SystemError) {
        var head = ccan_bcm_head(
            opcode: opcode, flags: flags | key.flags, count: schedule.count, can_id: key.canID,
            frame_count: UInt32(frames.count), interval1_us: schedule.initialInterval,
            interval2_us: schedule.interval)
        let wire = frames.map { canfd_frame($0) }
        try shim("write") { unsafe ccan_bcm_write(descriptor.number, &head, wire) }
    }
}
