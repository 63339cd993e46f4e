internal import CAN
internal import JSON

/// Encodes frames as `frame` events.
///
/// Frames of one shape have the same fields; each shape has one record encoder, made when it is first needed.
final class FrameEncoder {
    private enum Field {
        static let sequence = 1
        static let timestamp = 2
        static let interface = 3
        static let direction = 4
        static let identifier = 5
        static let content = 7
        static let rawDLC = 8
        static let remoteLength = 8
        static let remoteRawDLC = 9
    }

    private final class Record {
        let encoder: RecordEncoder
        var interface = -1
        var direction: Direction?

        init(_ fields: [RecordEncoder.Field]) { encoder = RecordEncoder(fields) }
    }

    private var records = [Record?](repeating: nil, count: 256)
    private var text: [UInt8] = []

    /// Appends the event.
    /// - Parameters:
    ///   - timestamp: In nanoseconds since the epoch; given in microseconds.
    ///   - isHardwareTime: Whether that is the controller's clock.
    ///   - interface: The number of the interface's name, and the name.
    func encode(
        _ frame: Frame, _ direction: Direction, timestamp: Int64, isHardwareTime: Bool, interface: (Int, String),
        sequence: Int, into bytes: inout [UInt8]
    ) {
        let record = record(for: frame, isHardwareTime: isHardwareTime)
        let encoder = record.encoder
        encoder.set(Field.sequence, integer: sequence)
        encoder.set(Field.timestamp, real: seconds(timestamp))
        if record.interface != interface.0 {
            record.interface = interface.0
            encoder.set(Field.interface, string: Array(interface.1.utf8))
        }
        if record.direction != direction {
            record.direction = direction
            encoder.set(Field.direction, string: Array(direction.rawValue.utf8))
        }
        text.removeAll(keepingCapacity: true)
        frame.identifier.appendHex(to: &text)
        encoder.set(Field.identifier, string: text)
        set(frame.content, in: encoder)
        encoder.encode(into: &bytes)
    }

    private func set(_ content: Frame.Content, in encoder: RecordEncoder) {
        switch content {
        case .data(let payload, let rawDLC):
            set(payload, in: encoder)
            if let rawDLC { encoder.set(Field.rawDLC, integer: Int(rawDLC)) }
        case .remote(let length, let rawDLC):
            encoder.set(Field.remoteLength, integer: Int(length))
            if let rawDLC { encoder.set(Field.remoteRawDLC, integer: Int(rawDLC)) }
        case .flexible(let payload, _, _): set(payload, in: encoder)
        }
    }

    private func set(_ payload: Payload, in encoder: RecordEncoder) {
        text.removeAll(keepingCapacity: true)
        payload.appendHex(to: &text)
        encoder.set(Field.content, string: text)
    }

    private func record(for frame: Frame, isHardwareTime: Bool) -> Record {
        let shape = Self.shape(of: frame) | (isHardwareTime ? 128 : 0)
        if let record = records[shape] { return record }
        let record = Record(Self.fields(of: frame, isHardwareTime: isHardwareTime))
        records[shape] = record
        return record
    }

    private static func shape(of frame: Frame) -> Int {
        let extended = frame.identifier.isExtended ? 1 : 0
        switch frame.content {
        case .data(_, let rawDLC): return extended | (rawDLC == nil ? 0 : 2)
        case .remote(_, let rawDLC): return extended | 4 | (rawDLC == nil ? 0 : 2)
        case .flexible(_, let bitRateSwitch, let errorStateIndicator):
            return extended | 8 | (bitRateSwitch ? 16 : 0) | (errorStateIndicator ? 32 : 0)
        }
    }

    private static func fields(of frame: Frame, isHardwareTime: Bool) -> [RecordEncoder.Field] {
        var fields: [RecordEncoder.Field] = [
            .constant("type", "frame"), .integer("seq"), .real("timestamp"), .string("interface"),
            .string("direction"), .string("id"), .constant("extended", .boolean(frame.identifier.isExtended)),
        ]
        switch frame.content {
        case .data(_, let rawDLC):
            fields.append(.string("data"))
            if rawDLC != nil { fields.append(.integer("dlc")) }
        case .remote(_, let rawDLC):
            fields += [.constant("rtr", true), .integer("length")]
            if rawDLC != nil { fields.append(.integer("dlc")) }
        case .flexible(_, let bitRateSwitch, let errorStateIndicator):
            fields += [.string("data"), .constant("fd", true)]
            if bitRateSwitch { fields.append(.constant("brs", true)) }
            if errorStateIndicator { fields.append(.constant("esi", true)) }
        }
        if isHardwareTime { fields.append(.constant("clock", "hardware")) }
        return fields
    }
}

/// A time in seconds with microseconds, of one in nanoseconds.
func seconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds / 1000) / 1_000_000 }
