internal import CAN
internal import EventLoop
internal import HTTP
internal import JSON
internal import Linux

/// A reader of the log: a cursor, what it shows, and when it ends.
///
/// It holds no events. When its connection takes no more, it waits; if the log has forgotten meanwhile what it had not
/// shown yet, it says how much that was and goes on with the oldest event still held.
final class Stream: StreamSource, ListedStream {
    /// How a stream is served, from where, and when it ends by itself.
    struct Options {
        /// Ends it after so many frames.
        var count: Int?
        /// Ends it after so many nanoseconds.
        var duration: Int64?
        /// Seconds without an event before a heartbeat.
        var heartbeat = 15
        /// Whether many events go in one message, as a JSON array.
        var isBatch = false
        /// The least time between two showings of the newest frames, in nanoseconds; nil where all are shown.
        var latestInterval: Int64?
        /// Whether the load of its interfaces is shown each second.
        var showsLoad = false
        /// Where it resumes; nil to begin with what comes next.
        var resumption: Cursor?
    }

    private let hub: StreamHub
    private let format: StreamFormat
    private let options: Options
    private let peer: String
    private let opened = Clock.realtime
    /// What it shows.
    private(set) var selection: Selection
    private var connection: (any StreamConnection)?
    // These are only read and written as whole values: such accesses need no check for exclusivity at run time, which
    // would be made for every stream and event.
    /// The number of the next event to look at.
    private var next: Int
    /// What was before it, once the log has forgotten that.
    private var before: Cursor.Before?
    /// What it needs rendered; `from` and `limit` are set each time.
    private var needs: Rendering.Key
    private var shown = Tally()
    /// When something was sent last, a monotonic time in nanoseconds.
    private var lastSent: Int64 = 0
    private var latest: LatestDelivery?
    private var nextShowing: Timer?
    private var lastShowing: Int64 = 0
    private var isPaused = false
    private var number = 0
    private var timers: [Timer] = []
    /// Its place among the hub's streams.
    var place = 0
    /// Carries out what a WebSocket client says; nil where the client can say nothing.
    var commands: StreamCommands?

    /// - Parameter peer: The address of the client.
    init(_ hub: StreamHub, _ format: StreamFormat, _ selection: Selection, _ options: Options, peer: String) {
        self.hub = hub
        self.format = format
        self.selection = selection
        self.options = options
        self.peer = peer
        let cursor = options.resumption ?? Cursor(at: hub.log.nextSequence)
        next = cursor.next
        before = cursor.before
        needs = Rendering.Key(
            format: format, form: StreamForm(format.framing, isChunked: false), isBatch: options.isBatch,
            selection: hub.use(selection), from: 0, limit: .max)
        latest = options.latestInterval.map { LatestDelivery(interval: $0) }
        hub.add(self)
        number = hub.list(self)
    }

    // MARK: StreamSource

    func opened(_ connection: any StreamConnection) {
        self.connection = connection
        var needs = needs
        needs.form = StreamForm(format.framing, isChunked: connection.isChunked)
        self.needs = needs
        var resumed: Bool?
        if options.resumption == nil {
            next = hub.log.nextSequence
            before = nil
        } else {
            resumed = next >= hub.log.firstSequence
        }
        let open = OwnEvent.open(
            epoch: hub.log.epoch, interfaces: hub.presentInterfaces(of: selection),
            filters: selection.filters.candump, resumed: resumed)
        if let record = open.record(in: format, sequence: lastSequence) {
            connection.answer(framed(record, sequence: lastSequence))
            lastSent = hub.loop.now
        }
        if let duration = options.duration {
            timers.append(hub.loop.after(duration) { [weak self] in self?.end(.complete) })
        }
        scheduleHeartbeat()
        pump()
    }

    func writable() { pump() }

    func received(_ message: WebSocketMessage) { commands?.receive(message, on: self) }

    func closed() {
        connection = nil
        nextShowing?.cancel()
        for timer in timers { timer.cancel() }
        timers = []
        hub.remove(self)
        hub.unlist(number)
        commands?.closed()
    }

    // MARK: Events

    /// Shows what has come since the cursor, as far as the connection takes it.
    func pump() {
        guard let connection, !isPaused else { return }
        if options.latestInterval != nil { return scheduleShowing() }
        while reportGap(), next < hub.log.nextSequence {
            var needs = needs
            needs.from = next
            if let count = options.count {
                guard shown.frames < count else { return }
                needs.limit = count - shown.frames
            }
            let rendering = hub.rendering(needs, for: self)
            let ends = rendering.records.ends
            if !ends.isEmpty {
                let taken = connection.send(rendering.records.bytes, ends: ends)
                if taken > 0 { note(rendering.records.tallies[taken - 1]) }
                if shown.frames == options.count { return end(.complete) }
                guard taken == ends.count else {
                    next = rendering.records.sequences[taken]
                    return
                }
            }
            next = rendering.records.next
        }
    }

    /// The log is about to forget these events.
    func willForget(_ segment: LogSegment) {
        guard before == nil, next < segment.endSequence else { return }
        if connection != nil, !isPaused, var delivery = latest {
            // What has come since the last showing is looked at before it goes, so that it is not lost.
            latest = nil
            next = delivery.look(at: hub.log, from: next, to: segment.endSequence, selection)
            latest = delivery
            guard next < segment.endSequence else { return }
        }
        before = Cursor.Before(totals: segment.totals(before: next), isExact: true)
    }

    /// Shows the load of an interface in the last second, where that is wanted and the connection takes it at once.
    func show(_ load: OwnEvent, ofInterface number: Int) {
        guard options.showsLoad, !isPaused, selection.interfaces?.contains(number) ?? true else { return }
        send(load)
    }

    /// Ends the stream for the client.
    func end(_ reason: StreamEnd) { connection?.end(reason) }

    private func note(_ tally: Tally) {
        shown = shown + tally
        lastSent = hub.loop.now
    }

    /// Says what was lost and goes on to the oldest event still held; false when the connection takes nothing now.
    private func reportGap() -> Bool {
        let first = hub.log.firstSequence
        if next >= first { return true }
        guard let gap = Cursor(at: next, before).gap(in: hub.log, for: selection) else { return true }
        guard send(.gap(gap), after: first - 1) else { return false }
        shown = shown + Tally(lost: gap.lost)
        next = first
        before = nil
        return true
    }

    @discardableResult
    private func send(_ event: OwnEvent, after sequence: Int? = nil) -> Bool {
        guard let connection else { return false }
        let sequence = sequence ?? lastSequence
        guard let record = event.record(in: format, sequence: sequence) else { return true }
        let bytes = framed(record, sequence: sequence)
        guard connection.send(bytes, ends: [bytes.count]) == 1 else { return false }
        lastSent = hub.loop.now
        return true
    }

    private func framed(_ record: [UInt8], sequence: Int) -> [UInt8] {
        let record = options.isBatch ? [UInt8(ascii: "[")] + record + [UInt8(ascii: "]")] : record
        var bytes: [UInt8] = []
        needs.form.append(record[...], epoch: hub.epoch, sequence: sequence, to: &bytes)
        return bytes
    }

    private func scheduleHeartbeat() {
        let interval = Int64(options.heartbeat) * 1_000_000_000
        timers.removeAll { $0.isDone }
        timers.append(
            hub.loop.at(max(lastSent + interval, hub.loop.now + 1)) { [weak self] in
                guard let self, let connection = self.connection else { return }
                if hub.loop.now - lastSent >= interval {
                    send(.heartbeat(now: Clock.realtime))
                    // Whether it was taken or not, the next one is due after the interval.
                    lastSent = hub.loop.now
                }
                connection.ping()
                if self.connection != nil { scheduleHeartbeat() }
            })
    }

    // MARK: The newest frames only

    private func scheduleShowing() {
        guard let latest, nextShowing?.isDone ?? true else { return }
        nextShowing = hub.loop.at(lastShowing + latest.interval) { [weak self] in self?.showLatest() }
    }

    private func showLatest() {
        guard connection != nil, !isPaused, var delivery = latest else { return }
        latest = nil
        lastShowing = hub.loop.now
        // A gap comes after what was before it.
        if next >= hub.log.firstSequence || show(&delivery) && reportGap() {
            next = delivery.look(at: hub.log, from: next, to: hub.log.nextSequence, selection)
            _ = show(&delivery)
        }
        latest = delivery
        if shown.frames == options.count { return end(.complete) }
        if next < hub.log.nextSequence { scheduleShowing() }
    }

    /// Shows what is new; returns whether the connection took all of it.
    private func show(_ delivery: inout LatestDelivery) -> Bool {
        guard let connection else { return false }
        delivery.render(
            needs.form, isBatch: options.isBatch, limit: options.count.map { $0 - shown.frames } ?? .max, hub.encoder,
            epoch: hub.epoch)
        guard !delivery.ends.isEmpty else { return true }
        let taken = connection.send(delivery.bytes, ends: delivery.ends)
        note(delivery.markShown(taken))
        return taken == delivery.ends.count
    }

    // MARK: For its commands

    /// The number of the last event that the stream has passed.
    var lastSequence: Int { (latest?.firstPending ?? max(1, next)) - 1 }

    /// The monotonic time, in nanoseconds.
    var now: Int64 { hub.loop.now }

    /// Answers the client.
    func answer(_ value: JSONValue) { connection?.answer(framed(value.encoded, sequence: lastSequence)) }

    /// Changes the filters, from the next event on.
    func setFilters(_ filters: FilterSet) {
        hub.release(selection)
        selection.filters = filters
        var needs = needs
        needs.selection = hub.use(selection)
        self.needs = needs
    }

    /// Shows nothing for a while; what comes stays in the log.
    func pause() { isPaused = true }

    /// Goes on where it was paused.
    func resume() {
        isPaused = false
        pump()
    }

    // MARK: For the list of streams

    /// How it stands.
    var status: StreamStatus {
        StreamStatus(
            peer: peer, transport: format.rawValue, selection: selection, isLatest: options.latestInterval != nil,
            isPaused: isPaused, opened: opened, delivered: shown.messages, lost: shown.lost,
            lag: hub.log.nextSequence - next)
    }
}
