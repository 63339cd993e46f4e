/// The data field of a frame: 0 to 64 bytes, stored in place.
public struct Payload: Sendable {
    /// The number of bytes, 0...64.
    public private(set) var count: Int
    private var storage: InlineArray<64, UInt8>

    /// The most bytes that a payload holds, that of a CAN FD frame.
    public static let capacity = 64

    /// An empty payload.
    public init() {
        count = 0
        storage = InlineArray(repeating: 0)
    }

    /// Makes a payload of bytes; nil for more than 64.
    public init?(_ bytes: some Sequence<UInt8>) {
        self.init()
        for byte in bytes {
            guard count < Self.capacity else { return nil }
            storage[count] = byte
            count += 1
        }
    }

    /// Makes a payload of zeros.
    /// - Parameter count: 0...64.
    public init(zeros count: Int) {
        precondition((0...Self.capacity).contains(count))
        self.init()
        self.count = count
    }

    /// A byte, by its place from 0.
    public subscript(index: Int) -> UInt8 {
        get {
            precondition(index < count)
            return storage[index]
        }
        set {
            precondition(index < count)
            storage[index] = newValue
        }
    }

    /// The bytes as an array.
    public var bytes: [UInt8] { (0..<count).map { storage[$0] } }

    /// Appends the bytes as they are.
    public func append(to bytes: inout [UInt8]) {
        for index in 0..<count { bytes.append(storage[index]) }
    }

    /// Appends the bytes as upper-case hex digits without separators.
    public func appendHex(to text: inout [UInt8]) {
        for index in 0..<count { Hex.append(storage[index], to: &text) }
    }
}

extension Payload: Hashable {
    /// Equal when the same bytes are in use; what lies behind them does not count.
    public static func == (left: Payload, right: Payload) -> Bool {
        left.count == right.count && (0..<left.count).allSatisfy { left.storage[$0] == right.storage[$0] }
    }

    /// Hashes the bytes in use.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        for index in 0..<count { hasher.combine(storage[index]) }
    }
}

extension Payload: CustomStringConvertible {
    /// `"DEADBEEF"`.
    public var description: String {
        var text: [UInt8] = []
        appendHex(to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}

extension Payload: ExpressibleByArrayLiteral {
    /// A payload of the listed bytes, at most 64.
    public init(arrayLiteral elements: UInt8...) {
        self.init(elements)!
    }
}
