/// The least time between the consecutive frames of a transfer (STmin of ISO 15765-2): none, 100 to 900 µs in steps of
/// 100, or 1 to 127 ms.
public struct SeparationTime: Hashable, Sendable {
    /// As a flow control frame says it: 0 to 0x7F milliseconds, or 0xF1 to 0xF9 for 100 to 900 microseconds.
    public let code: UInt8

    /// None: the frames may follow each other at once.
    public static let none = SeparationTime(code: 0)

    private init(code: UInt8) { self.code = code }

    /// Makes a time, or nil when there is no code for it.
    public init?(microseconds: Int) {
        switch microseconds {
        case 0...127_000 where microseconds.isMultiple(of: 1000): code = UInt8(microseconds / 1000)
        case 100...900 where microseconds.isMultiple(of: 100): code = 0xF0 + UInt8(microseconds / 100)
        default: return nil
        }
    }

    /// The times next to one that has no code, in microseconds: below and above.
    public static func neighbours(of microseconds: Int) -> [Int] {
        if microseconds < 0 { return [0] }
        if microseconds > 127_000 { return [127_000] }
        let step = microseconds < 1000 ? 100 : 1000
        let below = microseconds / step * step
        return [below, below + step]
    }
}
