internal import CAN
internal import HTTP

/// Events framed for the wire, shared by all streams that need the same events in the same form from the same place on.
final class Rendering {
    /// What a stream needs.
    struct Key: Equatable {
        var format: StreamFormat
        var form: StreamForm
        /// Whether many events go in one record, as a JSON array.
        var isBatch: Bool
        /// The number of the stream's selection.
        var selection: Int
        /// The first event to look at.
        var from: Int
        /// The most frames.
        var limit: Int
    }

    /// What was rendered last; nil before the first time.
    private(set) var key: Key?
    /// What was framed.
    private(set) var records = Records()

    /// Frames the events from a place on.
    func render(_ key: Key, _ selection: Selection, of log: EventLog, epoch: [UInt8]) {
        self.key = key
        // Taken out, so that it is only read and written as a whole (see Stream) and its memory is reused.
        var records = records
        self.records = Records()
        records.render(key, selection, log, epoch)
        self.records = records
    }

    /// Records, framed one after the other.
    struct Records {
        /// The place after the last event that was looked at.
        private(set) var next = 0
        private(set) var bytes: [UInt8] = []
        /// Where each record ends.
        private(set) var ends: [Int] = []
        /// The number of each record's first event.
        private(set) var sequences: [Int] = []
        /// What there is in all records up to and including each.
        private(set) var tallies: [Tally] = []
        private var scratch: [UInt8] = []
        private var tally = Tally()

        /// About how many bytes are framed at once.
        private static let size = 65536

        fileprivate mutating func render(_ key: Key, _ selection: Selection, _ log: EventLog, _ epoch: [UInt8]) {
            bytes.removeAll(keepingCapacity: true)
            ends.removeAll(keepingCapacity: true)
            sequences.removeAll(keepingCapacity: true)
            tallies.removeAll(keepingCapacity: true)
            scratch.removeAll(keepingCapacity: true)
            tally = Tally()
            next = key.from
            while hasRoom(key), let segment = log.segment(holding: next) {
                let entries = segment.entries
                while hasRoom(key), next < segment.endSequence {
                    let entry = entries[next - segment.firstSequence]
                    if selection.shows(entry) { append(entry, in: segment, of: log, key, epoch) }
                    next += 1
                }
            }
            guard key.isBatch, !scratch.isEmpty else { return }
            scratch.append(UInt8(ascii: "]"))
            key.form.append(scratch[...], epoch: epoch, sequence: next - 1, to: &bytes)
            endRecord(first: key.from)
        }

        private func hasRoom(_ key: Key) -> Bool {
            bytes.count + scratch.count < Self.size && tally.frames < key.limit
        }

        private mutating func append(
            _ entry: LogEntry, in segment: LogSegment, of log: EventLog, _ key: Key, _ epoch: [UInt8]
        ) {
            let index = next - segment.firstSequence
            if key.format.isJSON {
                let text = segment.text(at: index)
                if key.isBatch {
                    scratch.append(UInt8(ascii: scratch.isEmpty ? "[" : ","))
                    scratch.append(contentsOf: text)
                } else {
                    key.form.append(text, epoch: epoch, sequence: next, to: &bytes)
                }
            } else {
                scratch.removeAll(keepingCapacity: true)
                key.format.append(
                    entry, segment.message(at: index), interface: log.names.names[entry.interface], to: &scratch)
                defer { scratch.removeAll(keepingCapacity: true) }
                if scratch.isEmpty { return }
                key.form.append(scratch[...], epoch: epoch, sequence: next, to: &bytes)
            }
            tally.count(entry)
            if !key.isBatch { endRecord(first: next) }
        }

        private mutating func endRecord(first: Int) {
            ends.append(bytes.count)
            sequences.append(first)
            tallies.append(tally)
        }
    }
}

extension StreamFormat {
    /// Appends an event of the log in this form, which is not JSON; nothing where the form cannot express it.
    fileprivate func append(
        _ entry: LogEntry, _ message: LoggedMessage?, interface: String, to bytes: inout [UInt8]
    ) {
        if let message {
            if self == .pcap { return Pcap.append(message, to: &bytes) }
            message.message.appendCandump(timestamp: message.timestamp, interface: interface, to: &bytes)
        } else if self == .candump, entry.kind == .gap {
            bytes.append(contentsOf: "# gap lost=\(entry.count) where=kernel interface=\(interface)".utf8)
        }
    }
}
