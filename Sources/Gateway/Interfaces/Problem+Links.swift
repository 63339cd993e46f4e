internal import HTTP
internal import Linux
internal import SocketCAN

extension Problem {
    /// A setting that no interface, or not this one, can have.
    static func invalidSetting(
        _ detail: String, field: String?, allowed: [String]? = nil, allowedNumbers: [Int]? = nil
    ) -> Problem {
        Problem(.invalidInterfaceSetting, detail, field: field, allowed: allowed, allowedNumbers: allowedNumbers)
    }

    /// A number that is out of its bounds.
    static func outOfBounds(_ name: String, _ value: Int, _ bounds: ClosedRange<Int>, field: String) -> Problem {
        invalidSetting(
            "\(name) is \(value); it is \(bounds.lowerBound) to \(bounds.upperBound)", field: field)
    }

    /// What the kernel's refusal of a change means for a client.
    /// - Parameter field: The field of the request that the message was for.
    init(_ error: LinkError, field: String?) {
        let name = error.interface
        switch error.errno {
        case .outOfDomain, .invalidArgument, .outOfRange, .notConnected:
            self = .invalidSetting(
                "the kernel refuses \(field ?? "this") for '\(name)': \(error)", field: field,
                allowedNumbers: field == "mtu" ? [16, 72] : nil)
        case .busy: self.init(.interfaceBusy, "'\(name)' is in use: \(error)", field: field)
        case .notPermitted, .accessDenied:
            self.init(
                .permissionDenied,
                "the service may not change '\(name)': \(error); it needs CAP_NET_ADMIN, which "
                    + "setcap cap_net_admin+ep gives its binary and AmbientCapabilities=CAP_NET_ADMIN its systemd unit",
                needs: "CAP_NET_ADMIN")
        case .operationNotSupported:
            self.init(.notSupported, "this kernel or driver lacks it for '\(name)': \(error)", field: field)
        case .exists: self.init(.interfaceExists, "'\(name)' cannot be made, a name is taken: \(error)", field: field)
        case .noSuchDevice: self = .gone(name)
        default: self.init(.internal, "'\(name)' could not be changed: \(error)", field: field)
        }
        errno = error.errno.name
    }
}
