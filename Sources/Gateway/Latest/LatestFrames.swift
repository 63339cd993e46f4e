internal import CAN

/// The newest frames of every interface since the service began, for those who poll.
///
/// It reads the log when it is asked, and when the log is about to forget what it has not read.
final class LatestFrames {
    private let log: EventLog
    private var tables: [Int: LatestTable] = [:]
    private var next = 1

    /// Begins with the first event of the run.
    init(log: EventLog) { self.log = log }

    /// The newest frames of an interface, by its name, in the order of their identifiers.
    func frames(of interface: String) -> [LatestTable.Item] {
        catchUp(to: log.nextSequence)
        return (tables[log.names.number(of: interface)]?.items ?? []).sorted { left, right in
            guard case .frame(let first) = left.newest.message, case .frame(let second) = right.newest.message else {
                return false
            }
            let one = first.identifier
            let other = second.identifier
            return one.isExtended == other.isExtended ? one.value < other.value : !one.isExtended
        }
    }

    /// The newest frame of an identifier; nil before the first.
    func frame(_ identifier: Identifier, of interface: String) -> LatestTable.Item? {
        catchUp(to: log.nextSequence)
        let interface = log.names.number(of: interface)
        return tables[interface]?.item(identifier, on: interface)
    }

    /// The log is about to forget these events.
    func willForget(_ segment: LogSegment) { catchUp(to: segment.endSequence) }

    private func catchUp(to end: Int) {
        while next < end, let segment = log.segment(holding: next) {
            while next < min(end, segment.endSequence) {
                let entry = segment.entries[next - segment.firstSequence]
                if entry.kind == .frame, let message = segment.message(at: next - segment.firstSequence) {
                    // What is polled counts as shown, so that there is always room.
                    _ = tables[message.interface, default: LatestTable()].note(message, sequence: next, isNew: false)
                }
                next += 1
            }
        }
    }
}
