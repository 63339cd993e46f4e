internal import CAN
internal import HTTP
internal import JSON

/// A frame as python-can describes it.
struct RemoteMessage {
    /// The identifier, or the classes of an error frame.
    var identifier: Int
    /// What kind of frame it is.
    var flags: Flags
    /// The number of bytes, or what a remote frame asks for; of a classic frame also a raw data length code of 9 to 15.
    var length: Int
    /// The payload; a remote frame has none.
    var data: [UInt8]

    /// The flags of a binary message.
    struct Flags: OptionSet {
        let rawValue: UInt8
        static let extended = Flags(rawValue: 0x01)
        static let remote = Flags(rawValue: 0x02)
        static let error = Flags(rawValue: 0x04)
        static let fd = Flags(rawValue: 0x08)
        static let bitRateSwitch = Flags(rawValue: 0x10)
        static let errorStateIndicator = Flags(rawValue: 0x20)

        /// By their names in JSON.
        static let named: [(name: String, flag: Flags)] = [
            ("is_extended_id", .extended), ("is_remote_frame", .remote), ("is_error_frame", .error),
            ("is_fd", .fd), ("bitrate_switch", .bitRateSwitch), ("error_state_indicator", .errorStateIndicator),
        ]
    }

    private static let binaryType: UInt8 = 1
    private static let binaryHeadLength = 15

    /// Describes a frame or an error frame.
    init(_ message: Message) {
        switch message {
        case .error(let error):
            identifier = Int(error.classes.rawValue)
            flags = .error
            data = error.data.bytes
            length = data.count
        case .frame(let frame):
            identifier = Int(frame.identifier.value)
            flags = frame.identifier.isExtended ? .extended : []
            switch frame.content {
            case .data(let payload, let rawDLC):
                data = payload.bytes
                length = rawDLC.map { Int($0) } ?? data.count
            case .remote(let asked, let rawDLC):
                data = []
                length = Int(rawDLC ?? asked)
                flags.insert(.remote)
            case .fd(let payload, let bitRateSwitch, let errorStateIndicator):
                data = payload.bytes
                length = data.count
                flags.insert(.fd)
                if bitRateSwitch { flags.insert(.bitRateSwitch) }
                if errorStateIndicator { flags.insert(.errorStateIndicator) }
            }
        }
    }

    // MARK: JSON

    /// The payload of a `message`.
    func json(timestamp: Double) -> JSONValue {
        var members = [
            JSONValue.Member("timestamp", .real(timestamp)), JSONValue.Member("arbitration_id", .integer(identifier)),
            JSONValue.Member("dlc", .integer(length)),
            JSONValue.Member("data", .array(data.map { .integer(Int($0)) })),
        ]
        for (name, flag) in Flags.named { members.append(.init(name, .boolean(flags.contains(flag)))) }
        return .object(members)
    }

    /// Reads the payload of a `message`; members that do not concern the frame are passed over, as python-can adds some
    /// from version to version.
    /// - Throws: ``Problem``.
    init(_ json: JSONValue) throws(Problem) {
        guard case .integer(let identifier) = json["arbitration_id"] else {
            throw Problem(.malformedRequest, "a message without arbitration_id, or it is no whole number")
        }
        self.identifier = identifier
        flags = []
        for (name, flag) in Flags.named {
            switch json[name] {
            case .boolean(true): flags.insert(flag)
            case nil where flag == .extended: flags.insert(flag)
            case .boolean(false), .null, nil: break
            default: throw Problem(.malformedRequest, "\(name) is no boolean")
            }
        }
        data = []
        if let value = json["data"], value != .null {
            guard case .array(let elements) = value else {
                throw Problem(.malformedRequest, "data is no list of bytes")
            }
            for element in elements {
                guard case .integer(let number) = element, let byte = UInt8(exactly: number) else {
                    throw Problem(.malformedRequest, "data is no list of bytes")
                }
                data.append(byte)
            }
        }
        switch json["dlc"] {
        case .integer(let number): length = number
        case .null, nil: length = data.count
        default: throw Problem(.malformedRequest, "dlc is no whole number")
        }
    }

    // MARK: Binary

    /// Appends a binary message.
    func append(timestamp: Double, to bytes: inout [UInt8]) {
        bytes.append(Self.binaryType)
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: timestamp.bitPattern >> shift))
        }
        for shift in stride(from: 24, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: identifier >> shift))
        }
        bytes.append(UInt8(length))
        bytes.append(flags.rawValue)
        bytes.append(contentsOf: data)
    }

    /// Reads a binary message.
    /// - Throws: ``Problem``.
    init(binary bytes: [UInt8]) throws(Problem) {
        guard bytes.first == Self.binaryType, bytes.count >= Self.binaryHeadLength else {
            throw Problem(.malformedRequest, "a binary message that is no frame")
        }
        identifier = bytes[9..<13].reduce(0) { $0 << 8 | Int($1) }
        length = Int(bytes[13])
        flags = Flags(rawValue: bytes[14])
        data = Array(bytes[Self.binaryHeadLength...])
    }

    // MARK: As a frame

    private var isRaw: Bool { (9...15).contains(length) }

    /// The frame.
    /// - Throws: ``Problem``: `invalid-frame`.
    func frame() throws(Problem) -> Frame {
        guard !flags.contains(.error) else {
            throw Problem(.invalidFrame, "error frames are made by controllers; they cannot be sent")
        }
        do throws(InvalidFrame) {
            guard let number = UInt32(exactly: identifier) else {
                throw InvalidFrame("arbitration_id", "is \(identifier), which is no identifier")
            }
            let identifier = try Identifier(checking: number, extended: flags.contains(.extended))
            if flags.contains(.remote) {
                guard !flags.contains(.fd) else {
                    throw InvalidFrame("is_fd", "with is_remote_frame: CAN FD has no remote frames")
                }
                return try .remote(identifier, length: isRaw ? 8 : length, rawDLC: isRaw ? length : nil)
            }
            if isRaw, data.count == 8, !flags.contains(.fd) {
                return try .data(identifier, data, rawDLC: length)
            }
            guard length == data.count else {
                throw InvalidFrame("dlc", "is \(length), but data has \(data.count) bytes")
            }
            guard flags.contains(.fd) else {
                guard flags.isDisjoint(with: [.bitRateSwitch, .errorStateIndicator]) else {
                    throw InvalidFrame("bitrate_switch", "and error_state_indicator need is_fd")
                }
                return try .data(identifier, data)
            }
            return try .fd(
                identifier, data, bitRateSwitch: flags.contains(.bitRateSwitch),
                errorStateIndicator: flags.contains(.errorStateIndicator))
        } catch {
            throw Problem(error)
        }
    }
}
