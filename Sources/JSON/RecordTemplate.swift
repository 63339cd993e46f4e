/// A record whose fields are always the same and whose values change.
///
/// jansson encodes the record once, with marks where the values go, and the text is cut there; for each record the
/// values are then appended between the pieces. A dump of a kept tree costs about 17,000 instructions for a frame (it
/// formats the time with printf and looks for loops by a hash table), this one about 1,000, for the same text.
public struct RecordTemplate: Sendable {
    /// A member of the record.
    public enum Field: Sendable {
        /// Always the same.
        case constant(String, JSONValue)
        /// A number, appended by the user.
        case number(String)
        /// A string, appended by the user between its quotes; it must need no escape.
        case text(String)
    }

    /// What stands before, between and behind the values.
    public let pieces: [[UInt8]]

    /// Makes a template; the fields stand in the record in this order.
    public init(_ fields: [Field]) {
        var members: [JSONValue.Member] = []
        var marks: [[UInt8]] = []
        for field in fields {
            switch field {
            case .constant(let name, let value): members.append(.init(name, value))
            case .number(let name):
                members.append(.init(name, .string(Self.mark)))
                marks.append(Array("\"\(Self.mark)\"".utf8))
            case .text(let name):
                members.append(.init(name, .string(Self.mark)))
                marks.append(Array(Self.mark.utf8))
            }
        }
        var rest = JSONValue.object(members).encoded[...]
        var pieces: [[UInt8]] = []
        for mark in marks {
            let place = rest.indices.first { rest[$0...].starts(with: mark) }!
            pieces.append(Array(rest[..<place]))
            rest = rest[(place + mark.count)...]
        }
        pieces.append(Array(rest))
        self.pieces = pieces
    }

    /// A character of no language, which no name and no constant has.
    private static let mark = "\u{E000}"
}

extension [UInt8] {
    /// Appends a whole number.
    public mutating func append(decimal value: Int) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var count = 0
        var rest = value.magnitude
        repeat {
            digits[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            count += 1
        } while rest > 0
        if value < 0 { append(UInt8(ascii: "-")) }
        while count > 0 {
            count -= 1
            append(digits[count])
        }
    }

    /// Appends a time in seconds with its microseconds, as jansson writes it with 16 digits: `1700000000.5`.
    /// - Parameter nanoseconds: Not negative.
    public mutating func append(secondsOf nanoseconds: Int64) {
        let microseconds = Int(nanoseconds / 1000)
        append(decimal: microseconds / 1_000_000)
        append(UInt8(ascii: "."))
        var rest = microseconds % 1_000_000
        var place = 100_000
        repeat {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / place))
            rest %= place
            place /= 10
        } while rest > 0
    }
}
