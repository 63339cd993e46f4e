internal import HTTP

/// Events framed for the wire, shared by all streams that have the same form and selection and stand at the same place.
final class Rendering {
    private(set) var form = StreamForm(.lines, isChunked: false)
    private(set) var selection = 0
    private(set) var from = 0
    /// The place after the last event that was looked at.
    private(set) var next = 0
    private(set) var bytes: [UInt8] = []
    /// Where each record ends.
    private(set) var ends: [Int] = []
    /// The number of each record's event.
    private(set) var sequences: [Int] = []
    /// How many frames there are up to each record.
    private(set) var frames: [Int] = []

    /// About how many bytes are framed at once.
    static let size = 65536

    /// Whether it is what a stream of this form and selection needs from a place on.
    func serves(_ form: StreamForm, selection: Int, from: Int) -> Bool {
        self.from == from && self.selection == selection && self.form == form
    }

    /// Frames the events from a place on.
    func render(_ log: EventLog, epoch: [UInt8], form: StreamForm, selection: (Int, Selection), from: Int) {
        self.form = form
        self.selection = selection.0
        self.from = from
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        sequences.removeAll(keepingCapacity: true)
        frames.removeAll(keepingCapacity: true)
        next = from
        while bytes.count < Self.size, let segment = log.segment(holding: next) {
            append(segment, epoch: epoch, selection: selection.1)
        }
    }

    private func append(_ segment: LogSegment, epoch: [UInt8], selection: Selection) {
        let first = segment.firstSequence
        while next < segment.endSequence, bytes.count < Self.size {
            let entry = segment.entries[next - first]
            if selection.shows(entry) {
                form.append(segment.text(at: next - first), epoch: epoch, sequence: next, to: &bytes)
                ends.append(bytes.count)
                sequences.append(next)
                frames.append((frames.last ?? 0) + (entry.kind == .frame ? 1 : 0))
            }
            next += 1
        }
    }
}
