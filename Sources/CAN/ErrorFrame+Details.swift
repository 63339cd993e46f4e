/// What the bytes of an error frame say (linux/can/error.h). A byte means something only when the bit of its class is
/// set in the identifier.
extension ErrorFrame {
    /// The bit of the identifier, from 0, at which arbitration was lost; nil where the controller does not say, for
    /// which Linux has 0 too.
    public var lostArbitrationBit: UInt8? {
        guard let byte = byte(0, of: .lostArbitration), byte != 0 else { return nil }
        return byte
    }

    /// What the controller reports of itself, `["rx-overflow"]`; nil where it says nothing.
    public var controllerConditions: [String]? {
        byte(1, of: .controller).map { Self.names(of: $0, in: Self.controllerNames) }
    }

    /// How the protocol was violated, `["stuff"]`; nil where nothing is said of that.
    public var protocolViolations: [String]? {
        byte(2, of: .protocol).map { Self.names(of: $0, in: Self.violationNames) }
    }

    /// Where in the frame the protocol was violated, `"ack-slot"`; nil where that is not said.
    public var violationLocation: String? { byte(3, of: .protocol).flatMap { Self.locationNames[$0] } }

    /// The state of the transceiver's lines, `["canh-no-wire"]`; nil where nothing is said of it.
    public var transceiverConditions: [String]? {
        byte(4, of: .transceiver).map { byte in
            var names: [String] = []
            if let high = Self.highLineNames[byte & 0x0F] { names.append(high) }
            if let low = Self.lowLineNames[byte & 0x70] { names.append(low) }
            if byte & 0x80 != 0 { names.append("canl-short-to-canh") }
            return names
        }
    }

    private func byte(_ index: Int, of errorClass: ErrorClasses) -> UInt8? {
        classes.contains(errorClass) && index < data.count ? data[index] : nil
    }

    private static func names(of byte: UInt8, in table: [(bit: UInt8, name: String)]) -> [String] {
        table.filter { byte & $0.bit != 0 }.map(\.name)
    }

    private static let controllerNames: [(bit: UInt8, name: String)] = [
        (0x01, "rx-overflow"), (0x02, "tx-overflow"), (0x04, "rx-warning"), (0x08, "tx-warning"),
        (0x10, "rx-passive"), (0x20, "tx-passive"), (0x40, "active"),
    ]

    private static let violationNames: [(bit: UInt8, name: String)] = [
        (0x01, "bit"), (0x02, "form"), (0x04, "stuff"), (0x08, "bit0"), (0x10, "bit1"), (0x20, "overload"),
        (0x40, "active"), (0x80, "tx"),
    ]

    private static let locationNames: [UInt8: String] = [
        0x02: "id28-21", 0x03: "sof", 0x04: "srtr", 0x05: "ide", 0x06: "id20-18", 0x07: "id17-13",
        0x08: "crc-sequence", 0x09: "res0", 0x0A: "data", 0x0B: "dlc", 0x0C: "rtr", 0x0D: "res1", 0x0E: "id4-0",
        0x0F: "id12-5", 0x11: "active-error-flag", 0x12: "intermission", 0x13: "tolerate-dominant-bits",
        0x16: "passive-error-flag", 0x17: "error-delimiter", 0x18: "crc-delimiter", 0x19: "ack-slot", 0x1A: "eof",
        0x1B: "ack-delimiter",
    ]

    private static let highLineNames: [UInt8: String] = [
        0x04: "canh-no-wire", 0x05: "canh-short-to-bat", 0x06: "canh-short-to-vcc", 0x07: "canh-short-to-gnd",
    ]

    private static let lowLineNames: [UInt8: String] = [
        0x40: "canl-no-wire", 0x50: "canl-short-to-bat", 0x60: "canl-short-to-vcc", 0x70: "canl-short-to-gnd",
    ]
}
