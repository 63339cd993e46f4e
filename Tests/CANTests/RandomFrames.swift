import CAN

/// A generator of the same numbers in every run (SplitMix64), so that what failed once fails again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension SeededGenerator {
    /// An identifier of either format.
    mutating func identifier() -> Identifier {
        Identifier(truncating: UInt32.random(in: 0...UInt32.max, using: &self), extended: Bool.random(using: &self))
    }

    /// Bytes of any value.
    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    /// A frame of any kind, identifier, length and flags.
    mutating func frame() throws -> Frame {
        let identifier = identifier()
        switch Int.random(in: 0..<4, using: &self) {
        case 0: return try .data(identifier, bytes(Int.random(in: 0...8, using: &self)))
        case 1:
            let code = Int.random(in: 9...15, using: &self)
            return Bool.random(using: &self)
                ? try .data(identifier, bytes(8), rawDLC: code) : try .remote(identifier, length: 8, rawDLC: code)
        case 2: return try .remote(identifier, length: Int.random(in: 0...8, using: &self))
        default:
            return try .fd(
                identifier, bytes(DataLength.fd.randomElement(using: &self)!),
                bitRateSwitch: Bool.random(using: &self), errorStateIndicator: Bool.random(using: &self))
        }
    }
}

extension Identifier {
    /// A standard identifier of a test, known to fit.
    static func standard(_ value: UInt32) -> Identifier { Identifier(value, extended: false)! }

    /// An extended identifier of a test, known to fit.
    static func extended(_ value: UInt32) -> Identifier { Identifier(value, extended: true)! }
}
