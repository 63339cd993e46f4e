import CAN
import Testing

/// The lengths are those of ISO 11898-1, counted by hand or from the frames per second that a bus carries.
@Suite struct BitLengthTests {
    private static func standard(_ value: UInt32) -> Identifier { Identifier(value, extended: false)! }
    private static func extended(_ value: UInt32) -> Identifier { Identifier(value, extended: true)! }

    /// Alternating bits need no stuff bits but those that the check sequence brings.
    @Test(arguments: [
        (0x555, [UInt8](), 47...48), (0x555, [0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55], 111...114),
    ])
    func aFrameWithoutStuffBits(identifier: UInt32, data: [UInt8], bits: ClosedRange<Int>) throws {
        let frame = try Frame.data(Self.standard(identifier), data)
        #expect(bits.contains(frame.bitLength.nominal))
        #expect(frame.bitLength.data == 0)
    }

    /// An identifier of zeros and no data: SOF, 11 identifier bits, RTR, IDE, r0, 4 of the code and a check sequence of
    /// zeros are 34 equal bits. The first stuff bit follows five of them, each further one after four: 34 bits take 6,
    /// as each stuff bit is recessive and the run begins anew: 5, 10, 15, 20, 25, 30.
    @Test func zerosAreStuffedAfterEachFive() throws {
        let frame = try Frame.data(Self.standard(0), [])
        #expect(frame.bitLength == BitLength(nominal: 34 + 6 + 13))
    }

    @Test func aRemoteFrameHasNoData() throws {
        let asking = try Frame.remote(Self.standard(0x555), length: 8)
        let carrying = try Frame.data(Self.standard(0x555), [UInt8](repeating: 0x55, count: 8))
        #expect((47...52).contains(asking.bitLength.nominal))
        #expect(carrying.bitLength.nominal - asking.bitLength.nominal >= 60)
    }

    @Test func anExtendedIdentifierTakesTwentyBitsMore() throws {
        let frame = try Frame.data(Self.extended(0x1555_5555), [UInt8](repeating: 0x55, count: 8))
        #expect((131...136).contains(frame.bitLength.nominal))
    }

    /// At worst each four bits bring a stuff bit.
    @Test func noClassicFrameIsLongerThanTheWorstCase() throws {
        for _ in 0..<2000 {
            let count = Int.random(in: 0...8)
            let frame = try Frame.data(
                Self.standard(.random(in: 0...0x7FF)),
                (0..<count).map { _ in [0x00, 0xFF, .random(in: 0...255)].randomElement()! })
            let plain = 47 + 8 * count
            let worst = plain + (34 + 8 * count - 1) / 4
            #expect((plain...worst).contains(frame.bitLength.nominal))
        }
    }

    /// SOF, 11 bits, RRS, IDE, FDF, res, BRS are 17 nominal bits; the rest up to the delimiter goes at the data rate.
    @Test func theBitRateSwitchDividesAFrame() throws {
        let data = [UInt8](repeating: 0x55, count: 64)
        let slow = try Frame.fd(Self.standard(0x555), data)
        let fast = try Frame.fd(Self.standard(0x555), data, bitRateSwitch: true)
        #expect(slow.bitLength.data == 0)
        #expect(fast.bitLength.nominal == 17 + 12)
        // ESI, code, data, 25 bits of count and check, 7 fixed stuff bits, the delimiter.
        let least = 1 + 4 + 512 + 25 + 7 + 1
        #expect((least...least + 3).contains(fast.bitLength.data))
    }

    @Test(arguments: [(16, 17 + 4 + 6), (20, 21 + 4 + 7)])
    func longDataHasTheLongCheckSequence(count: Int, field: Int) throws {
        let frame = try Frame.fd(
            Self.standard(0x555), [UInt8](repeating: 0x55, count: count), bitRateSwitch: true)
        let least = 1 + 4 + 8 * count + field + 1
        #expect((least...least + 2).contains(frame.bitLength.data))
    }
}
