internal import EventLoop
internal import HTTP
internal import Linux

/// The open streams, and what they share.
final class StreamHub {
    /// What the streams read.
    let log: EventLog
    /// Encodes what is shown of the newest frames.
    let encoder: FrameEncoder
    /// The newest frames, for those who poll.
    let latest: LatestFrames
    /// The loop that all this belongs to.
    let loop: EventLoop
    /// The epoch as it stands in a server-sent event.
    let epoch: [UInt8]
    /// The most streams at once.
    let limit: Int
    /// The readers of the log.
    private var streams: [Stream] = []
    /// All open streams by number, those included that do not read the log.
    private var listed: [Int: any ListedStream] = [:]
    private var closedDelivered = 0
    private var closedLost = 0
    private var lastNumber = 0
    private var selections: [Selection: (number: Int, users: Int)] = [:]
    private var nextSelection = 1
    private var renderings: [Rendering] = []
    private var usedRenderings = 0
    private var pumpedUpTo = 1
    /// The names of the interfaces that are there now.
    var presentInterfaces: () -> [String] = { [] }

    /// - Parameter limit: The most streams at once.
    init(log: EventLog, encoder: FrameEncoder, loop: EventLoop, limit: Int) {
        self.log = log
        self.encoder = encoder
        self.loop = loop
        self.limit = limit
        latest = LatestFrames(log: log)
        epoch = Array(log.epoch.utf8)
        log.willForget = { [unowned self] segment in
            latest.willForget(segment)
            for stream in streams { stream.willForget(segment) }
        }
        loop.addAfterTurn { [unowned self] in pump() }
    }

    // MARK: Opening and closing

    /// Checks that one more stream may be opened.
    /// - Throws: ``Problem``: `too-many-streams`.
    func checkRoom() throws(Problem) {
        guard listed.count < limit else {
            throw Problem(.tooManyStreams, "\(limit) streams are open, the most that the service takes (--max-streams)")
        }
    }

    /// Adds a stream to the list.
    /// - Returns: The number under which it stands there.
    func list(_ stream: some ListedStream) -> Int {
        lastNumber += 1
        listed[lastNumber] = stream
        return lastNumber
    }

    /// Removes a stream from the list.
    func unlist(_ number: Int) {
        guard let status = listed.removeValue(forKey: number)?.status else { return }
        closedDelivered += status.delivered
        closedLost += status.lost
    }

    /// How many frames, error frames and ISO-TP messages all streams of the run took.
    var delivered: Int { listed.values.reduce(closedDelivered) { $0 + $1.status.delivered } }

    /// How many frames and ISO-TP messages all streams of the run were told they lost.
    var lost: Int { listed.values.reduce(closedLost) { $0 + $1.status.lost } }

    /// The open streams in the order in which they were opened, with their numbers.
    var open: [(number: Int, status: StreamStatus)] {
        listed.sorted { $0.key < $1.key }.map { ($0.key, $0.value.status) }
    }

    /// Has a stream told of new events from now on.
    func add(_ stream: Stream) {
        stream.place = streams.count
        streams.append(stream)
    }

    /// A stream is closed.
    func remove(_ stream: Stream) {
        guard stream.place < streams.count, streams[stream.place] === stream else { return }
        let last = streams.removeLast()
        if last !== stream {
            streams[stream.place] = last
            last.place = stream.place
        }
        release(stream.selection)
    }

    /// A number for a selection, the same for equal ones while any is in use.
    func use(_ selection: Selection) -> Int {
        let entry = selections[selection] ?? (nextSelection, 0)
        if entry.users == 0 { nextSelection += 1 }
        selections[selection] = (entry.number, entry.users + 1)
        return entry.number
    }

    /// A selection is no longer in use.
    func release(_ selection: Selection) {
        guard let entry = selections[selection] else { return }
        selections[selection] = entry.users == 1 ? nil : (entry.number, entry.users - 1)
    }

    /// The names of the interfaces that are there now and that a selection shows.
    func presentInterfaces(of selection: Selection) -> [String] {
        presentInterfaces().filter { selection.interfaces?.contains(log.names.number(of: $0)) ?? true }
    }

    // MARK: Showing events

    /// Hands new events to the streams; returns whether there were any.
    private func pump() -> Bool {
        guard pumpedUpTo < log.nextSequence else { return false }
        pumpedUpTo = log.nextSequence
        usedRenderings = 0
        for stream in streams { stream.pump() }
        usedRenderings = 0
        return true
    }

    /// Tells the streams that want it how busy a bus was in the last second.
    func show(_ load: BusLoad.Measurement, of interface: String) {
        let number = log.names.number(of: interface)
        for stream in streams { stream.show(.load(interface: interface, load), ofInterface: number) }
    }

    /// Events framed for the wire: the same object for the same needs within a turn.
    func rendering(_ key: Rendering.Key, for stream: Stream) -> Rendering {
        for index in 0..<usedRenderings where renderings[index].key == key { return renderings[index] }
        // Few are needed at once; a reader that is far behind needs one after the other.
        if usedRenderings == 8 { usedRenderings = 0 }
        if usedRenderings == renderings.count { renderings.append(Rendering()) }
        let rendering = renderings[usedRenderings]
        usedRenderings += 1
        rendering.render(key, stream.selection, of: log, epoch: epoch)
        return rendering
    }
}

/// A stream as it stands in the list of streams.
protocol ListedStream: AnyObject {
    /// How it stands.
    var status: StreamStatus { get }
}
