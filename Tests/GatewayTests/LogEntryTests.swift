import CAN
import Testing

@testable import Gateway

@Suite struct LogEntryTests {
    private func kept(_ message: Message) -> LoggedMessage? {
        let log = EventLog(epoch: "e", capacity: 1 << 18)
        let logged = LoggedMessage(
            message: message, direction: .transmitted, timestamp: 1_700_000_000_123_456_789, isHardwareTime: true,
            interface: 3)
        let entry = LogEntry(logged)
        for name in ["a", "b", "c", "d"] { _ = log.names.number(of: name) }
        var content: [UInt8] = []
        FrameEncoder(names: log.names).encodeContent(logged, sequence: 1, into: &content)
        log.append(entry, content)
        log.append(LogEntry(.job, interface: 0), Array("other".utf8))
        let segment = log.segment(holding: 1)!
        #expect(segment.text(at: 0).starts(with: Array(#"{"type":"#.utf8)) && segment.text(at: 0).last == 0x7D)
        #expect(Array(segment.text(at: 1)) == Array("other".utf8))
        #expect(segment.message(at: 1) == nil)
        return segment.message(at: 0)
    }

    @Test(arguments: [
        "123#", "123#DEADBEEF", "1FFFFFFF#0011223344556677", "123#R", "123#R8", "18DAF110#R3", "123#R8_F",
        "123#0011223344556677_9", "123##0", "123##1AA", "00000123##200112233445566778899AABB",
    ])
    func framesComeOutAsTheyWentIn(frame: String) throws {
        let message = Message.frame(try Frame(cansend: frame))
        let logged = try #require(kept(message))
        #expect(logged.message == message)
        #expect(logged.direction == .transmitted)
        #expect(logged.timestamp == 1_700_000_000_123_456_789)
        #expect(logged.isHardwareTime)
        #expect(logged.interface == 3)
    }

    @Test func errorFramesComeOutAsTheyWentIn() throws {
        let message = Message.error(
            ErrorFrame(classes: ErrorClasses(rawValue: 0x1FFF_FFFF), data: [1, 2, 3, 4, 5, 6, 7, 8]))
        #expect(try #require(kept(message)).message == message)
    }
}
