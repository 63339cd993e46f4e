internal import Glibc
import Linux

/// Both ends of a pipe, in the hands of a test.
final class Pipe {
    private var reader: Descriptor?
    private let writer: Descriptor

    /// Opens a pipe.
    /// - Parameter least: Where the search for a free number of the reading end begins.
    init(readerFrom least: Int32 = 0) throws(SystemError) {
        var numbers: [Int32] = [0, 0]
        try systemCall("pipe") { unsafe pipe(&numbers) }
        writer = Descriptor(owning: numbers[1])
        let first = Descriptor(owning: numbers[0])
        let number = try systemCall("fcntl") { fcntl(first.number, F_DUPFD_CLOEXEC, least) }
        reader = Descriptor(owning: number)
        readerNumber = number
        for end in [number, numbers[1]] {
            try systemCall("fcntl") { fcntl(end, F_SETFL, O_NONBLOCK) }
            try systemCall("fcntl") { fcntl(end, F_SETFD, FD_CLOEXEC) }
        }
    }

    /// The number of the reading end, also once it is closed.
    private(set) var readerNumber: Int32 = -1

    /// The number of the writing end.
    var writerNumber: Int32 { writer.number }

    /// Writes a byte, so that the reading end is ready.
    func write() { _ = unsafe Glibc.write(writer.number, "x", 1) }

    /// Reads a byte; returns whether there was one.
    @discardableResult
    func read() -> Bool {
        var byte: UInt8 = 0
        return unsafe Glibc.read(readerNumber, &byte, 1) == 1
    }

    /// Closes the reading end, whose number is then free for the next descriptor.
    func closeReader() { reader = nil }
}
