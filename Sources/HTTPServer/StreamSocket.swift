internal import EventLoop
internal import Glibc
internal import Linux

/// The socket of a stream: takes records as a whole, keeping the rest of one that did not fit.
final class StreamSocket {
    // libmicrohttpd owns and closes it, after this object was closed.
    private let number: Int32
    private var watch: WatchedDescriptor?
    private var interest: Interest
    /// What goes first: the rest of a record, control frames.
    private var outgoing: [UInt8] = []
    private var sent = 0
    /// Whether a send failed for good: the client is gone.
    private(set) var isBroken = false

    init(number: Int32, on loop: EventLoop, reads: Bool, ready: @escaping (Readiness) -> Void) {
        self.number = number
        interest = reads ? [.readable, .peerClosed] : .peerClosed
        // Otherwise the kernel lets it grow to megabytes for a reader that is slow.
        set(SOL_SOCKET, SO_SNDBUF, Self.sendBuffer)
        set(SOL_SOCKET, SO_KEEPALIVE, 1)
        set(Int32(IPPROTO_TCP), TCP_KEEPIDLE, 30)
        set(Int32(IPPROTO_TCP), TCP_KEEPINTVL, 10)
        set(Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
        // A peer that takes nothing for so long, its machine asleep or its cable cut, is gone.
        set(Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, 90_000)
        watch = try? loop.watch(number: number, for: interest, ready)
        isBroken = watch == nil
    }

    /// How much the kernel keeps for a reader, in bytes; it doubles that for its own bookkeeping.
    private static let sendBuffer: Int32 = 262_144

    /// Whether everything that it took was handed to the kernel.
    var isFlushed: Bool { outgoing.isEmpty }

    /// Sends records, as ``StreamConnection/send(_:ends:)`` has it.
    func send(_ bytes: [UInt8], ends: [Int]) -> Int {
        guard isFlushed, !isBroken, let total = ends.last else { return 0 }
        let count = write(bytes[...])
        if count == total { return ends.count }
        let record = Self.firstEnd(in: ends, above: count)
        if count > 0, count > (record > 0 ? ends[record - 1] : 0) {
            outgoing.append(contentsOf: bytes[count..<ends[record]])
            waitToWrite(true)
            return record + 1
        }
        waitToWrite(true)
        return record
    }

    /// Queues bytes that belong between records.
    func enqueue(_ bytes: UnsafeBufferPointer<UInt8>) { unsafe outgoing.append(contentsOf: bytes) }

    /// Sends a record after what waits already.
    func answer(_ record: [UInt8]) {
        outgoing.append(contentsOf: record)
        flush()
    }

    /// It can be written to again: sends what is queued, and waits no more when nothing is left; returns whether that is
    /// so. Only here: whoever waits for room is told by this.
    func becameWritable() -> Bool {
        flush()
        if isFlushed { waitToWrite(false) }
        return isFlushed
    }

    /// Sends what is queued.
    func flush() {
        guard !isFlushed, !isBroken else { return }
        sent += write(outgoing[sent...])
        if sent == outgoing.count {
            outgoing.removeAll(keepingCapacity: outgoing.capacity <= 4096)
            sent = 0
        }
        if !isFlushed { waitToWrite(true) }
    }

    /// Reads into memory; returns the count, 0 at the end of the stream, nil when there is nothing now.
    func read(into buffer: UnsafeMutableRawPointer, count: Int) -> Int? {
        do throws(SystemError) {
            return try systemCall("recv") { unsafe recv(number, buffer, count, 0) }
        } catch {
            return error.errno == .wouldBlock ? nil : 0
        }
    }

    /// Stops watching. The descriptor is closed by its owner.
    func close() {
        watch?.cancel()
        watch = nil
    }

    private static func firstEnd(in ends: [Int], above count: Int) -> Int {
        var low = 0
        var high = ends.count - 1
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] > count { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private func write(_ bytes: ArraySlice<UInt8>) -> Int {
        do throws(SystemError) {
            return try systemCall("send") {
                unsafe bytes.withUnsafeBytes {
                    unsafe Glibc.send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
            }
        } catch {
            if error.errno != .wouldBlock { isBroken = true }
            return 0
        }
    }

    private func waitToWrite(_ waits: Bool) {
        guard let watch, waits != interest.contains(.writable) else { return }
        if waits { interest.insert(.writable) } else { interest.remove(.writable) }
        // While a client does not take its answers, none of its messages are read, and so its end is not seen.
        var wanted = interest
        if waits, wanted.contains(.readable) { wanted.subtract([.readable, .peerClosed]) }
        do { try watch.update(wanted) } catch { isBroken = true }
    }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        // Comforts of TCP: where one is refused the connection works all the same.
        _ = unsafe setsockopt(number, level, option, &value, 4)
    }
}
