internal import CNetlinkRoute
internal import Glibc
internal import Linux

// Every change needs CAP_NET_ADMIN (EPERM without).
extension Links {
    /// Changes an interface (RTM_NEWLINK).
    ///
    /// Bit timings, modes, restart delay and MTU need the interface down (EBUSY).
    public static func apply(_ change: LinkChange, to interface: Interface) throws(LinkError) {
        var information = ifinfomsg(index: interface.index)
        switch change {
        case .up:
            information.ifi_flags = UInt32(IFF_UP)
            information.ifi_change = UInt32(IFF_UP)
        case .down: information.ifi_change = UInt32(IFF_UP)
        default: break
        }
        let request = NetlinkRequest(type: RTM_NEWLINK, information)
        switch change {
        case .up, .down: break
        case .mtu(let mtu): request.put(IFLA_MTU, UInt32(mtu))
        case .transmitQueueLength(let length): request.put(IFLA_TXQLEN, UInt32(length))
        case .controller(let settings): request.putController { put(settings, into: request) }
        case .termination(let resistance):
            request.putController { request.put(IFLA_CAN_TERMINATION, UInt16(resistance)) }
        case .restart: request.putController { request.put(IFLA_CAN_RESTART, UInt32(1)) }
        }
        try send(request, "RTM_NEWLINK", about: interface.name)
    }

    /// Makes a virtual interface, both ends of it if it is a cable.
    /// - Throws: EEXIST when a name is taken, EOPNOTSUPP when the kernel has no such kind.
    public static func make(_ link: NewLink) throws(LinkError) {
        let request = NetlinkRequest(type: RTM_NEWLINK, flags: NLM_F_CREATE | NLM_F_EXCL)
        func putSettings(_ name: String) {
            request.put(IFLA_IFNAME, name)
            if let mtu = link.mtu { request.put(IFLA_MTU, UInt32(mtu)) }
            if let length = link.transmitQueueLength { request.put(IFLA_TXQLEN, UInt32(length)) }
        }
        putSettings(link.name)
        request.nest(IFLA_LINKINFO) {
            switch link.kind {
            case .vcan: request.put(IFLA_INFO_KIND, Interface.Kind.vcan.rawValue)
            case .vxcan(let peer):
                request.put(IFLA_INFO_KIND, Interface.Kind.vxcan.rawValue)
                request.nest(IFLA_INFO_DATA) {
                    request.nest(VXCAN_INFO_PEER) {
                        request.append(ifinfomsg())
                        putSettings(peer)
                    }
                }
            }
        }
        try send(request, "RTM_NEWLINK", about: link.name)
    }

    /// Removes an interface, and the other end of a cable with it. The kernel pretends to remove a controller and does
    /// nothing.
    public static func remove(index: Int, named name: String) throws(LinkError) {
        try send(NetlinkRequest(type: RTM_DELLINK, ifinfomsg(index: index)), "RTM_DELLINK", about: name)
    }

    private static func put(_ settings: ControllerSettings, into request: borrowing NetlinkRequest) {
        if let timing = settings.bitTiming { request.put(IFLA_CAN_BITTIMING, can_bittiming(timing)) }
        if let timing = settings.dataBitTiming { request.put(IFLA_CAN_DATA_BITTIMING, can_bittiming(timing)) }
        if let modes = settings.modes {
            request.put(IFLA_CAN_CTRLMODE, can_ctrlmode(mask: modes.mask.rawValue, flags: modes.values.rawValue))
        }
        if let delay = settings.restartDelay { request.put(IFLA_CAN_RESTART_MS, UInt32(delay)) }
    }

    private static func send(
        _ request: borrowing NetlinkRequest, _ call: StaticString, about name: String
    ) throws(LinkError) {
        let socket: NetlinkSocket
        do {
            socket = try NetlinkSocket()
        } catch {
            throw LinkError(error.errno, call: call, sentence: error.description, interface: name)
        }
        try socket.perform(request, call, about: name)
    }
}

extension NetlinkRequest {
    /// Adds attributes of the kind `can`.
    fileprivate func putController(_ content: () -> Void) {
        nest(IFLA_LINKINFO) {
            put(IFLA_INFO_KIND, Interface.Kind.controller.rawValue)
            nest(IFLA_INFO_DATA, content)
        }
    }
}

extension ifinfomsg {
    fileprivate init(index: Int) {
        self.init()
        ifi_index = Int32(clamping: index)
    }
}

extension can_bittiming {
    /// What is zero the kernel works out. A bit rate together with a time quantum it refuses.
    fileprivate init(_ setting: BitTimingSetting) {
        self.init()
        switch setting {
        case .bitrate(let rate, let point):
            bitrate = UInt32(rate)
            sample_point = UInt32(point ?? 0)
        case .segments(let quantum, let propagation, let phase1, let phase2, let width):
            tq = UInt32(quantum)
            prop_seg = UInt32(propagation)
            phase_seg1 = UInt32(phase1)
            phase_seg2 = UInt32(phase2)
            sjw = UInt32(width ?? 0)
        }
    }
}
