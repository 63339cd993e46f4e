internal import CAN
internal import JSON

extension JSONValue {
    /// An `error` event.
    init(
        _ error: ErrorFrame, timestamp: Int64, interface: String, sequence: Int, _ statistics: FrameEncoder.Statistics?
    ) {
        var identifier: [UInt8] = []
        Hex.append(error.canID, digits: 8, to: &identifier)
        self = .members([
            "type": "error", "seq": .integer(sequence), "timestamp": .real(seconds(ofNanoseconds: timestamp)),
            "interface": .string(interface), "classes": JSONValue(error.classes.names),
            "controller": error.controllerConditions.map { JSONValue($0) },
            "protocol": error.protocolViolations.map { violations in
                .members([
                    "types": JSONValue(violations), "location": error.violationLocation.map { .string($0) },
                ])
            },
            "transceiver": error.transceiverConditions.map { JSONValue($0) },
            "lost_arbitration_bit": error.lostArbitrationBit.map { .integer(Int($0)) },
            "error_counters": error.errorCounters.map {
                ["tx": .integer(Int($0.transmit)), "rx": .integer(Int($0.receive))]
            },
            "id": .string(String(decoding: identifier, as: UTF8.self)), "data": .string(error.data.description),
            "count": statistics.map { .integer($0.count) },
            "period_ms": statistics?.period.map { .real(milliseconds(ofNanoseconds: $0)) },
        ])
    }
}
