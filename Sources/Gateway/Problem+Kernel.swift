internal import HTTP
internal import Linux

extension Problem {
    /// An interface that is down.
    static func down(_ name: String, sent: Int? = nil) -> Problem {
        Problem(.interfaceDown, "the interface '\(name)' is down", errno: "ENETDOWN", sent: sent)
    }

    /// An interface that was there a moment ago.
    static func gone(_ name: String, sent: Int? = nil) -> Problem {
        Problem(.interfaceNotFound, "there is no interface '\(name)' any more", errno: "ENODEV", sent: sent)
    }

    /// What a refusal of the kernel means for a client.
    init(_ error: SystemError, on interface: String, sent: Int? = nil) {
        switch error.errno {
        case .networkDown: self = .down(interface, sent: sent)
        case .noSuchDevice, .noSuchAddress, .notConnected: self = .gone(interface, sent: sent)
        case .accessDenied:
            self.init(.permissionDenied, "'\(interface)' is in listen-only mode and sends nothing", sent: sent)
        case .notPermitted:
            self.init(
                .permissionDenied, "the kernel does not permit this on '\(interface)'", sent: sent,
                needs: "CAP_NET_ADMIN")
        case .addressFamilyNotSupported, .protocolNotSupported, .operationNotSupported:
            self.init(.notSupported, "this kernel or driver lacks it: \(error)", sent: sent)
        case .noBufferSpace:
            self.init(
                .transmitQueueFull, "the transmit queue of '\(interface)' is full", sent: sent,
                headers: ["Retry-After": "1"])
        default: self.init(.internal, "\(error) on '\(interface)'", sent: sent)
        }
        errno = error.errno.name
    }
}
