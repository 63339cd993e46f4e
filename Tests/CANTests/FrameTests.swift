import CAN
import Testing

@Suite struct FrameTests {
    private let identifier = Identifier.standard(0x123)

    // MARK: What is valid

    @Test(arguments: 0...8)
    func aDataFrameCarriesUpToEightBytes(count: Int) throws {
        let bytes = (0..<count).map { UInt8($0) }
        let frame = try Frame.data(identifier, bytes)
        #expect(frame.identifier == identifier)
        #expect(frame.content == .data(try #require(Payload(bytes)), rawDLC: nil))
        #expect(!frame.isFD && !frame.isRemote)
    }

    @Test(arguments: 0...8)
    func aRemoteFrameAsksForUpToEightBytes(length: Int) throws {
        let frame = try Frame.remote(identifier, length: length)
        #expect(frame.content == .remote(length: UInt8(length), rawDLC: nil))
        #expect(frame.isRemote && !frame.isFD)
    }

    @Test(arguments: 9...15)
    func aRawLengthCodeGoesWithEightBytes(code: Int) throws {
        let data = try Frame.data(identifier, Array(1...8), rawDLC: code)
        #expect(data.content == .data([1, 2, 3, 4, 5, 6, 7, 8], rawDLC: UInt8(code)))
        let remote = try Frame.remote(identifier, length: 8, rawDLC: code)
        #expect(remote.content == .remote(length: 8, rawDLC: UInt8(code)))
        #expect(data != (try Frame.data(identifier, Array(1...8))))
    }

    @Test(arguments: DataLength.fd)
    func anFDFrameHasALengthThatExists(length: Int) throws {
        let bytes = (0..<length).map { UInt8($0) }
        let frame = try Frame.fd(identifier, bytes, bitRateSwitch: true)
        let payload = try #require(Payload(bytes))
        #expect(frame.content == .fd(payload, bitRateSwitch: true, errorStateIndicator: false))
        #expect(frame.isFD && !frame.isRemote)
    }

    @Test(arguments: 0...64)
    func paddingFillsUpWithZeros(count: Int) throws {
        let bytes = [UInt8](repeating: 0xFF, count: count)
        let frame = try Frame.fd(identifier, bytes, errorStateIndicator: true, pad: true)
        guard case .fd(let payload, false, true) = frame.content else {
            Issue.record("flags were lost: \(frame)")
            return
        }
        #expect(payload.count == DataLength.fd.first { $0 >= count })
        #expect(payload.bytes == bytes + [UInt8](repeating: 0, count: payload.count - count))
    }

    // MARK: What is refused

    @Test(arguments: [9, 10, 64, 65, 1000])
    func aLongerDataFrameIsRefused(count: Int) {
        let error = InvalidFrame(
            "data", "has \(count) bytes; a classic frame carries at most 8 (CAN FD, fd, up to 64)")
        #expect(throws: error) { try Frame.data(identifier, [UInt8](repeating: 0, count: count)) }
    }

    @Test(arguments: [-1, 9, 64])
    func aRemoteFrameThatAsksForMoreIsRefused(length: Int) {
        let error = InvalidFrame("length", "is \(length); a remote frame asks for 0 to 8 bytes")
        #expect(throws: error) { try Frame.remote(identifier, length: length) }
    }

    @Test(arguments: [-1, 0, 8, 16])
    func aLengthCodeThatIsNotRawIsRefused(code: Int) {
        let error = InvalidFrame("dlc", "is \(code); a raw data length code is 9 to 15")
        #expect(throws: error) { try Frame.data(identifier, Array(1...8), rawDLC: code) }
        #expect(throws: error) { try Frame.remote(identifier, length: 8, rawDLC: code) }
    }

    @Test(arguments: [0, 1, 7])
    func aRawLengthCodeWithFewerBytesIsRefused(count: Int) {
        let error = InvalidFrame("dlc", "is 9 with \(count) bytes; a raw data length code needs 8")
        #expect(throws: error) { try Frame.data(identifier, [UInt8](repeating: 0, count: count), rawDLC: 9) }
        #expect(throws: error) { try Frame.remote(identifier, length: count, rawDLC: 9) }
    }

    @Test(arguments: [(9, 8, 12), (13, 12, 16), (31, 24, 32), (33, 32, 48), (63, 48, 64)])
    func anFDFrameOfNoLengthIsRefused(count: Int, below: Int, above: Int) {
        let error = InvalidFrame(
            "data",
            "has \(count) bytes, which no CAN FD frame has; the nearest lengths are \(below) and \(above) "
                + "(or pad it with zeros: pad)",
            allowed: [below, above])
        #expect(throws: error) { try Frame.fd(identifier, [UInt8](repeating: 0, count: count)) }
    }

    @Test(arguments: [65, 1000], [false, true])
    func aLongerFDFrameIsRefused(count: Int, pad: Bool) {
        let error = InvalidFrame("data", "has \(count) bytes; a CAN FD frame carries at most 64")
        #expect(throws: error) { try Frame.fd(identifier, [UInt8](repeating: 0, count: count), pad: pad) }
    }

    // MARK: Equality and the error

    @Test func equalityTellsEveryPartApart() throws {
        let frames: [Frame] = [
            try .data(identifier, [1]), try .data(identifier, [2]), try .data(identifier, []),
            try .data(.extended(0x123), [1]), try .remote(identifier, length: 0), try .remote(identifier, length: 1),
            try .fd(identifier, [1]), try .fd(identifier, [1], bitRateSwitch: true),
            try .fd(identifier, [1], errorStateIndicator: true),
        ]
        #expect(Set(frames).count == frames.count)
        #expect(try .data(identifier, [1]) == frames[0])
    }

    @Test func theErrorReadsAsASentence() {
        #expect(InvalidFrame("data", "has 9 bytes; at most 8").description == "data has 9 bytes; at most 8")
        #expect(InvalidFrame("", "'x' is no frame").description == "'x' is no frame")
        #expect(InvalidFrame("data", "x").allowed.isEmpty)
    }
}
