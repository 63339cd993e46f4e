internal import Glibc
import Linux
import Testing

@Suite struct MachineTests {
    @Test func theKernelsReleaseIsThatOfProcfs() throws {
        let release = try Machine.readFile("/proc/sys/kernel/osrelease")
        #expect(Machine.kernelRelease + "\n" == release)
    }

    @Test func aFileThatProcfsMakesIsReadToItsEnd() throws {
        // Such a file says that its size is 0.
        #expect(try Machine.readFile("/proc/self/status").contains("\nPid:"))
        #expect(try Machine.readFile("/dev/null").isEmpty)
    }

    @Test func aFileThatDoesNotExistIsAnError() {
        #expect(throws: SystemError(Errno(rawValue: ENOENT), call: "open")) { try Machine.readFile("/proc/nonsense") }
    }

    @Test func onlySoMuchOfAFileIsRead() throws {
        #expect(try Machine.readFile("/dev/zero").utf8.count == 1 << 20)
    }

    @Test func theDescriptorLimitRisesToTheHardOne() throws {
        let limit = try Machine.raiseDescriptorLimit()
        #expect(limit >= 1024)
        #expect(try Machine.raiseDescriptorLimit() == limit)
        let words =
            try Machine.readFile("/proc/self/limits").split(separator: "\n")
            .first { $0.hasPrefix("Max open files") }?.split(separator: " ") ?? []
        #expect(words.dropFirst(3).prefix(2).allSatisfy { $0 == "\(limit)" })
    }
}
