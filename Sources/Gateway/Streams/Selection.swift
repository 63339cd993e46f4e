internal import CAN

/// Which events a stream shows.
struct Selection: Hashable {
    /// The numbers of the interfaces' names; nil for all, also ones that appear later.
    var interfaces: Set<Int>?
    /// Which frames and error frames.
    var filters: FilterSet
    /// Frames of one direction only.
    var direction: Direction?
    /// Which kinds of events; what the kernel lost is told regardless.
    var events = Set(LogEntry.Kind.allCases)

    /// Whether it shows everything of its interfaces, so that what it shows and what it lost add up to what there was.
    var isComplete: Bool { filters == .everything && direction == nil && events.isSuperset(of: [.frame, .error]) }

    /// Whether it shows an event.
    func shows(_ entry: LogEntry) -> Bool {
        if let interfaces, !interfaces.contains(entry.interface) { return false }
        switch entry.kind {
        case .gap: return true
        case .interface, .job, .watch, .filters: return events.contains(entry.kind)
        case .error: return events.contains(.error) && !filters.errors.isDisjoint(with: entry.errors)
        case .frame:
            return events.contains(.frame) && (direction == nil || direction == entry.direction)
                && filters.passes(entry.identifier, isRemote: entry.isRemote)
        }
    }

    /// How much two lists of totals by interface differ, on the interfaces of this selection.
    func difference(from earlier: [Int], to later: [Int]) -> Int {
        var difference = 0
        for (interface, total) in later.enumerated() where interfaces?.contains(interface) ?? true {
            difference += total - (interface < earlier.count ? earlier[interface] : 0)
        }
        return difference
    }
}
