import SocketCAN
import Testing

@Suite struct ControllerTests {
    @Test func statesAreNumberedLikeTheKernels() {
        // enum can_state of linux/can/netlink.h.
        let names = ["error-active", "error-warning", "error-passive", "bus-off", "stopped", "sleeping"]
        #expect(Controller.State.allCases.map(\.name) == names)
        #expect(Controller.State.allCases.map(\.rawValue) == Array(0..<6))
    }

    @Test(arguments: [
        (0x01, "loopback"), (0x02, "listen_only"), (0x04, "triple_sampling"), (0x08, "one_shot"),
        (0x10, "berr_reporting"), (0x20, "fd"), (0x40, "presume_ack"), (0x80, "fd_non_iso"), (0x100, "cc_len8_dlc"),
    ])
    func eachModeHasItsName(bit: UInt32, name: String) {
        #expect(ControlModes(rawValue: bit).names == [name])
    }

    @Test func modesWithoutANameHaveNone() {
        #expect(ControlModes(rawValue: 0x600).names.isEmpty)
        #expect(ControlModes(rawValue: 0x23).names == ["loopback", "listen_only", "fd"])
    }
}
