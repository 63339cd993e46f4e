/// How many bits a frame takes on the bus, from its start to the end of the intermission after it (ISO 11898-1).
public struct BitLength: Hashable, Sendable {
    /// Bits at the nominal bit rate, that of the arbitration.
    public var nominal: Int
    /// Bits at the data bit rate: of a CAN FD frame with bit rate switch.
    public var data: Int

    /// Makes a length.
    public init(nominal: Int, data: Int = 0) {
        self.nominal = nominal
        self.data = data
    }
}

extension Frame {
    /// The bits that it takes on the bus, stuff bits included: counted for a classic frame and for the dynamically
    /// stuffed part of a CAN FD frame, at their fixed places for the rest of the latter.
    ///
    /// The two bits in which a CAN FD frame changes its rate are each in part of either rate; as the parts add up, one
    /// counts as nominal, the other as data.
    public var bitLength: BitLength {
        var bits = BitSequence()
        switch content {
        case .data(let payload, let rawDLC):
            bits.addClassicHead(identifier, isRemote: false, code: rawDLC ?? UInt8(payload.count))
            bits.add(payload)
            return bits.classicLength
        case .remote(let length, let rawDLC):
            bits.addClassicHead(identifier, isRemote: true, code: rawDLC ?? length)
            return bits.classicLength
        case .fd(let payload, let bitRateSwitch, let errorStateIndicator):
            bits.addFDHead(identifier, bitRateSwitch: bitRateSwitch)
            let head = bits.count
            bits.add(errorStateIndicator ? 1 : 0, 1)
            bits.add(UInt32(DataLength.fdCode(of: payload.count)), 4)
            bits.add(payload)
            return bits.fdLength(head: head, bitRateSwitch: bitRateSwitch, payload: payload.count)
        }
    }
}

/// The bits of a frame as they are sent: how many, with what stuff bits, and the classic check sequence over them.
private struct BitSequence {
    /// Bits so far, with the stuff bits before the last of them.
    private(set) var count = 0
    private var last: UInt32 = 2
    private var run = 0
    private var check: UInt32 = 0

    /// Between the check sequence and the end of the intermission: delimiter 1, acknowledgement 1 and its delimiter 1,
    /// end of frame 7, intermission 3.
    private static let tail = 13

    mutating func addClassicHead(_ identifier: Identifier, isRemote: Bool, code: UInt8) {
        addArbitration(identifier, remote: isRemote ? 1 : 0)
        // Reserved: r0, or with an extended identifier r1 and r0. A standard one's IDE is in the arbitration here.
        add(0, identifier.isExtended ? 2 : 1)
        add(UInt32(code), 4)
    }

    mutating func addFDHead(_ identifier: Identifier, bitRateSwitch: Bool) {
        addArbitration(identifier, remote: 0)
        // FDF recessive, then a reserved bit.
        add(0b10, 2)
        add(bitRateSwitch ? 1 : 0, 1)
    }

    private mutating func addArbitration(_ identifier: Identifier, remote: UInt32) {
        add(0, 1)
        if identifier.isExtended {
            add(identifier.value >> 18, 11)
            add(0b11, 2)
            add(identifier.value & 0x3FFFF, 18)
            add(remote, 1)
        } else {
            add(identifier.value, 11)
            add(remote, 1)
            add(0, 1)
        }
    }

    mutating func add(_ payload: Payload) {
        for index in 0..<payload.count { add(UInt32(payload[index]), 8) }
    }

    /// Adds the lowest bits of a value, the highest of them first.
    mutating func add(_ value: UInt32, _ width: Int) {
        for place in stride(from: width - 1, through: 0, by: -1) { add(bit: value >> UInt32(place) & 1) }
    }

    private mutating func add(bit: UInt32) {
        stuff()
        count += 1
        run = bit == last ? run + 1 : 1
        last = bit
        check = (check << 1) ^ ((check >> 14 ^ bit) & 1 == 1 ? 0x4599 : 0)
    }

    /// After five equal bits comes one of the other kind, which counts among those that follow.
    private mutating func stuff() {
        guard run == 5 else { return }
        count += 1
        last ^= 1
        run = 1
    }

    /// The length of a classic frame whose bits up to the check sequence were added.
    var classicLength: BitLength {
        var whole = self
        whole.add(check & 0x7FFF, 15)
        whole.stuff()
        return BitLength(nominal: whole.count + Self.tail)
    }

    /// The length of a CAN FD frame whose bits up to the check sequence were added.
    /// - Parameter head: The bits up to the bit rate switch.
    func fdLength(head: Int, bitRateSwitch: Bool, payload: Int) -> BitLength {
        // Stuff count and check sequence, a fixed stuff bit before each four of their bits, then the delimiter.
        let field = payload <= 16 ? 4 + 17 : 4 + 21
        let body = count - head + field + (field + 3) / 4 + 1
        let tail = Self.tail - 1
        return bitRateSwitch
            ? BitLength(nominal: head + tail, data: body) : BitLength(nominal: head + body + tail)
    }
}
