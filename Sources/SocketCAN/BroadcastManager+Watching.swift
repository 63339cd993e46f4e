public import CAN
internal import CLinuxCAN
public import Linux

/// The receiving side: the kernel looks at each frame of an identifier and reports only what is of interest.
///
/// It sees this host's own frames too, and only those of the key's kind. A watch survives its interface going down, and
/// its timeout runs on; it is over when the interface is removed. Source: `bcm_rx_setup` and `bcm_rx_handler` in
/// net/can/bcm.c of the kernel.
extension BroadcastManager {
    /// What names a watch on its socket: the frames that it looks at. A second watch of the same key would replace the
    /// first; it needs a socket of its own.
    public struct WatchKey: Hashable, Sendable {
        /// The identifier of the frames.
        public let identifier: Identifier
        /// Whether they are CAN FD.
        public let isFD: Bool
        /// Whether they are remote frames.
        public let isRemote: Bool

        /// Makes a key.
        public init(_ identifier: Identifier, isFD: Bool = false, isRemote: Bool = false) {
            self.identifier = identifier
            self.isFD = isFD
            self.isRemote = isRemote
        }

        init(canID: UInt32, isFD: Bool) {
            self.init(Identifier(canID: canID), isFD: isFD, isRemote: canID & CANIDFlag.remote != 0)
        }

        var canID: UInt32 { identifier.canID | (isRemote ? CANIDFlag.remote : 0) }
        var flags: UInt32 { isFD ? UInt32(CAN_FD_FRAME) : 0 }
        /// The bytes of a frame's data that can be compared.
        var size: Int { isFD ? Payload.capacity : 8 }
    }

    /// Which frames of a watch are reported.
    public enum Comparison: Hashable, Sendable {
        /// All.
        case everyFrame
        /// The first, and those whose bits under a mask differ from the frame reported last. Bytes are compared as far
        /// as the newer of the two reaches, in steps of 8.
        case content(mask: Payload)
        /// Like `content`, separately for each kind of message that the identifier carries: bits under the mask, in the
        /// first 8 bytes, say which kind a frame is. Kinds that are not listed are not reported.
        case multiplexed(mask: Payload, [Multiplexed])
    }

    /// One kind of message of a multiplexed identifier.
    public struct Multiplexed: Hashable, Sendable {
        /// The value of the bits that say which kind it is.
        public var value: Payload
        /// Which of the other bits are compared; nil for all.
        public var mask: Payload?

        /// Makes a description of a kind.
        public init(value: Payload, mask: Payload? = nil) {
            self.value = value
            self.mask = mask
        }
    }

    /// The most kinds of messages of a multiplexed identifier.
    public static let multiplexedCapacity = 256
    /// The bytes of a frame that can say which kind of message it is.
    public static let multiplexerSize = 8

    /// Begins to watch (RX_SETUP).
    ///
    /// - Parameters:
    ///   - key: One that is not in use on this socket.
    ///   - comparison: Which frames are reported.
    ///   - timeout: After how many microseconds without a frame of the key a silence is reported, once; the next frame
    ///     is then reported whatever it contains. 0 for never.
    ///   - throttle: How many microseconds lie at least between two reports; of what comes in between, the latest is
    ///     reported at the end of that time. 0 for no limit. One longer than `timeout` loses what it still holds back
    ///     when the timeout is over.
    ///   - startsTimer: Whether the timeout runs from now on rather than from the next frame.
    ///   - checksLength: Whether a frame is also reported for having another length than the one reported last.
    /// - Throws: EINVAL for more than 256 kinds of messages or a time beyond 400 days, ENOTCONN when the interface is
    ///   gone.
    public func watch(
        _ key: WatchKey, _ comparison: Comparison, timeout: Int64 = 0, throttle: Int64 = 0, startsTimer: Bool = true,
        checksLength: Bool = false
    ) throws(SystemError) {
        var flags: Int = 0
        if timeout != 0 || throttle != 0 { flags |= Int(SETTIMER) }
        if timeout != 0 { flags |= Int(RX_ANNOUNCE_RESUME) | (startsTimer ? Int(STARTTIMER) : 0) }
        if checksLength { flags |= Int(RX_CHECK_DLC) }
        if comparison == .everyFrame { flags |= Int(RX_FILTER_ID) }
        let frames = comparison.contents(size: key.size).map { key.frame($0) }
        try write(UInt32(RX_SETUP), key, flags: UInt32(flags), timeout, throttle, frames)
    }

    /// Has the kernel answer each remote frame of an identifier, without a report (RX_SETUP with RX_RTR_FRAME).
    /// - Parameter frame: A classic data frame.
    public func answer(remoteFramesOf identifier: Identifier, with frame: Frame) throws(SystemError) {
        let key = WatchKey(identifier, isRemote: true)
        try write(UInt32(RX_SETUP), key, flags: UInt32(RX_RTR_FRAME), 0, 0, [frame])
    }

    /// Ends a watch, or the answering of remote frames (RX_DELETE). Its last reports may still be waiting.
    /// - Throws: EINVAL when there is none of this key.
    public func endWatch(_ key: WatchKey) throws(SystemError) {
        try write(UInt32(RX_DELETE), key, flags: 0, 0, 0, [])
    }

    private func write(
        _ opcode: UInt32, _ key: WatchKey, flags: UInt32, _ timeout: Int64, _ throttle: Int64, _ frames: [Frame]
    ) throws(SystemError) {
        var head = ccan_bcm_head(
            opcode: opcode, flags: flags | key.flags, count: 0, can_id: key.canID, frame_count: UInt32(frames.count),
            interval1_us: timeout, interval2_us: throttle)
        let wire = frames.map { canfd_frame($0) }
        try shim("write") { unsafe ccan_bcm_write(descriptor.number, &head, wire) }
    }
}

extension BroadcastManager.Comparison {
    /// What the kernel takes, each of so many bytes: nothing, the mask, or the multiplexer's mask and then for each kind
    /// its value under that mask and its own mask around it.
    fileprivate func contents(size: Int) -> [Payload] {
        switch self {
        case .everyFrame: return []
        case .content(let mask): return [Payload(mask, filledTo: size)]
        case .multiplexed(let mask, let kinds):
            let multiplexer = Payload(mask, filledTo: size)
            return [multiplexer] + kinds.map { $0.content(under: multiplexer) }
        }
    }
}

extension BroadcastManager.Multiplexed {
    fileprivate func content(under multiplexer: Payload) -> Payload {
        let value = Payload(value, filledTo: multiplexer.count)
        let mask = mask.map { Payload($0, filledTo: multiplexer.count) }
        var content = multiplexer
        for index in 0..<content.count {
            content[index] =
                value[index] & multiplexer[index] | (mask?[index] ?? 0xFF) & ~multiplexer[index]
        }
        return content
    }
}

extension BroadcastManager.WatchKey {
    /// Data for the kernel, in the form of a frame.
    fileprivate func frame(_ payload: Payload) -> Frame {
        Frame(
            identifier: identifier,
            content: isFD
                ? .fd(payload, bitRateSwitch: false, errorStateIndicator: false) : .data(payload, rawDLC: nil))
    }
}

extension Payload {
    /// The first so many bytes of a payload, filled up with zeros.
    fileprivate init(_ payload: Payload, filledTo size: Int) {
        self.init(zeros: size)
        for index in 0..<min(size, payload.count) { self[index] = payload[index] }
    }
}
