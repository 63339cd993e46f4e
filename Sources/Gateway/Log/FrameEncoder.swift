internal import CAN
internal import JSON

/// Encodes frames as `frame` events.
///
/// Frames of one shape on one interface have the same fields; each shape has one template, made when first needed.
final class FrameEncoder {
    /// What a stream of the newest frames adds to each of them.
    struct Statistics {
        /// How many frames of its identifier there were.
        var count: Int
        /// The time between the last two, in nanoseconds; nil after the first.
        var period: Int64?
    }

    private let names: InterfaceNames
    private var templates: [Int: RecordTemplate] = [:]
    private var lastShape = -1
    private var lastTemplate = RecordTemplate([])

    /// - Parameter names: The names of the interfaces, by number.
    init(names: InterfaceNames) { self.names = names }

    /// Makes what the log keeps of a frame or an error frame: its payload and its event.
    func encodeContent(_ logged: LoggedMessage, sequence: Int, into content: inout [UInt8]) {
        content.removeAll(keepingCapacity: true)
        switch logged.message {
        case .error(let error): error.data.append(to: &content)
        case .frame(let frame):
            switch frame.content {
            case .data(let payload, _), .fd(let payload, _, _): payload.append(to: &content)
            case .remote: break
            }
        }
        encode(logged, sequence: sequence, into: &content)
    }

    /// Appends the event of a frame or an error frame.
    func encode(
        _ logged: LoggedMessage, sequence: Int, statistics: Statistics? = nil, into bytes: inout [UInt8]
    ) {
        switch logged.message {
        case .frame(let frame): encode(frame, logged, sequence, statistics, &bytes)
        case .error(let error):
            let name = names.names[logged.interface]
            JSONValue(error, timestamp: logged.timestamp, interface: name, sequence: sequence, statistics)
                .encode(into: &bytes)
        }
    }

    private func encode(
        _ frame: Frame, _ logged: LoggedMessage, _ sequence: Int, _ statistics: Statistics?, _ bytes: inout [UInt8]
    ) {
        let template = template(for: frame, logged, statistics)
        var place = 0
        func appendPiece() {
            bytes.append(contentsOf: template.pieces[place])
            place += 1
        }
        appendPiece()
        bytes.append(decimal: sequence)
        appendPiece()
        bytes.append(secondsOf: logged.timestamp)
        appendPiece()
        frame.identifier.appendHex(to: &bytes)
        appendPiece()
        var code: UInt8?
        switch frame.content {
        case .data(let payload, let rawDLC):
            payload.appendHex(to: &bytes)
            code = rawDLC
        case .remote(let length, let rawDLC):
            bytes.append(decimal: Int(length))
            code = rawDLC
        case .fd(let payload, _, _): payload.appendHex(to: &bytes)
        }
        appendPiece()
        if let code {
            bytes.append(decimal: Int(code))
            appendPiece()
        }
        guard let statistics else { return }
        bytes.append(decimal: statistics.count)
        appendPiece()
        guard let period = statistics.period else { return }
        // Milliseconds have the digits of a thousand times as many seconds.
        bytes.append(secondsOf: period / 1000 * 1_000_000)
        appendPiece()
    }

    private func template(for frame: Frame, _ logged: LoggedMessage, _ statistics: Statistics?) -> RecordTemplate {
        let shape = Self.shape(of: frame, logged, statistics)
        if shape == lastShape { return lastTemplate }
        let template =
            templates[shape]
            ?? RecordTemplate(Self.fields(of: frame, logged, names.names[logged.interface], statistics))
        templates[shape] = template
        lastShape = shape
        lastTemplate = template
        return template
    }

    private static func shape(of frame: Frame, _ logged: LoggedMessage, _ statistics: Statistics?) -> Int {
        var shape = logged.interface << 9
        if frame.identifier.isExtended { shape |= 1 }
        if logged.direction == .transmitted { shape |= 2 }
        if logged.isHardwareTime { shape |= 4 }
        if let statistics { shape |= statistics.period == nil ? 8 : 16 }
        switch frame.content {
        case .data(_, let rawDLC): return shape | (rawDLC == nil ? 0 : 32)
        case .remote(_, let rawDLC): return shape | 64 | (rawDLC == nil ? 0 : 32)
        case .fd(_, let bitRateSwitch, let errorStateIndicator):
            return shape | 128 | (bitRateSwitch ? 32 : 0) | (errorStateIndicator ? 256 : 0)
        }
    }

    private static func fields(
        of frame: Frame, _ logged: LoggedMessage, _ interface: String, _ statistics: Statistics?
    ) -> [RecordTemplate.Field] {
        var fields: [RecordTemplate.Field] = [
            .constant("type", "frame"), .number("seq"), .number("timestamp"),
            .constant("interface", .string(interface)),
            .constant("direction", .string(logged.direction.rawValue)), .text("id"),
            .constant("extended", .boolean(frame.identifier.isExtended)),
        ]
        switch frame.content {
        case .data(_, let rawDLC):
            fields.append(.text("data"))
            if rawDLC != nil { fields.append(.number("dlc")) }
        case .remote(_, let rawDLC):
            fields += [.constant("rtr", true), .number("length")]
            if rawDLC != nil { fields.append(.number("dlc")) }
        case .fd(_, let bitRateSwitch, let errorStateIndicator):
            fields += [.text("data"), .constant("fd", true)]
            if bitRateSwitch { fields.append(.constant("brs", true)) }
            if errorStateIndicator { fields.append(.constant("esi", true)) }
        }
        if logged.isHardwareTime { fields.append(.constant("clock", "hardware")) }
        if let statistics {
            fields.append(.number("count"))
            if statistics.period != nil { fields.append(.number("period_ms")) }
        }
        return fields
    }
}
