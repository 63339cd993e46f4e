internal import EventLoop
internal import Linux

// To bind, filter and close a raw or an ISO-TP socket, the kernel takes its lock of all interfaces (rtnl_lock). Whoever
// brings up a slow adapter holds that for as long as the adapter takes.
extension EventLoop {
    /// Opens a socket on another thread.
    func open<Socket: ~Copyable & Sendable>(
        _ open: @escaping @Sendable () throws(SystemError) -> Socket,
        then: @escaping (Result<Parcel<Socket>, SystemError>) -> Void
    ) {
        offloadBrief({ Result { () throws(SystemError) in Parcel(try open()) } }, then: then)
    }

    /// Closes a socket on another thread, after what was asked for before.
    func close<Socket: ~Copyable & Sendable>(_ socket: consuming Socket) {
        let parcel = Parcel(socket)
        offloadBrief {
            _ = parcel.take()
        } then: {
        }
    }
}
