internal import Glibc
import Linux
import Testing

@Suite struct DescriptorTests {
    private func isOpen(_ number: Int32) -> Bool { fcntl(number, F_GETFD) != -1 }

    // Numbers far above those that other tests of this process get, so that none of them is reused meanwhile.
    private func open(at number: Int32) throws -> Descriptor {
        let file = Descriptor(owning: try systemCall("open") { unsafe Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC) })
        return Descriptor(owning: try systemCall("fcntl") { fcntl(file.number, F_DUPFD_CLOEXEC, number) })
    }

    private func consume(_ descriptor: consuming Descriptor) -> Int32 { descriptor.number }

    @Test func itIsClosedWithItsOwner() throws {
        let number = consume(try open(at: 700))
        #expect(number >= 700)
        #expect(!isOpen(number))
    }

    @Test func itStaysOpenWhileItIsOwned() throws {
        let descriptor = try open(at: 750)
        let number = descriptor.number
        #expect(isOpen(number))
        #expect(consume(descriptor) == number)
        #expect(!isOpen(number))
    }

    @Test func aDuplicateIsOfTheSameFileAndOutlivesTheOther() throws {
        let file = try open(at: 800)
        let duplicate = try file.duplicate()
        #expect(duplicate.number != file.number)
        let number = consume(file)
        #expect(!isOpen(number) && isOpen(duplicate.number))
        #expect(fcntl(duplicate.number, F_GETFD) == FD_CLOEXEC)
    }
}
