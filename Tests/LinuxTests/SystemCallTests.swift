internal import Glibc
import Linux
import Testing

@Suite struct SystemCallTests {
    @Test func aResultIsReturned() throws {
        #expect(try systemCall("read") { 7 } == 7)
        #expect(try systemCall("read") { 0 } == 0)
        #expect(try systemCall("lseek") { Int64(-2) } == -2)
    }

    @Test func aFailureThrowsTheErrno() {
        #expect(throws: SystemError(.noSuchDevice, call: "bind")) {
            try systemCall("bind") {
                errno = ENODEV
                return -1
            }
        }
    }

    @Test func anInterruptedCallIsMadeAgain() throws {
        var calls = 0
        let result = try systemCall("read") {
            calls += 1
            errno = EINTR
            return calls < 3 ? -1 : calls
        }
        #expect(result == 3)
    }

    @Test func theErrorReadsAsASentence() {
        #expect(SystemError(.noSuchDevice, call: "bind").description == "bind: ENODEV (No such device)")
    }
}
