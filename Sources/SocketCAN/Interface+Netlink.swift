internal import CLinuxCAN
internal import CNetlinkRoute
internal import Glibc
internal import Synchronization

// One parser for dumps and notifications. libnl-route 3.7 knows only part of what a CAN interface says of itself
// (no device statistics, termination, supported modes), so all of it is read by libnl's attribute calls.
extension Interface {
    private static let arphrdCAN: UInt16 = 280  // ARPHRD_CAN

    /// Reads an RTM_NEWLINK or RTM_DELLINK message; nil when it is about no CAN interface.
    init?(message: UnsafeMutablePointer<nlmsghdr>) {
        guard let data = unsafe nlmsg_data(message) else { return nil }
        let information = unsafe data.load(as: ifinfomsg.self)
        let headerSize = MemoryLayout<ifinfomsg>.size
        guard information.ifi_type == Self.arphrdCAN,
            let attributes = unsafe NetlinkAttributes(
                of: message, afterHeader: headerSize, upTo: Int(IFLA_PARENT_DEV_BUS_NAME)),
            let name = attributes.string(IFLA_IFNAME)
        else { return nil }
        let link = attributes.nested(IFLA_LINKINFO, upTo: Int(IFLA_INFO_SLAVE_DATA))
        let kind = Kind(rawValue: link?.string(IFLA_INFO_KIND) ?? "") ?? .controller
        let index = Int(information.ifi_index)
        self.init(
            name: name, index: index, kind: kind,
            isUp: information.ifi_flags & UInt32(IFF_UP) != 0,
            isRunning: information.ifi_flags & UInt32(IFF_RUNNING) != 0,
            mtu: attributes.uint32(IFLA_MTU) ?? 16,
            transmitQueueLength: attributes.uint32(IFLA_TXQLEN) ?? 0,
            parent: attributes.string(IFLA_PARENT_DEV_NAME),
            driver: Self.driver(of: name, index: index, kind: kind))
        if unsafe Int32(message.pointee.nlmsg_type) == Int32(RTM_DELLINK) {
            Self.drivers.withLock { _ = $0.removeValue(forKey: index) }
        }
        if let counts = attributes.structure(IFLA_STATS64, rtnl_link_stats64()) {
            statistics = Statistics(counts)
        }
        if kind == .controller, let details = link?.nested(IFLA_INFO_DATA, upTo: Int(IFLA_CAN_CTRLMODE_EXT)) {
            controller = Controller(
                details, statistics: link?.structure(IFLA_INFO_XSTATS, can_device_stats()))
        }
        if driver == Kind.slcan.rawValue { self.kind = .slcan }
    }

    private static let drivers = Mutex<[Int: (name: String, driver: String)]>([:])

    /// The driver's name, where there is one; a serial line's is `slcan`. As asking for it takes longer than all the rest,
    /// it is kept for as long as the interface is there under this name.
    private static func driver(of name: String, index: Int, kind: Kind) -> String? {
        if kind == .vcan || kind == .vxcan { return nil }
        if let known = drivers.withLock({ $0[index] }), known.name == name { return known.driver }
        // To rtnetlink a serial line is a controller like others.
        let isSerialLine = { unsafe ccan_is_slcan(name) == 1 }
        guard let driver = driver(of: name) ?? (isSerialLine() ? Kind.slcan.rawValue : nil) else { return nil }
        drivers.withLock { $0[index] = (name, driver) }
        return driver
    }

    /// The driver's name from sysfs, where a device stands behind the interface.
    private static func driver(of name: String) -> String? {
        var target = [UInt8](repeating: 0, count: 512)
        let length = unsafe readlink("/sys/class/net/\(name)/device/driver", &target, target.count)
        guard length > 0 else { return nil }
        return String(decoding: target[..<length], as: UTF8.self).split(separator: "/").last.map(String.init)
    }
}

extension Interface.Statistics {
    init(_ counts: rtnl_link_stats64) {
        receivedFrames = Int(clamping: counts.rx_packets)
        receivedBytes = Int(clamping: counts.rx_bytes)
        receiveErrors = Int(clamping: counts.rx_errors)
        receiveDropped = Int(clamping: counts.rx_dropped)
        sentFrames = Int(clamping: counts.tx_packets)
        sentBytes = Int(clamping: counts.tx_bytes)
        transmitErrors = Int(clamping: counts.tx_errors)
        transmitDropped = Int(clamping: counts.tx_dropped)
    }
}

extension Controller {
    init(_ attributes: NetlinkAttributes, statistics: can_device_stats?) {
        state = attributes.uint32(IFLA_CAN_STATE).flatMap { State(rawValue: UInt32($0)) }
        bitTiming = BitTiming(attributes.structure(IFLA_CAN_BITTIMING, can_bittiming()))
        dataBitTiming = BitTiming(attributes.structure(IFLA_CAN_DATA_BITTIMING, can_bittiming()))
        bitTimingLimits = attributes.structure(IFLA_CAN_BITTIMING_CONST, can_bittiming_const()).map(
            BitTimingLimits.init)
        dataBitTimingLimits = attributes.structure(IFLA_CAN_DATA_BITTIMING_CONST, can_bittiming_const())
            .map(BitTimingLimits.init)
        clock = attributes.uint32(IFLA_CAN_CLOCK)
        restartDelay = attributes.uint32(IFLA_CAN_RESTART_MS)
        modes = ControlModes(rawValue: attributes.structure(IFLA_CAN_CTRLMODE, can_ctrlmode())?.flags ?? 0)
        supportedModes = attributes.nested(IFLA_CAN_CTRLMODE_EXT, upTo: 1)?.uint32(1)
            .map { ControlModes(rawValue: UInt32($0)) }
        errorCounters = attributes.structure(IFLA_CAN_BERR_COUNTER, can_berr_counter())
            .map { ErrorCounters(transmit: Int($0.txerr), receive: Int($0.rxerr)) }
        termination = attributes.uint16(IFLA_CAN_TERMINATION)
        terminationValues = attributes.uint16s(IFLA_CAN_TERMINATION_CONST)
        self.statistics = statistics.map { counts in
            Statistics(
                busErrors: Int(counts.bus_error), errorWarning: Int(counts.error_warning),
                errorPassive: Int(counts.error_passive), busOff: Int(counts.bus_off),
                arbitrationLost: Int(counts.arbitration_lost), restarts: Int(counts.restarts))
        }
    }
}

extension BitTiming {
    /// Nil where no timing was set, which the kernel reports as zeros.
    init?(_ timing: can_bittiming?) {
        guard let timing, timing.bitrate != 0 else { return nil }
        self.init(
            bitrate: Int(timing.bitrate), samplePoint: Int(timing.sample_point), timeQuantum: Int(timing.tq),
            propagationSegment: Int(timing.prop_seg), phaseSegment1: Int(timing.phase_seg1),
            phaseSegment2: Int(timing.phase_seg2), jumpWidth: Int(timing.sjw), prescaler: Int(timing.brp))
    }
}

extension BitTimingLimits {
    init(_ limits: can_bittiming_const) {
        // A driver whose bounds contradict each other has only the lower one.
        func range(_ least: UInt32, _ greatest: UInt32) -> ClosedRange<Int> { Int(least)...Int(max(least, greatest)) }
        self.init(
            segment1: range(limits.tseg1_min, limits.tseg1_max), segment2: range(limits.tseg2_min, limits.tseg2_max),
            greatestJumpWidth: Int(limits.sjw_max), prescaler: range(limits.brp_min, limits.brp_max),
            prescalerStep: Int(limits.brp_inc))
    }
}
