import CAN
internal import Glibc
import Linux
import SocketCAN

/// The longest that a test waits for what should come at once, in seconds: the guest may be slow.
let patience = 10.0

/// Waits until a descriptor is ready for one of the events, or the time is up; returns whether it is.
func isReady(_ number: Int32, for events: Int32 = POLLIN, within seconds: Double = patience) throws(SystemError) -> Bool
{
    var descriptor = pollfd(fd: number, events: Int16(events), revents: 0)
    return try systemCall("poll") { unsafe poll(&descriptor, 1, Int32(seconds * 1000)) } > 0
}

/// What a call threw; nil when it succeeded.
func refusal<Result: ~Copyable>(_ body: () throws(SystemError) -> Result) -> Errno? {
    do {
        _ = try body()
        return nil
    } catch {
        return error.errno
    }
}

extension RawSocket {
    /// Waits until it is ready.
    func isReady(for events: Int32 = POLLIN, within seconds: Double = patience) throws(SystemError) -> Bool {
        try SocketCANTests.isReady(descriptor.number, for: events, within: seconds)
    }

    /// Waits for so many messages; there are fewer when no more came in time.
    func next(_ count: Int) throws(SystemError) -> [Reception] {
        let batch = ReceiveBatch()
        var messages: [Reception] = []
        while messages.count < count, try isReady() {
            for index in 0..<(try receive(into: batch)) { messages.append(batch[index]) }
        }
        return messages
    }

    /// Waits for so many frames, and takes what else is there already.
    func nextFrames(_ count: Int) throws(SystemError) -> [Frame] {
        let messages = try next(count) + queued()
        return messages.compactMap { if case .frame(let frame) = $0.message { frame } else { nil } }
    }

    /// What has arrived already.
    func queued() throws(SystemError) -> [Reception] {
        let batch = ReceiveBatch()
        var messages: [Reception] = []
        while try receive(into: batch) > 0 {
            for index in 0..<batch.count { messages.append(batch[index]) }
        }
        return messages
    }

    /// Sends all of the frames, waiting for room where that is needed.
    func sendAll(_ frames: [Frame]) throws(SystemError) {
        var rest = frames[...]
        while !rest.isEmpty { rest = rest.dropFirst(try send(rest)) }
    }

    /// Has messages stamped and sends frames until one comes with its time: the kernel switches stamping on behind the
    /// call, on a busy machine a while later.
    func startTimestamps(from sender: borrowing RawSocket, sending frame: Frame) throws(SystemError) {
        try enableTimestamps()
        let deadline = Clock.monotonic + Int64(patience * 1e9)
        while Clock.monotonic < deadline {
            try sender.sendAll([frame])
            if try next(1).last?.timestamp != nil { return }
        }
    }

    /// Waits for one message and returns its bytes as the kernel wrote them.
    func nextBytes() throws(SystemError) -> [UInt8] {
        guard try isReady() else { return [] }
        var bytes = [UInt8](repeating: 0xEE, count: 4096)
        let count = try systemCall("read") { unsafe read(descriptor.number, &bytes, bytes.count) }
        return Array(bytes[..<count])
    }

    /// Writes bytes in the kernel's layout.
    func write(_ bytes: [UInt8]) throws(SystemError) {
        try systemCall("write") { unsafe Glibc.write(descriptor.number, bytes, bytes.count) }
    }
}

extension BroadcastManager {
    /// Waits until so many sequences have run out; what else was told until then comes with them.
    func expired(_ count: Int) throws(SystemError) -> [Key] {
        let batch = ReportBatch()
        var keys: [Key] = []
        while true {
            for index in 0..<(try receive(into: batch)) {
                if case .expired(let key) = batch[index] { keys.append(key) }
            }
            guard keys.count < count, try isReady(descriptor.number) else { return keys }
        }
    }

    /// The lines of its sequences in `/proc/net/can-bcm`.
    func listing() throws(SystemError) -> [String] {
        var status = stat()
        try systemCall("fstat") { unsafe fstat(descriptor.number, &status) }
        return try Machine.readFile("/proc/net/can-bcm/\(status.st_ino)").split(separator: "\n")
            .filter { $0.hasPrefix("tx_op:") }.map(String.init)
    }
}
