internal import CNetlinkRoute
internal import Glibc
internal import Linux

extension Errno {
    /// The errno behind a status of libnl, which has numbers of its own; several errnos share one
    /// (`nl_syserr2nlerr`).
    init(netlinkStatus status: Int32) {
        let number: Int32 =
            switch abs(status) {
            case NLE_INTR, NLE_DUMP_INTR: EINTR
            case NLE_BAD_SOCK: ENOTSOCK
            case NLE_AGAIN: EAGAIN
            case NLE_NOMEM: ENOBUFS
            case NLE_EXIST: EEXIST
            case NLE_INVAL: EINVAL
            case NLE_RANGE: ERANGE
            case NLE_MSGSIZE, NLE_MSG_TRUNC, NLE_MSG_OVERFLOW: EMSGSIZE
            case NLE_OPNOTSUPP: EOPNOTSUPP
            case NLE_AF_NOSUPPORT: EAFNOSUPPORT
            case NLE_OBJ_NOTFOUND: ENOENT
            case NLE_NOADDR: EADDRNOTAVAIL
            case NLE_BUSY: EBUSY
            case NLE_PROTO_MISMATCH: EPROTONOSUPPORT
            case NLE_NOACCESS: EACCES
            case NLE_PERM: EPERM
            case NLE_NODEV: ENODEV
            default: EIO
            }
        self.init(rawValue: number)
    }
}
