internal import HTTP
internal import SocketCAN

extension Interface {
    /// Checks that CAN FD frames can be sent on it.
    /// - Throws: ``Problem`` of a code, with the field `fd`, where it takes classic frames only.
    func checkFD(else code: ProblemCode) throws(Problem) {
        guard takesFD else {
            throw Problem(
                code, "fd: '\(name)' takes classic frames only (its mtu is \(mtu), CAN FD needs 72)", field: "fd")
        }
    }
}
