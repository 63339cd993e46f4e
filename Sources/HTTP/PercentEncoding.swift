/// Percent-encoding (RFC 3986, section 2.1) of request targets.
public enum PercentEncoding {
    /// The text that an encoded one stands for; nil when an escape is broken or the bytes are no UTF-8.
    /// - Parameter plusIsSpace: As in queries (WHATWG URL, application/x-www-form-urlencoded).
    public static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = digit(rest.popFirst()), let low = digit(rest.popFirst()) else { return nil }
                bytes.append(high << 4 | low)
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// A segment of a path, with everything escaped but what is unreserved.
    public static func encode(segment: String) -> String {
        var text: [UInt8] = []
        for byte in segment.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                text.append(byte)
            default:
                let digits = Array("0123456789ABCDEF".utf8)
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func digit(_ character: UInt8?) -> UInt8? {
        guard let character else { return nil }
        return UInt8(String(UnicodeScalar(character)), radix: 16)
    }
}
