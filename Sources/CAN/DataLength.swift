/// The lengths that a data field can have on the wire (ISO 11898-1, the data length code).
public enum DataLength {
    /// Those of CAN FD, in bytes.
    public static let fd: [Int] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64]

    /// The least length of CAN FD that holds so many bytes; nil above 64.
    public static func fd(holding count: Int) -> Int? { fd.first { $0 >= count } }

    /// The lengths of CAN FD next to one that is none: below and above.
    public static func fdNeighbours(of count: Int) -> [Int] {
        [fd.last { $0 < count }, fd.first { $0 > count }].compactMap { $0 }
    }

    /// The data length code of a length of CAN FD; that of the next longer one for a length that is none.
    public static func fdCode(of count: Int) -> UInt8 {
        UInt8(fd.firstIndex { $0 >= count } ?? fd.count - 1)
    }
}
