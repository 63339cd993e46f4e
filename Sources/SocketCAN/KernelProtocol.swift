internal import CLinuxCAN
internal import Glibc
internal import Linux

/// The CAN protocols that a kernel may have.
public enum KernelProtocol: String, CaseIterable, Sendable {
    /// CAN_RAW: frames as they are.
    case raw
    /// CAN_BCM: the broadcast manager.
    case broadcastManager = "bcm"
    /// CAN_ISOTP: ISO 15765-2 transport.
    case isotp
    /// CAN_J1939.
    case j1939
    /// The gateway, can-gw, which has no sockets of its own.
    case gateway = "gw"

    /// Whether the running kernel has it. Asking may load its module.
    public var isSupported: Bool {
        switch self {
        case .raw: Self.canOpen(SOCK_RAW, CAN_RAW)
        case .broadcastManager: Self.canOpen(SOCK_DGRAM, CAN_BCM)
        case .isotp: Self.canOpen(SOCK_DGRAM, CAN_ISOTP)
        case .j1939: Self.canOpen(SOCK_DGRAM, CAN_J1939)
        case .gateway: unsafe access("/sys/module/can_gw", F_OK) == 0
        }
    }

    // The kernel looks for the protocol before anything else that a socket needs, such as a descriptor.
    private static func canOpen(_ type: __socket_type, _ number: Int32) -> Bool {
        do {
            _ = try Descriptor.canSocket(type, number)
            return true
        } catch {
            return error.errno != .addressFamilyNotSupported && error.errno != .protocolNotSupported
        }
    }
}
