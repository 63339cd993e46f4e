internal import CAN
internal import HTTP
internal import JSON
internal import SocketCAN

extension JSONValue {
    /// The resource of a watch.
    init(_ watch: Watch) {
        let specification = watch.specification
        self = [
            "watch": .string(watch.id), "interface": .string(watch.interface),
            "id": .string(specification.identifier.description),
            "extended": .boolean(specification.identifier.isExtended), "fd": .boolean(specification.isFD),
            "mask": JSONValue(specification.mask?.description),
            "mux": specification.kinds.map { .array($0.map { JSONValue($0) }) } ?? .null,
            "timeout_ms": JSONValue(specification.timeout.map(milliseconds(ofMicroseconds:))),
            "throttle_ms": JSONValue(specification.throttle.map(milliseconds(ofMicroseconds:))),
            "check_dlc": .boolean(specification.checksLength),
            "reply": specification.reply.map { JSONValue($0) } ?? .null, "state": .string(watch.state.rawValue),
            "created": .real(seconds(ofNanoseconds: watch.created)), "changes": .integer(watch.changes),
            "timeouts": .integer(watch.timeouts),
        ]
    }

    private init(_ kind: BroadcastManager.Multiplexed) {
        self = ["value": .string(kind.value.description), "mask": JSONValue(kind.mask?.description)]
    }
}

extension WatchSpecification {
    private static let fields = [
        "id", "extended", "fd", "mask", "mux", "timeout_ms", "throttle_ms", "check_dlc", "reply",
    ]

    /// Reads what a client wants a new watch to be.
    /// - Throws: ``Problem``: `malformed-request`, `invalid-watch`.
    init(_ json: JSONValue, for interface: Interface) throws(Problem) {
        let reader = try ObjectReader(json, fields: Self.fields)
        guard let identifier = try Identifier(reader, "id", else: .invalidWatch) else {
            throw Problem(.invalidWatch, "id is missing", field: "id")
        }
        self.identifier = identifier
        isFD = try reader.boolean("fd") ?? false
        if isFD { try interface.checkFD(else: .invalidWatch) }
        let size = isFD ? Payload.capacity : 8
        let isMultiplexed = reader.has("mux")
        mask = try reader.watchBytes("mask", atMost: isMultiplexed ? BroadcastManager.multiplexerSize : size)
        kinds = try reader.multiplexed(under: mask, size: size)
        timeout = try reader.time("timeout_ms", in: Self.times, else: .invalidWatch)
        throttle = try reader.time("throttle_ms", in: Self.times, else: .invalidWatch)
        checksLength = try reader.boolean("check_dlc") ?? false
        reply = try reader.reply()
        guard reply != nil else { return }
        let others = ["mask", "mux", "timeout_ms", "throttle_ms"].filter(reader.has)
        if let other = (isFD ? ["fd"] : []).first ?? others.first ?? (checksLength ? "check_dlc" : nil) {
            throw Problem(
                .invalidWatch, "\(other) with reply: the kernel answers remote requests, and tells of nothing",
                field: other)
        }
    }
}

extension ObjectReader {
    /// Bytes in hex.
    /// - Parameters:
    ///   - limit: The most bytes.
    ///   - path: What stands before the field's name where it is reported.
    fileprivate func watchBytes(_ name: String, atMost limit: Int, in path: String = "") throws(Problem) -> Payload? {
        let field = path + name
        guard let text = try string(name) else { return nil }
        let bytes: [UInt8]
        do {
            bytes = try Hex.bytes(text)
        } catch {
            throw Problem(.invalidWatch, "\(field) \(error)", field: field)
        }
        guard (1...limit).contains(bytes.count), let payload = Payload(bytes) else {
            throw Problem(
                .invalidWatch, "\(field) has \(bytes.count) bytes; here it has 1 to \(limit)", field: field)
        }
        return payload
    }

    /// The kinds of messages that the bits under a mask tell apart.
    fileprivate func multiplexed(
        under mask: Payload?, size: Int
    ) throws(Problem) -> [BroadcastManager.Multiplexed]? {
        guard let elements = try array("mux") else { return nil }
        guard let mask else {
            throw Problem(
                .invalidWatch, "mux needs mask: the bits that say which of its values a frame has", field: "mask")
        }
        guard (1...BroadcastManager.multiplexedCapacity).contains(elements.count) else {
            throw Problem(
                .invalidWatch,
                "mux has \(elements.count) entries; it has 1 to \(BroadcastManager.multiplexedCapacity)", field: "mux")
        }
        var kinds: [BroadcastManager.Multiplexed] = []
        var places: [[UInt8]: Int] = [:]
        for (index, element) in elements.enumerated() {
            do throws(Problem) {
                let kind = try BroadcastManager.Multiplexed(element, under: mask, size: size)
                if let other = places.updateValue(index, forKey: kind.value.significantBytes) {
                    throw Problem(
                        .invalidWatch,
                        "mux.value is '\(kind.value)', as in entry \(other); the kernel takes the first only",
                        field: "mux.value")
                }
                kinds.append(kind)
            } catch {
                throw error.at(index: index, field: "mux")
            }
        }
        return kinds
    }

    /// The frame that answers remote requests.
    fileprivate func reply() throws(Problem) -> Frame? {
        guard let json = value("reply") else { return nil }
        let frame: Frame
        do throws(Problem) {
            frame = try Frame(json)
        } catch {
            var problem = error
            if problem.code == .invalidFrame { problem.code = .invalidWatch }
            problem.detail = "reply: \(problem.detail)"
            problem.field = problem.field.map { "reply.\($0)" } ?? "reply"
            throw problem
        }
        switch frame.content {
        case .data: return frame
        case .remote:
            throw Problem(
                .invalidWatch, "reply.rtr: a remote request is answered with data, not with another", field: "reply.rtr"
            )
        case .fd:
            throw Problem(
                .invalidWatch, "reply.fd: CAN FD has no remote requests; the answer is a classic frame",
                field: "reply.fd")
        }
    }
}

extension BroadcastManager.Multiplexed {
    /// Reads an entry of `mux`.
    fileprivate init(_ json: JSONValue, under mask: Payload, size: Int) throws(Problem) {
        let reader = try ObjectReader(json, fields: ["value", "mask"])
        guard let value = try reader.watchBytes("value", atMost: BroadcastManager.multiplexerSize, in: "mux.") else {
            throw Problem(.invalidWatch, "mux.value is missing", field: "mux.value")
        }
        let isOutside = (0..<value.count).contains { value[$0] & ~($0 < mask.count ? mask[$0] : 0) != 0 }
        guard !isOutside else {
            throw Problem(
                .invalidWatch, "mux.value is '\(value)', which has bits outside of the mask '\(mask)'",
                field: "mux.value")
        }
        self.init(value: value, mask: try reader.watchBytes("mask", atMost: size, in: "mux."))
    }
}

extension Payload {
    /// The bytes without the zeros at their end.
    fileprivate var significantBytes: [UInt8] {
        var bytes = bytes
        while bytes.last == 0 { bytes.removeLast() }
        return bytes
    }
}
