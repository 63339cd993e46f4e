internal import Glibc
import Linux

/// A pseudo-terminal with the line discipline of serial CAN adapters, which makes an interface while it is open.
final class SerialLine {
    private let controlling: Descriptor
    private let line: Descriptor

    // What Swift's Glibc module leaves out of asm-generic/ioctls.h and linux/tty.h.
    private static let unlock: UInt = 0x4004_5431  // TIOCSPTLCK
    private static let getNumber: UInt = 0x8004_5430  // TIOCGPTN
    private static let setDiscipline: UInt = 0x5423  // TIOCSETD
    private static let serialCAN: Int32 = 17  // N_SLCAN

    /// Opens it. The kernel chooses the name of the interface.
    init() throws {
        controlling = try Self.open("/dev/ptmx")
        _ = try Self.control(controlling, Self.unlock, 0)
        let number = try Self.control(controlling, Self.getNumber, 0)
        line = try Self.open("/dev/pts/\(number)")
        _ = try Self.control(line, Self.setDiscipline, Self.serialCAN)
    }

    private static func open(_ path: String) throws(SystemError) -> Descriptor {
        Descriptor(owning: try systemCall("open") { unsafe Glibc.open(path, O_RDWR | O_NOCTTY | O_CLOEXEC) })
    }

    /// An ioctl that reads or writes an integer.
    private static func control(
        _ terminal: borrowing Descriptor, _ request: UInt, _ value: Int32
    ) throws(SystemError) -> Int32 {
        var value = value
        let number = terminal.number
        try systemCall("ioctl") { unsafe withUnsafeMutablePointer(to: &value) { unsafe ioctl(number, request, $0) } }
        return value
    }
}
