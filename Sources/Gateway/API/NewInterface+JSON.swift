internal import HTTP
internal import JSON
internal import SocketCAN

extension NewInterface {
    /// Reads what a client wants made.
    /// - Throws: ``Problem``: `malformed-request`, `invalid-interface-setting`.
    init(_ json: JSONValue) throws(Problem) {
        let reader = try ObjectReader(json, fields: ["name", "kind", "peer", "mtu", "txqueuelen", "up"])
        guard let name = try reader.interfaceName("name") else {
            throw .invalidSetting("name is missing; it is the name of the interface to make", field: "name")
        }
        let kind = try reader.kind(of: name)
        link = NewLink(
            name: name, kind: kind, mtu: try reader.mtu(), transmitQueueLength: try reader.transmitQueueLength())
        isUp = try reader.boolean("up") ?? false
    }
}

extension ObjectReader {
    fileprivate func kind(of name: String) throws(Problem) -> NewLink.Kind {
        let allowed = [Interface.Kind.vcan.rawValue, Interface.Kind.vxcan.rawValue]
        guard let text = try string("kind") else {
            throw .invalidSetting("kind is missing; it is vcan or vxcan", field: "kind", allowed: allowed)
        }
        let peer = try interfaceName("peer")
        switch text {
        case Interface.Kind.vcan.rawValue:
            guard peer == nil else {
                throw .invalidSetting("peer is for the kind vxcan, which has two ends; a vcan has none", field: "peer")
            }
            return .vcan
        case Interface.Kind.vxcan.rawValue:
            guard let peer else {
                throw .invalidSetting("peer is missing; it is the name of the vxcan's other end", field: "peer")
            }
            guard peer != name else {
                throw .invalidSetting("peer is '\(peer)', like name; each end has a name of its own", field: "peer")
            }
            return .vxcan(peer: peer)
        default:
            throw .invalidSetting("kind is '\(text)'; vcan and vxcan can be made", field: "kind", allowed: allowed)
        }
    }

    /// A name that the kernel takes for an interface (dev_valid_name), and takes as it is: with a `%` it would be a
    /// pattern. Of ASCII, so that it can stand in every form of a stream.
    fileprivate func interfaceName(_ field: String) throws(Problem) -> String? {
        guard let name = try string(field) else { return nil }
        let isAllowed = name.utf8.allSatisfy { byte in
            switch byte {
            case 0...0x20, 0x7F..., UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "%"): false
            default: true
            }
        }
        guard isAllowed, (1...15).contains(name.utf8.count), name != ".", name != ".." else {
            throw .invalidSetting(
                "\(field) is '\(name)'; it is 1 to 15 characters of ASCII, without white space, '/', ':' and '%', and not '.' or '..'",
                field: field)
        }
        return name
    }
}
