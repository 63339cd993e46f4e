internal import CAN
internal import EventLoop
internal import HTTP
internal import JSON
internal import Linux

/// A reader of the log: a cursor, what it shows, and when it ends.
///
/// It holds no events. When its connection does not take more it waits; when the log meanwhile forgot what it had not
/// shown yet, it says how much that was and goes on with the oldest event still held.
final class Stream: StreamSource {
    /// When a stream ends by itself, and how often it says that it lives.
    struct Options {
        /// After so many frames.
        var count: Int?
        /// After so many nanoseconds.
        var duration: Int64?
        /// Seconds without an event before a heartbeat.
        var heartbeat = 15
    }

    private let hub: StreamHub
    private let transport: StreamForm.Transport
    private let options: Options
    let selection: Selection
    private let selectionNumber: Int
    private var form: StreamForm
    private var connection: (any StreamConnection)?
    /// The number of the next event to look at.
    private var cursor = 0
    /// The interfaces' totals at the cursor, once the log has forgotten the event there.
    private var totalsAtCursor: [Int]?
    private var framesShown = 0
    private var lastSent: Int64 = 0
    private var timers: [Timer] = []

    init(_ hub: StreamHub, _ transport: StreamForm.Transport, _ selection: Selection, _ options: Options) {
        self.hub = hub
        self.transport = transport
        self.selection = selection
        self.options = options
        selectionNumber = hub.use(selection)
        form = StreamForm(transport, isChunked: false)
        hub.add(self)
    }

    // MARK: StreamSource

    func opened(_ connection: any StreamConnection) {
        self.connection = connection
        form = StreamForm(transport, isChunked: connection.isChunked)
        cursor = hub.log.nextSequence
        let interfaces = hub.presentInterfaces().filter { name in
            selection.interfaces?.contains(hub.names.number(of: name)) ?? true
        }
        sendOwn([
            "type": "open", "seq": .integer(cursor - 1), "epoch": .string(hub.log.epoch),
            "interfaces": JSONValue(interfaces), "filters": JSONValue(selection.filters.candump),
        ])
        if let duration = options.duration {
            timers.append(hub.loop.after(duration) { [weak self] in self?.end(.complete) })
        }
        scheduleHeartbeat()
    }

    func writable() { pump() }

    func received(text: [UInt8]) {}

    func closed() {
        connection = nil
        for timer in timers { timer.cancel() }
        timers = []
        hub.remove(self)
    }

    // MARK: Events

    /// Shows what has come since the cursor, as far as the connection takes it.
    func pump() {
        while let connection {
            if cursor < hub.log.firstSequence, !skipForgotten() { return }
            guard cursor < hub.log.nextSequence else { return }
            let rendering = hub.rendering(form: form, selection: (selectionNumber, selection), from: cursor)
            guard !rendering.ends.isEmpty else {
                cursor = rendering.next
                continue
            }
            let wanted = recordsWanted(of: rendering)
            let ends = wanted == rendering.ends.count ? rendering.ends : Array(rendering.ends.prefix(wanted))
            let taken = connection.send(rendering.bytes, ends: ends)
            if taken > 0 {
                lastSent = hub.loop.now
                framesShown += rendering.frames[taken - 1]
            }
            if let count = options.count, framesShown >= count { return end(.complete) }
            guard taken == ends.count else {
                cursor = rendering.sequences[taken]
                return
            }
            cursor = rendering.next
        }
    }

    /// The log is about to forget these events.
    func willForget(_ segment: LogSegment) {
        guard connection != nil, totalsAtCursor == nil, cursor < segment.endSequence else { return }
        totalsAtCursor = segment.totals(before: cursor)
    }

    /// Ends the stream for the client.
    func end(_ reason: StreamEnd) { connection?.end(reason) }

    /// How many of the records the stream still wants, where it ends after a number of frames.
    private func recordsWanted(of rendering: Rendering) -> Int {
        guard let count = options.count else { return rendering.ends.count }
        let last = rendering.frames.firstIndex { $0 == count - framesShown }
        return last.map { $0 + 1 } ?? rendering.ends.count
    }

    /// Says what was lost and goes to the oldest event still held; false when the connection takes nothing now.
    private func skipForgotten() -> Bool {
        let log = hub.log
        let lost = selection.difference(from: totalsAtCursor ?? [], to: log.totalsBeforeFirst)
        let last = log.firstSequence - 1
        let wasSent = sendOwn([
            "type": "gap", "seq": .integer(last), "lost": .integer(lost), "exact": .boolean(selection.isComplete),
            "where": "server", "from_seq": .integer(cursor), "to_seq": .integer(last),
        ])
        guard wasSent else { return false }
        cursor = log.firstSequence
        totalsAtCursor = nil
        return true
    }

    @discardableResult
    private func sendOwn(_ event: JSONValue) -> Bool {
        guard let connection else { return false }
        let bytes = hub.frame(event, form: form, sequence: cursor - 1)
        guard connection.send(bytes, ends: [bytes.count]) == 1 else { return false }
        lastSent = hub.loop.now
        return true
    }

    private func scheduleHeartbeat() {
        let interval = Int64(options.heartbeat) * 1_000_000_000
        timers.removeAll { $0.isDone }
        timers.append(
            hub.loop.at(max(lastSent + interval, hub.loop.now + 1)) { [weak self] in
                guard let self, let connection else { return }
                if hub.loop.now - lastSent >= interval {
                    sendOwn(["type": "heartbeat", "seq": .integer(cursor - 1), "now": .real(seconds(Clock.realtime))])
                    // Whether it was taken or not, the next one is due after the interval.
                    lastSent = hub.loop.now
                }
                connection.ping()
                scheduleHeartbeat()
            })
    }
}
