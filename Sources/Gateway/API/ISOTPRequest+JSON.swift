internal import CAN
internal import HTTP
internal import JSON
internal import SocketCAN

extension ISOTPRequest {
    private static let fields =
        ISOTPLink.fields + ["data", "response", "functional", "fc_id", "pending", "max_wait_ms"]

    /// Reads what a client wants sent.
    /// - Parameter longestPDU: The most bytes of a PDU.
    /// - Throws: ``Problem``: `malformed-request`, `invalid-isotp`.
    init(_ json: JSONValue, for interface: Interface, longestPDU: Int) throws(Problem) {
        let reader = try ObjectReader(json, fields: Self.fields)
        wantsResponse = try reader.boolean("response") ?? true
        let isFunctional = try reader.boolean("functional") ?? false
        link = try ISOTPLink(reader, for: interface, needsReceive: wantsResponse || !isFunctional)
        if isFunctional { link.options.role = .functional }
        data = try reader.pdu()
        flowControl = try Self.flowControl(reader, link, wantsResponse: wantsResponse, isFunctional: isFunctional)
        longestWait = try Self.longestWait(reader, link, wantsResponse: wantsResponse)
        guard (1...longestPDU).contains(data.count) else { throw .pdu(of: data.count, longest: longestPDU) }
        let capacity = link.options.singleFrameCapacity
        guard !isFunctional || data.count <= capacity else {
            throw Problem(
                .invalidISOTP,
                "data has \(data.count) bytes; a functional request is a single frame, of \(capacity) with these options",
                field: "data")
        }
    }

    private static func flowControl(
        _ reader: ObjectReader, _ link: ISOTPLink, wantsResponse: Bool, isFunctional: Bool
    ) throws(Problem) -> Identifier? {
        guard let identifier = try Identifier(reader, "fc_id", else: .invalidISOTP) else { return nil }
        guard isFunctional, wantsResponse else {
            throw Problem(
                .invalidISOTP, "fc_id is for the answer to a functional request; otherwise flow control goes to tx_id",
                field: "fc_id")
        }
        guard identifier != link.receive else {
            throw Problem(.invalidISOTP, "fc_id is \(identifier), as rx_id; they must differ", field: "fc_id")
        }
        return identifier
    }

    private static func longestWait(
        _ reader: ObjectReader, _ link: ISOTPLink, wantsResponse: Bool
    ) throws(Problem) -> Int64? {
        let isPending = try reader.boolean("pending") ?? false
        if isPending, !wantsResponse {
            throw Problem(.invalidISOTP, "pending needs a response; this request wants none", field: "pending")
        }
        let longest = try reader.time("max_wait_ms", in: 1000...600_000_000, else: .invalidISOTP).map { $0 * 1000 }
        guard isPending else {
            if longest == nil { return nil }
            throw Problem(.invalidISOTP, "max_wait_ms needs pending: true", field: "max_wait_ms")
        }
        guard let longest else { return max(defaultLongestWait, link.timeout) }
        guard longest >= link.timeout else {
            throw Problem(
                .invalidISOTP, "max_wait_ms is less than timeout_ms, the wait for the first answer",
                field: "max_wait_ms")
        }
        return longest
    }

    private static let defaultLongestWait: Int64 = 10_000_000_000
}

extension ISOTPLink {
    /// The fields, and query parameters, that make a link.
    static let fields = [
        "tx_id", "rx_id", "extended", "timeout_ms", "tx_address", "rx_address", "tx_padding", "rx_padding",
        "block_size", "st_min_us", "fd", "brs", "tx_data_length",
    ]

    /// Reads a link.
    /// - Parameter needsReceive: Whether it must say what is received.
    /// - Throws: ``Problem``: `malformed-request`, `invalid-isotp`.
    init(_ reader: ObjectReader, for interface: Interface, needsReceive: Bool) throws(Problem) {
        guard let transmit = try Identifier(reader, "tx_id", else: .invalidISOTP) else {
            throw Problem(.invalidISOTP, "tx_id is missing", field: "tx_id")
        }
        let receive = try Identifier(reader, "rx_id", else: .invalidISOTP)
        if receive == nil, needsReceive {
            throw Problem(
                .invalidISOTP, "rx_id is missing; only a functional request without a response has none", field: "rx_id"
            )
        }
        if receive == transmit {
            throw Problem(.invalidISOTP, "rx_id is \(transmit), as tx_id; they must differ", field: "rx_id")
        }
        var options = ISOTPOptions()
        options.addressing = try Self.addressing(reader)
        options.transmitPadding = try reader.byte("tx_padding")
        options.receivePadding = try reader.byte("rx_padding")
        options.blockSize = try reader.blockSize() ?? 0
        options.separationTime = try reader.separationTime() ?? .none
        options.link = try Self.link(reader, for: interface)
        let timeout = try reader.time("timeout_ms", in: 1000...60_000_000, else: .invalidISOTP)
        self.init(
            transmit: transmit, receive: receive, options: options,
            timeout: timeout.map { $0 * 1000 } ?? Self.defaultTimeout)
    }

    /// Reads a link from a query, in which identifiers and bytes are hex digits.
    /// - Throws: ``Problem``: `malformed-request`, `invalid-isotp`.
    init(_ query: Query, for interface: Interface) throws(Problem) {
        var members: [JSONValue.Member] = []
        for name in Self.fields {
            let value: JSONValue? =
                switch name {
                case "extended", "fd", "brs": try query.boolean(name).map { .boolean($0) }
                case "block_size", "st_min_us", "tx_data_length":
                    try query.integer(name, in: 0...Int.max).map { .integer($0) }
                case "timeout_ms": try query.decimal(name, in: 0...1e9).map { .real($0) }
                default: try query.string(name).map { .string($0) }
                }
            if let value { members.append(.init(name, value)) }
        }
        let reader = try ObjectReader(.object(members), fields: Self.fields)
        try self.init(reader, for: interface, needsReceive: true)
    }

    private static func addressing(_ reader: ObjectReader) throws(Problem) -> ISOTPOptions.Addressing {
        let receive = try reader.byte("rx_address")
        guard let transmit = try reader.byte("tx_address") else {
            if receive == nil { return .normal }
            throw Problem(.invalidISOTP, "rx_address needs tx_address beside it", field: "rx_address")
        }
        guard let receive, receive != transmit else { return .mixed(transmit) }
        return .extended(transmit: transmit, receive: receive)
    }

    private static func link(_ reader: ObjectReader, for interface: Interface) throws(Problem) -> ISOTPOptions.Link {
        let isFD = try reader.boolean("fd") ?? false
        let bitRateSwitch = try reader.boolean("brs") ?? false
        let dataLength = try reader.integer("tx_data_length")
        if isFD { try interface.checkFD(else: .invalidISOTP) }
        if bitRateSwitch, !isFD { throw Problem(.invalidISOTP, "brs needs fd: true", field: "brs") }
        let allowed = isFD ? ISOTPOptions.dataLengths : [8]
        if let dataLength, !allowed.contains(dataLength) {
            let bounds = isFD ? "one of " + allowed.map(String.init).joined(separator: ", ") : "8 without fd"
            throw Problem(
                .invalidISOTP, "tx_data_length is \(dataLength); it is \(bounds)", field: "tx_data_length",
                allowedNumbers: allowed)
        }
        return isFD ? .fd(dataLength: dataLength ?? 64, bitRateSwitch: bitRateSwitch) : .classic
    }
}

extension ObjectReader {
    /// The bytes of a PDU.
    /// - Throws: ``Problem``: `malformed-request`, `invalid-isotp`.
    func pdu() throws(Problem) -> [UInt8] {
        guard let text = try string("data") else {
            throw Problem(.invalidISOTP, "data is missing: the bytes to send, in hex", field: "data")
        }
        do {
            return try Hex.bytes(text)
        } catch {
            throw Problem(.invalidISOTP, "data \(error)", field: "data")
        }
    }

    /// A byte, given as two hex digits or as an integer.
    fileprivate func byte(_ name: String) throws(Problem) -> UInt8? {
        guard let number = try hexNumber(name, else: .invalidISOTP) else { return nil }
        let hasTwoDigits = (try? string(name))?.utf8.count ?? 2 == 2
        guard let byte = UInt8(exactly: number), hasTwoDigits else {
            throw Problem(
                .invalidISOTP, "\(name) is no byte: two hex digits, or an integer from 0 to 255", field: name)
        }
        return byte
    }

    fileprivate func blockSize() throws(Problem) -> UInt8? {
        guard let number = try integer("block_size") else { return nil }
        guard let size = UInt8(exactly: number) else {
            throw Problem(.invalidISOTP, "block_size is \(number); it is 0 to 255", field: "block_size")
        }
        return size
    }

    fileprivate func separationTime() throws(Problem) -> SeparationTime? {
        guard let microseconds = try integer("st_min_us") else { return nil }
        guard let time = SeparationTime(microseconds: microseconds) else {
            let nearest = SeparationTime.neighbours(of: microseconds)
            throw Problem(
                .invalidISOTP,
                "st_min_us is \(microseconds); it is 0, 100 to 900 in steps of 100, or 1000 to 127000 in steps of 1000 "
                    + "(nearest: \(nearest.map(String.init).joined(separator: ", ")))", field: "st_min_us",
                allowedNumbers: nearest)
        }
        return time
    }
}
