internal import Linux

extension Int32 {
    /// An interface's index as the kernel takes it: positive, since 0 would stand for all interfaces.
    /// - Throws: ENODEV for a number that no interface has.
    init(interfaceIndex index: Int, call: StaticString) throws(SystemError) {
        guard index > 0, let number = Int32(exactly: index) else { throw SystemError(.noSuchDevice, call: call) }
        self = number
    }
}
