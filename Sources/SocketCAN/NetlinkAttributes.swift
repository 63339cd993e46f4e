internal import CNetlinkRoute

/// The attributes of a netlink message or of one nested attribute, by their type.
@safe struct NetlinkAttributes {
    // Points into the message, which outlives every value of this type: they live in the parsing of one message.
    private var table: [UnsafeMutablePointer<nlattr>?]

    /// The attributes that follow a header of so many bytes.
    init?(of message: UnsafeMutablePointer<nlmsghdr>, afterHeader size: Int, upTo greatest: Int) {
        unsafe table = Array(repeating: nil, count: greatest + 1)
        guard unsafe nlmsg_parse(message, Int32(size), &table, Int32(greatest), nil) == 0 else { return nil }
    }

    private init?(nestedIn attribute: UnsafeMutablePointer<nlattr>, upTo greatest: Int) {
        unsafe table = Array(repeating: nil, count: greatest + 1)
        guard unsafe nla_parse_nested(&table, Int32(greatest), attribute, nil) == 0 else { return nil }
    }

    private func attribute(_ type: Int) -> UnsafeMutablePointer<nlattr>? {
        unsafe type < table.count ? table[type] : nil
    }

    func nested(_ type: some BinaryInteger, upTo greatest: Int) -> NetlinkAttributes? {
        guard let attribute = unsafe attribute(Int(type)) else { return nil }
        return unsafe NetlinkAttributes(nestedIn: attribute, upTo: greatest)
    }

    func string(_ type: some BinaryInteger) -> String? {
        guard let attribute = unsafe attribute(Int(type)), let text = unsafe nla_get_string(attribute) else {
            return nil
        }
        return unsafe String(cString: text)
    }

    /// A C structure of integers; what a shorter attribute lacks is zero, what a longer one adds is left out.
    func structure<Value: BitwiseCopyable>(_ type: some BinaryInteger, _ zero: Value) -> Value? {
        guard let attribute = unsafe attribute(Int(type)), let data = unsafe nla_data(attribute) else { return nil }
        var value = zero
        let size = min(Int(unsafe nla_len(attribute)), MemoryLayout<Value>.size)
        unsafe withUnsafeMutableBytes(of: &value) { bytes in
            unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(start: data, count: size))
        }
        return value
    }

    func uint16(_ type: some BinaryInteger) -> Int? { structure(type, UInt16(0)).map(Int.init) }

    /// An array of 16-bit integers.
    func uint16s(_ type: some BinaryInteger) -> [Int]? {
        guard let attribute = unsafe attribute(Int(type)), let data = unsafe nla_data(attribute) else { return nil }
        let size = MemoryLayout<UInt16>.size
        return (0..<Int(unsafe nla_len(attribute)) / size).map { index in
            Int(unsafe data.loadUnaligned(fromByteOffset: index * size, as: UInt16.self))
        }
    }

    func uint32(_ type: some BinaryInteger) -> Int? { structure(type, UInt32(0)).map(Int.init) }
}
