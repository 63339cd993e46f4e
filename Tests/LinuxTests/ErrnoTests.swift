import Linux
import Testing

@Suite struct ErrnoTests {
    @Test(arguments: [
        (Errno.notPermitted, "EPERM"), (.noSuchAddress, "ENXIO"),
        (.wouldBlock, "EAGAIN"), (.accessDenied, "EACCES"), (.noSuchDevice, "ENODEV"), (.invalidArgument, "EINVAL"),
        (.outOfRange, "ERANGE"), (.networkDown, "ENETDOWN"), (.noBufferSpace, "ENOBUFS"),
        (.notConnected, "ENOTCONN"), (.addressFamilyNotSupported, "EAFNOSUPPORT"),
        (.protocolNotSupported, "EPROTONOSUPPORT"), (.messageTooLong, "EMSGSIZE"), (.exists, "EEXIST"),
        (.argumentListTooLong, "E2BIG"), (.operationNotSupported, "EOPNOTSUPP"),
        (.busy, "EBUSY"), (.outOfDomain, "EDOM"),
    ])
    func eachHasItsSymbolicName(errno: Errno, name: String) {
        #expect(errno.name == name)
    }

    @Test func theDescriptionHasTheSentenceToo() {
        #expect(Errno.networkDown.description == "ENETDOWN (Network is down)")
        #expect(Errno.networkDown.message == "Network is down")
    }

    @Test func aNumberThatIsNoneIsWrittenInDigits() {
        #expect(Errno(rawValue: 9999).name == "9999")
        #expect(Errno(rawValue: 9999).message == "unknown error")
        #expect(Errno(rawValue: 9999) != Errno(rawValue: 9998))
    }
}
