internal import CNetlinkRoute

/// A message to rtnetlink about one interface: an `ifinfomsg`, and attributes after it.
///
/// A message holds a page, far more than the attributes here ever need: one that does not fit is a defect, and traps.
@safe struct NetlinkRequest: ~Copyable {
    // Allocated in init, freed in deinit.
    private let message: OpaquePointer

    /// - Parameters:
    ///   - type: `RTM_NEWLINK` and the like.
    ///   - flags: `NLM_F_…`, beside those that libnl sets by itself.
    init(type: some BinaryInteger, flags: Int32 = 0, _ information: ifinfomsg = ifinfomsg()) {
        guard let message = unsafe nlmsg_alloc_simple(Int32(type), flags) else { fatalError("out of memory") }
        unsafe self.message = message
        append(information)
    }

    deinit { unsafe nlmsg_free(message) }

    /// Adds a structure or an integer as an attribute.
    func put(_ type: some BinaryInteger, _ value: some BitwiseCopyable) {
        let status = unsafe withUnsafeBytes(of: value) { bytes in
            unsafe nla_put(message, Int32(type), Int32(bytes.count), bytes.baseAddress)
        }
        precondition(status == 0, "the message is full")
    }

    /// Adds a string as an attribute.
    func put(_ type: some BinaryInteger, _ text: String) {
        let status = unsafe nla_put_string(message, Int32(type), text)
        precondition(status == 0, "the message is full")
    }

    /// Adds an attribute that holds what is added meanwhile.
    func nest(_ type: some BinaryInteger, _ content: () -> Void) {
        guard let start = unsafe nla_nest_start(message, Int32(type)) else { fatalError("the message is full") }
        content()
        unsafe nla_nest_end(message, start)
    }

    /// Adds a structure without an attribute's header.
    func append(_ value: some BitwiseCopyable) {
        var value = value
        let status = unsafe withUnsafeMutableBytes(of: &value) { bytes in
            unsafe nlmsg_append(message, bytes.baseAddress, bytes.count, Int32(NLMSG_ALIGNTO))
        }
        precondition(status == 0, "the message is full")
    }

    /// Lends the message to a call of libnl.
    func withMessage<Result>(_ body: (OpaquePointer) -> Result) -> Result { unsafe body(message) }
}
