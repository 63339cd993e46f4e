internal import HTTP

/// Where a client wants a stream to begin.
enum ResumePoint {
    /// After an event of a run.
    case event(epoch: String, sequence: Int)
    /// From so many nanoseconds ago.
    case age(Int64)
    /// From the beginning of the run.
    case beginning

    /// Reads `<epoch>:<seq>`; nil for anything else.
    init?(identifier text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let sequence = Int(parts[1])
        else { return nil }
        self = .event(epoch: String(parts[0]), sequence: sequence)
    }

    /// Where that is in the log.
    /// - Parameters:
    ///   - now: In nanoseconds since the epoch.
    ///   - field: Where the client named it.
    /// - Throws: ``Problem``: `malformed-request` for an event that is yet to come.
    func cursor(in log: EventLog, now: Int64, field: String) throws(Problem) -> Cursor {
        switch self {
        case .beginning: return Cursor(at: 1, in: log)
        case .age(let age):
            return log.firstSequence(since: now - age).map { Cursor(at: $0) } ?? .unknown
        case .event(let epoch, let sequence):
            guard epoch == log.epoch else { return .earlierRun }
            guard sequence < log.nextSequence else {
                throw Problem(
                    .malformedRequest,
                    "\(field) names the event \(sequence); the newest of this run is \(log.nextSequence - 1)",
                    field: field)
            }
            return Cursor(at: sequence + 1, in: log)
        }
    }
}
