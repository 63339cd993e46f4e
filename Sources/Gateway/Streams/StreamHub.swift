internal import EventLoop
internal import HTTP
internal import JSON
internal import Linux

/// The open streams, and what they share.
final class StreamHub {
    let log: EventLog
    let names: InterfaceNames
    let loop: EventLoop
    /// The most streams at once.
    let limit: Int
    private let epoch: [UInt8]
    private var streams: [ObjectIdentifier: Stream] = [:]
    private var selections: [Selection: (number: Int, users: Int)] = [:]
    private var nextSelection = 1
    private var renderings: [Rendering] = []
    private var usedRenderings = 0
    private var pumpedUpTo = 0
    /// The names of the interfaces that are there now.
    var presentInterfaces: () -> [String] = { [] }

    init(log: EventLog, names: InterfaceNames, loop: EventLoop, limit: Int) {
        self.log = log
        self.names = names
        self.loop = loop
        self.limit = limit
        epoch = Array(log.epoch.utf8)
        log.willForget = { [unowned self] segment in
            for stream in streams.values { stream.willForget(segment) }
        }
        loop.addAfterTurn { [unowned self] in pump() }
    }

    /// The number of open streams.
    var count: Int { streams.count }

    /// Checks that one more stream may be opened.
    /// - Throws: ``Problem``: `too-many-streams`.
    func checkRoom() throws(Problem) {
        guard streams.count < limit else {
            throw Problem(.tooManyStreams, "\(limit) streams are open, the most that the service takes (--max-streams)")
        }
    }

    func add(_ stream: Stream) { streams[ObjectIdentifier(stream)] = stream }

    func remove(_ stream: Stream) {
        guard streams.removeValue(forKey: ObjectIdentifier(stream)) != nil else { return }
        guard let entry = selections[stream.selection] else { return }
        selections[stream.selection] = entry.users == 1 ? nil : (entry.number, entry.users - 1)
    }

    /// A number for a selection, the same for equal ones while any is in use.
    func use(_ selection: Selection) -> Int {
        let entry = selections[selection] ?? (nextSelection, 0)
        if entry.users == 0 { nextSelection += 1 }
        selections[selection] = (entry.number, entry.users + 1)
        return entry.number
    }

    /// Hands new events to the streams; returns whether there were any.
    private func pump() -> Bool {
        guard pumpedUpTo < log.nextSequence else { return false }
        pumpedUpTo = log.nextSequence
        usedRenderings = 0
        for stream in streams.values { stream.pump() }
        usedRenderings = 0
        return true
    }

    /// The events from a place on, framed for the wire: the same object for the same wishes within a turn.
    func rendering(form: StreamForm, selection: (Int, Selection), from: Int) -> Rendering {
        for index in 0..<usedRenderings where renderings[index].serves(form, selection: selection.0, from: from) {
            return renderings[index]
        }
        // Few are needed at once; a reader that is far behind needs one after the other.
        if usedRenderings == 8 { usedRenderings = 0 }
        if usedRenderings == renderings.count { renderings.append(Rendering()) }
        let rendering = renderings[usedRenderings]
        usedRenderings += 1
        rendering.render(log, epoch: epoch, form: form, selection: selection, from: from)
        return rendering
    }

    /// Frames an event that belongs to one stream alone.
    func frame(_ event: JSONValue, form: StreamForm, sequence: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        form.append(event.encoded[...], epoch: epoch, sequence: sequence, to: &bytes)
        return bytes
    }
}
