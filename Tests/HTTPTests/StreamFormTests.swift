import HTTP
import Testing

@Suite struct StreamFormTests {
    private static let lengths = [0, 125, 126, 65535, 65536]

    private func text(_ length: Int) -> [UInt8] { [UInt8](repeating: UInt8(ascii: "x"), count: length) }

    private func framed(_ form: StreamForm, _ text: [UInt8], sequence: Int = 42) -> [UInt8] {
        // A slice that does not begin at 0, behind what is there already.
        var bytes: [UInt8] = [1]
        form.append(([0] + text + [0])[1..<text.count + 1], epoch: Array("e1".utf8), sequence: sequence, to: &bytes)
        #expect(bytes.first == 1)
        return Array(bytes.dropFirst())
    }

    /// What the chunked transfer coding carries (RFC 9112, section 7.1); nil when it is none.
    private func unchunked(_ bytes: [UInt8]) -> [UInt8]? {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\r")),
            let length = Int(String(decoding: bytes[..<end], as: UTF8.self), radix: 16),
            bytes.count == end + 2 + length + 2, bytes[end + 1] == UInt8(ascii: "\n"),
            bytes.suffix(2) == [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
        else { return nil }
        return Array(bytes[(end + 2)...].dropLast(2))
    }

    @Test(arguments: lengths)
    func lines(length: Int) throws {
        let expected = text(length) + [UInt8(ascii: "\n")]
        #expect(framed(StreamForm(.line, isChunked: false), text(length)) == expected)
        #expect(unchunked(framed(StreamForm(.line, isChunked: true), text(length))) == expected)
    }

    @Test(arguments: lengths, [0, 9, 10, 99, 100, 1_234_567_890, Int.max])
    func serverSentEvents(length: Int, sequence: Int) {
        let expected = Array("id: e1:\(sequence)\ndata: ".utf8) + text(length) + Array("\n\n".utf8)
        let plain = framed(StreamForm(.serverSentEvent, isChunked: false), text(length), sequence: sequence)
        #expect(plain == expected)
        let chunked = framed(StreamForm(.serverSentEvent, isChunked: true), text(length), sequence: sequence)
        #expect(unchunked(chunked) == expected)
    }

    @Test(
        arguments: zip(
            lengths,
            [
                [0x81, 0], [0x81, 125], [0x81, 126, 0, 126], [0x81, 126, 0xFF, 0xFF],
                [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0],
            ] as [[UInt8]]))
    func webSocketMessages(length: Int, header: [UInt8]) {
        for isChunked in [false, true] {
            #expect(framed(StreamForm(.textMessage, isChunked: isChunked), text(length)) == header + text(length))
        }
    }

    @Test func chunkLengthsHaveNoLeadingZeros() {
        let form = StreamForm(.line, isChunked: true)
        for (length, digits) in [(0, "1"), (15, "10"), (255, "100"), (4095, "1000"), (65535, "10000"), (9, "A")] {
            #expect(framed(form, text(length)).starts(with: Array("\(digits)\r\n".utf8)))
        }
    }

    @Test func aWebSocketIsNeverChunked() {
        #expect(StreamForm(.textMessage, isChunked: true) == StreamForm(.textMessage, isChunked: false))
        #expect(StreamForm(.line, isChunked: true) != StreamForm(.line, isChunked: false))
        #expect(!StreamForm(.textMessage, isChunked: true).isChunked)
    }

    @Test func recordsThatKnowTheirEndAreOnlyChunked() {
        #expect(framed(StreamForm(.none, isChunked: false), text(20)) == text(20))
        #expect(unchunked(framed(StreamForm(.none, isChunked: true), text(20))) == text(20))
    }
}
