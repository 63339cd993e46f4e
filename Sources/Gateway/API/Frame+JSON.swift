internal import CAN
internal import HTTP
internal import JSON

extension Frame {
    private static let fields = ["id", "extended", "data", "rtr", "length", "dlc", "fd", "brs", "esi", "pad"]

    /// Reads a frame that a client sent.
    /// - Throws: ``Problem``: `malformed-request`, `invalid-frame`.
    init(_ json: JSONValue) throws(Problem) {
        let reader = try ObjectReader(json, fields: Self.fields)
        guard let identifier = try Identifier(reader, "id", else: .invalidFrame) else {
            throw Problem(.invalidFrame, "id is missing", field: "id")
        }
        let data = try Self.data(reader)
        let isRemote = try reader.boolean("rtr") ?? false
        let isFD = try reader.boolean("fd") ?? false
        try Self.checkTogether(reader, isRemote: isRemote, isFD: isFD)
        let rawDLC = try reader.integer("dlc")
        let length = try reader.integer("length") ?? 0
        let bitRateSwitch = try reader.boolean("brs") ?? false
        let errorStateIndicator = try reader.boolean("esi") ?? false
        let pad = try reader.boolean("pad") ?? false
        do throws(InvalidFrame) {
            if isFD {
                self = try .fd(
                    identifier, data, bitRateSwitch: bitRateSwitch, errorStateIndicator: errorStateIndicator, pad: pad)
            } else if isRemote {
                self = try .remote(identifier, length: length, rawDLC: rawDLC)
            } else {
                self = try .data(identifier, data, rawDLC: rawDLC)
            }
        } catch {
            throw Problem(error)
        }
    }

    private static func data(_ reader: ObjectReader) throws(Problem) -> [UInt8] {
        guard let text = try reader.string("data") else { return [] }
        do {
            return try Hex.bytes(text)
        } catch {
            throw Problem(.invalidFrame, "data \(error)", field: "data")
        }
    }

    private static func checkTogether(
        _ reader: ObjectReader, isRemote: Bool, isFD: Bool
    ) throws(Problem) {
        if isRemote && isFD {
            throw Problem(.invalidFrame, "rtr with fd: CAN FD has no remote frames", field: "rtr")
        }
        for name in ["brs", "esi", "pad"] where try reader.boolean(name) ?? false && !isFD {
            throw Problem(.invalidFrame, "\(name) needs fd: true", field: name)
        }
        if isRemote, reader.has("data") {
            throw Problem(
                .invalidFrame, "data with rtr: a remote frame carries none; length says how many bytes it asks for",
                field: "data")
        }
        if !isRemote, try reader.integer("length") != nil {
            throw Problem(.invalidFrame, "length needs rtr: true; otherwise data says it", field: "length")
        }
        if isFD, try reader.integer("dlc") != nil {
            throw Problem(.invalidFrame, "dlc with fd: a raw data length code is for classic frames", field: "dlc")
        }
    }
}

extension Identifier {
    /// Whether an identifier of so many hex digits is extended: 1 to 3 no, 8 yes, anything between leaves it open.
    static func isExtended(digits: Int) -> Bool? { digits <= 3 ? false : digits == 8 ? true : nil }

    /// Reads an identifier and `extended`: 1 to 3 digits are a standard identifier, 8 an extended one, anything between
    /// needs `extended`; an integer is standard without it. Nil where the field is missing.
    /// - Parameters:
    ///   - field: The field that holds it.
    ///   - code: The problem for what is no identifier.
    init?(_ reader: ObjectReader, _ field: String, else code: ProblemCode) throws(Problem) {
        guard let value = try reader.hexNumber(field, else: code) else { return nil }
        var isExtended = try reader.boolean("extended")
        if isExtended == nil, let digits = (try? reader.string(field))?.utf8.count {
            guard let isExtendedByDigits = Self.isExtended(digits: digits) else {
                throw Problem(
                    code,
                    "\(field) has \(digits) digits, which leaves open whether it is extended; say so, or write 3 or 8 "
                        + "digits", field: field)
            }
            isExtended = isExtendedByDigits
        }
        do throws(InvalidFrame) {
            self = try Identifier(checking: value, extended: isExtended ?? false)
        } catch {
            throw Problem(code, "\(field) \(error.reason)", field: field)
        }
    }
}

extension Problem {
    /// What is wrong with a frame.
    init(_ error: InvalidFrame) {
        self.init(
            .invalidFrame, error.description, field: error.field.isEmpty ? nil : error.field,
            allowedNumbers: error.allowed.isEmpty ? nil : error.allowed)
    }
}

extension JSONValue {
    /// A frame as it is sent, in a job.
    init(_ frame: Frame) {
        var members = [
            Member("id", .string(frame.identifier.description)),
            Member("extended", .boolean(frame.identifier.isExtended)),
        ]
        switch frame.content {
        case .data(let payload, let rawDLC):
            members.append(Member("data", .string(payload.description)))
            if let rawDLC { members.append(Member("dlc", .integer(Int(rawDLC)))) }
        case .remote(let length, let rawDLC):
            members += [Member("rtr", true), Member("length", .integer(Int(length)))]
            if let rawDLC { members.append(Member("dlc", .integer(Int(rawDLC)))) }
        case .fd(let payload, let bitRateSwitch, let errorStateIndicator):
            members += [Member("data", .string(payload.description)), Member("fd", true)]
            if bitRateSwitch { members.append(Member("brs", true)) }
            if errorStateIndicator { members.append(Member("esi", true)) }
        }
        self = .object(members)
    }
}
