internal import Glibc
internal import Linux

extension Descriptor {
    /// Opens a non-blocking socket of the CAN family.
    /// - Throws: EAFNOSUPPORT on a kernel without CAN, EPROTONOSUPPORT without this protocol.
    static func canSocket(_ type: __socket_type, _ number: Int32) throws(SystemError) -> Descriptor {
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        return Descriptor(owning: try systemCall("socket") { socket(AF_CAN, Int32(type.rawValue) | flags, number) })
    }
}
