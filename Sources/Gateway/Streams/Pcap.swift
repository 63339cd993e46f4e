internal import CAN

/// libpcap's file format, with frames as LINKTYPE_CAN_SOCKETCAN has them: the kernel's structures, the identifier in
/// network byte order.
///
/// Source: the pcap-savefile man page; www.tcpdump.org/linktypes/LINKTYPE_CAN_SOCKETCAN.html.
enum Pcap {
    private static let linkType: UInt32 = 227
    private static let longestFrame: UInt32 = 72
    private static let classicLength = 16
    private static let fdLength = 72

    /// The header of a capture with microseconds, whose first number tells the byte order: little-endian.
    static let header: [UInt8] = {
        var bytes: [UInt8] = []
        append(0xA1B2_C3D4 as UInt32, to: &bytes)
        append(2 as UInt16, to: &bytes)
        append(4 as UInt16, to: &bytes)
        append(0 as UInt64, to: &bytes)
        append(longestFrame, to: &bytes)
        append(linkType, to: &bytes)
        return bytes
    }()

    /// Appends a frame or an error frame.
    static func append(_ logged: LoggedMessage, to bytes: inout [UInt8]) {
        let microseconds = logged.timestamp / 1000
        append(UInt32(truncatingIfNeeded: microseconds / 1_000_000), to: &bytes)
        append(UInt32(truncatingIfNeeded: microseconds % 1_000_000), to: &bytes)
        switch logged.message {
        case .frame(let frame): append(frame, to: &bytes)
        case .error(let error):
            appendLength(classicLength, to: &bytes)
            appendHead(error.canID, length: UInt8(error.data.count), to: &bytes)
            append(error.data, filling: 8, to: &bytes)
        }
    }

    private static func append(_ frame: Frame, to bytes: inout [UInt8]) {
        switch frame.content {
        case .data(let payload, let rawDLC):
            appendLength(classicLength, to: &bytes)
            appendHead(frame.canID, length: UInt8(payload.count), rawDLC: rawDLC ?? 0, to: &bytes)
            append(payload, filling: 8, to: &bytes)
        case .remote(let length, let rawDLC):
            appendLength(classicLength, to: &bytes)
            appendHead(frame.canID, length: length, rawDLC: rawDLC ?? 0, to: &bytes)
            append(Payload(), filling: 8, to: &bytes)
        case .fd(let payload, let bitRateSwitch, let errorStateIndicator):
            // BRS, ESI and FDF, as in linux/can.h.
            let flags: UInt8 = 4 | (bitRateSwitch ? 1 : 0) | (errorStateIndicator ? 2 : 0)
            appendLength(fdLength, to: &bytes)
            appendHead(frame.canID, length: UInt8(payload.count), flags: flags, to: &bytes)
            append(payload, filling: 64, to: &bytes)
        }
    }

    /// The length of what follows, captured and original.
    private static func appendLength(_ length: Int, to bytes: inout [UInt8]) {
        append(UInt32(length), to: &bytes)
        append(UInt32(length), to: &bytes)
    }

    private static func appendHead(
        _ canID: UInt32, length: UInt8, flags: UInt8 = 0, rawDLC: UInt8 = 0, to bytes: inout [UInt8]
    ) {
        append(canID.byteSwapped, to: &bytes)
        bytes.append(length)
        bytes.append(flags)
        bytes.append(0)
        bytes.append(rawDLC)
    }

    private static func append(_ payload: Payload, filling size: Int, to bytes: inout [UInt8]) {
        payload.append(to: &bytes)
        bytes.append(contentsOf: repeatElement(0, count: size - payload.count))
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}
