internal import CLinuxCAN
internal import Glibc
internal import Linux

extension Descriptor {
    /// Sets an option of a socket (setsockopt(2)).
    func setOption(_ level: some BinaryInteger, _ option: some BinaryInteger, _ value: Int32) throws(SystemError) {
        var value = value
        try systemCall("setsockopt") {
            unsafe setsockopt(number, Int32(level), Int32(option), &value, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    /// Reads an option of a socket (getsockopt(2)).
    func option(_ level: some BinaryInteger, _ option: some BinaryInteger) throws(SystemError) -> Int32 {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        try systemCall("getsockopt") { unsafe getsockopt(number, Int32(level), Int32(option), &value, &size) }
        return value
    }

    /// Asks for a receive buffer of so many bytes, beyond the system's limit where permitted (CAP_NET_ADMIN), and
    /// returns what was granted.
    func setReceiveBuffer(bytes: Int) throws(SystemError) -> Int {
        let size = Int32(clamping: bytes)
        do {
            try setOption(SOL_SOCKET, SO_RCVBUFFORCE, size)
        } catch {
            try setOption(SOL_SOCKET, SO_RCVBUF, size)
        }
        // The kernel doubles the number for its own bookkeeping and answers with that (socket(7)).
        return Int(try option(SOL_SOCKET, SO_RCVBUF)) / 2
    }

    /// Takes the error that waits on the socket (SO_ERROR), nil when there is none.
    func takeError() throws(SystemError) -> Errno? {
        let code = try option(SOL_SOCKET, SO_ERROR)
        return code == 0 ? nil : Errno(rawValue: code)
    }

    /// How many messages the socket has lost so far (SO_MEMINFO).
    func dropCount() throws(SystemError) -> UInt32 {
        UInt32(truncatingIfNeeded: try shim("getsockopt") { ccan_drop_count(number) })
    }

    /// Has the kernel stamp each message with its time (SO_TIMESTAMPING, by software and by the controller).
    func enableTimestamps() throws(SystemError) {
        try shim("setsockopt") { ccan_enable_timestamps(number) }
    }
}
