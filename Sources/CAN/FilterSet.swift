/// Which messages are wanted: filters for frames, and a mask for error frames.
public struct FilterSet: Hashable, Sendable {
    /// The conditions. An empty list passes no frame.
    public var filters: [Filter]
    /// Whether a frame has to pass all of them instead of one (CAN_RAW_JOIN_FILTERS).
    public var isJoined: Bool
    /// Error frames with one of these classes pass.
    public var errors: ErrorClasses

    /// Makes a set.
    public init(filters: [Filter], isJoined: Bool = false, errors: ErrorClasses = .all) {
        self.filters = filters
        self.isJoined = isJoined
        self.errors = errors
    }

    /// The most filters that the kernel takes (CAN_RAW_FILTER_MAX).
    public static let capacity = 512

    /// Passes every frame and every error frame.
    public static let everything = FilterSet(filters: [Filter(identifier: 0, mask: 0)])

    /// Whether a message passes.
    public func passes(_ message: Message) -> Bool {
        switch message {
        case .frame(let frame): passes(frame.identifier, isRemote: frame.isRemote)
        case .error(let error): !errors.isDisjoint(with: error.classes)
        }
    }

    /// Whether a frame of this identifier passes.
    public func passes(_ identifier: Identifier, isRemote: Bool) -> Bool {
        if isJoined && !filters.isEmpty {
            filters.allSatisfy { $0.passes(identifier, isRemote: isRemote) }
        } else {
            filters.contains { $0.passes(identifier, isRemote: isRemote) }
        }
    }

    /// Reads a list in candump's notation: items that commas separate, each a ``Filter``, an error mask `#1FFFFFFF`,
    /// or `j` (all must match).
    ///
    /// Without an error mask all error frames pass, whatever the filters; without a filter all frames do.
    ///
    /// Examples: `123:7FF`, `123:7FF,456:7FF`, `100~700,101~7FF,j`, `123:7FF,#00000040` (and bus-off only),
    /// `#0` (no error frames), `0~0,#FFFFFFFF` (error frames only).
    ///
    /// - Throws: ``InvalidFilter``; also for more than 512 filters.
    public init(candump items: [some StringProtocol]) throws(InvalidFilter) {
        self.init(filters: [])
        let all = items.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        for (index, item) in all.enumerated() {
            do throws(InvalidFilter) {
                try add(item)
            } catch {
                throw InvalidFilter(error.description, index: index)
            }
        }
        guard filters.count <= Self.capacity else {
            throw InvalidFilter("\(filters.count) filters are too many; the kernel takes \(Self.capacity)")
        }
        if filters.isEmpty {
            filters = Self.everything.filters
        } else if filters == [.nothing] {
            filters = []
        }
    }

    private mutating func add(_ item: some StringProtocol) throws(InvalidFilter) {
        if item == "j" || item == "J" {
            isJoined = true
        } else if item.first == "#" {
            guard let mask = Hex.number(item.dropFirst()) else {
                throw InvalidFilter("'\(item)' is no error mask; # and 1 to 8 hex digits")
            }
            errors = ErrorClasses(rawValue: mask)
        } else {
            filters.append(try Filter(candump: item))
        }
    }

    /// The set in candump's notation, an item each; empty when everything passes.
    public var candump: [String] {
        if self == .everything { return [] }
        var items = filters == Self.everything.filters ? [] : filters.map(\.candump)
        if filters.isEmpty { items = [Filter.nothing.candump] }
        if errors != .all {
            var mask = [UInt8(ascii: "#")]
            Hex.append(errors.rawValue, digits: 8, to: &mask)
            items.append(String(decoding: mask, as: UTF8.self))
        }
        if isJoined { items.append("j") }
        return items
    }
}
