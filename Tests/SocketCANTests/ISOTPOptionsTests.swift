import SocketCAN
import Testing

@Suite struct ISOTPOptionsTests {
    @Test(
        arguments: [
            (0, 0x00), (100, 0xF1), (900, 0xF9), (1000, 0x01), (127_000, 0x7F),
        ] as [(Int, UInt8)])
    func aSeparationTimeHasACode(microseconds: Int, code: UInt8) {
        #expect(SeparationTime(microseconds: microseconds)?.code == code)
    }

    @Test(
        arguments: [
            (-1, [0]), (1, [0, 100]), (150, [100, 200]), (950, [900, 1000]), (1500, [1000, 2000]),
            (126_999, [126_000, 127_000]), (127_001, [127_000]), (.max, [127_000]),
        ] as [(Int, [Int])])
    func whatHasNoCodeHasNeighbours(microseconds: Int, neighbours: [Int]) {
        #expect(SeparationTime(microseconds: microseconds) == nil)
        #expect(SeparationTime.neighbours(of: microseconds) == neighbours)
        for neighbour in neighbours { #expect(SeparationTime(microseconds: neighbour) != nil) }
    }

    @Test(
        arguments: [
            (.classic, .normal, 7), (.classic, .mixed(1), 6), (.classic, .extended(transmit: 1, receive: 2), 6),
            (.fd(dataLength: 8, bitRateSwitch: false), .normal, 7),
            (.fd(dataLength: 12, bitRateSwitch: false), .normal, 10),
            (.fd(dataLength: 64, bitRateSwitch: true), .normal, 62),
            (.fd(dataLength: 64, bitRateSwitch: true), .mixed(1), 61),
        ] as [(ISOTPOptions.Link, ISOTPOptions.Addressing, Int)])
    func aSingleFrameHoldsSoMuch(link: ISOTPOptions.Link, addressing: ISOTPOptions.Addressing, capacity: Int) {
        var options = ISOTPOptions()
        options.link = link
        options.addressing = addressing
        #expect(options.singleFrameCapacity == capacity)
    }
}
