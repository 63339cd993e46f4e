import CAN
import EventLoop
import HTTP

@testable import Gateway

/// A log with streams on it, without sockets.
struct LogFixture {
    let loop: EventLoop
    let log: EventLog
    let encoder: FrameEncoder
    let hub: StreamHub

    init(capacity: Int = 1 << 20) throws {
        loop = try EventLoop()
        log = EventLog(epoch: "e", capacity: capacity)
        encoder = FrameEncoder(names: log.names)
        hub = StreamHub(log: log, encoder: encoder, loop: loop, limit: 10)
    }

    /// Adds frames whose text is their number.
    func addFrames(_ count: Int, interface: String = "vcan0", identifier: UInt32 = 0x123, timestamp: Int64 = 0) {
        let frame = Frame(
            identifier: Identifier(truncating: identifier, extended: false), content: .data([1], rawDLC: nil))
        let logged = LoggedMessage(
            message: .frame(frame), direction: .received, timestamp: timestamp, isHardwareTime: false,
            interface: log.names.number(of: interface))
        for _ in 0..<count { log.append(LogEntry(logged), [1] + Array("frame \(log.nextSequence)".utf8)) }
    }

    func addKernelGap(lost: Int, interface: String = "vcan0") {
        let entry = LogEntry(.gap, interface: log.names.number(of: interface), count: lost)
        log.append(entry, Array("gap \(log.nextSequence)".utf8))
    }

    func open(
        _ connection: FakeConnection, interfaces: [String]? = nil, filters: FilterSet = .everything,
        options: Stream.Options = .init(), format: StreamFormat = .lines
    ) -> Stream {
        let selection = Selection(
            interfaces: interfaces.map { Set($0.map(log.names.number)) }, filters: filters, direction: nil)
        let stream = Stream(hub, format, selection, options, peer: "")
        connection.source = stream
        stream.opened(connection)
        return stream
    }
}

/// A connection that takes as many records as it is told, and keeps them.
final class FakeConnection: StreamConnection {
    let isChunked = false
    var source: (any StreamSource)?
    var room = Int.max
    var lines: [String] = []
    var ended: StreamEnd?
    /// Whether the end is told at once, as to one that has taken everything.
    var closesAtOnce = true

    func send(_ bytes: [UInt8], ends: [Int]) -> Int {
        let taken = min(room, ends.count)
        var start = 0
        for end in ends.prefix(taken) {
            lines.append(String(decoding: bytes[start..<end].dropLast(), as: UTF8.self))
            start = end
        }
        if room != .max { room -= taken }
        return taken
    }

    func answer(_ record: [UInt8]) { lines.append(String(decoding: record.dropLast(), as: UTF8.self)) }

    func ping() {}

    func end(_ reason: StreamEnd) {
        ended = reason
        if closesAtOnce { source?.closed() }
    }

    var frames: [Int] { lines.filter { $0.hasPrefix("frame ") }.map { Int($0.dropFirst(6))! } }

    /// What the server's gaps say was lost in all.
    var lostInServer: Int {
        lines.filter { $0.contains("\"where\":\"server\"") }.reduce(0) { sum, line in
            let digits = line.split(separator: "\"lost\":")[1].prefix { $0.isNumber }
            return sum + Int(digits)!
        }
    }
}
