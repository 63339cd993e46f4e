internal import CAN

/// The newest frame of each identifier, how many there were, and how far apart the last two came.
struct LatestTable {
    /// What is kept of one identifier.
    struct Item {
        /// The newest frame, or error frame of these classes.
        var newest: LoggedMessage
        /// Its number in the log.
        var sequence: Int
        /// How often it came, and the time between the last two.
        var statistics: FrameEncoder.Statistics
        /// Whether it was not shown yet.
        var isNew: Bool
    }

    /// The most identifiers; when there are more, those that were not seen for longest are forgotten.
    static let capacity = 4096

    private struct Key: Hashable {
        let interface: Int
        /// Of a frame without the flag of remote ones.
        let canID: UInt32
    }

    private var places: [Key: Int] = [:]
    /// In no order.
    private(set) var items: [Item] = []

    /// Takes note of a frame or an error frame.
    /// - Parameter isNew: Whether it is still to be shown.
    /// - Returns: False when there is no room, as all identifiers have something that was not shown yet.
    mutating func note(_ message: LoggedMessage, sequence: Int, isNew: Bool = true) -> Bool {
        let key = Self.key(of: message)
        if let place = places[key] {
            let period = max(0, message.timestamp - items[place].newest.timestamp)
            items[place].newest = message
            items[place].sequence = sequence
            items[place].statistics.count += 1
            items[place].statistics.period = period
            items[place].isNew = isNew
            return true
        }
        if items.count == Self.capacity { forgetHalf() }
        guard items.count < Self.capacity else { return false }
        places[key] = items.count
        items.append(Item(newest: message, sequence: sequence, statistics: .init(count: 1), isNew: isNew))
        return true
    }

    /// An item was shown.
    mutating func markShown(_ place: Int) { items[place].isNew = false }

    /// The item of an identifier.
    func item(_ identifier: Identifier, on interface: Int) -> Item? {
        places[Key(interface: interface, canID: identifier.canID)].map { items[$0] }
    }

    /// Of what was shown, keeps the half that was seen last.
    private mutating func forgetHalf() {
        let shown = items.filter { !$0.isNew }.map(\.sequence).sorted()
        guard !shown.isEmpty else { return }
        let limit = shown[shown.count / 2]
        items.removeAll { !$0.isNew && $0.sequence <= limit }
        places.removeAll(keepingCapacity: true)
        for (place, item) in items.enumerated() { places[Self.key(of: item.newest)] = place }
    }

    private static func key(of message: LoggedMessage) -> Key {
        switch message.message {
        case .frame(let frame): Key(interface: message.interface, canID: frame.identifier.canID)
        case .error(let error): Key(interface: message.interface, canID: error.canID)
        }
    }
}
