internal import CAN
internal import HTTP
internal import JSON

extension JSONValue {
    /// Capture filters in candump's notation; `null` where everything is read.
    init(capture filters: FilterSet) { self = filters == .everything ? nil : JSONValue(filters.candump) }

    /// The resource of capture filters.
    init(_ filters: FilterSet) {
        self = [
            "filters": .array(filters.filters.map { JSONValue($0) }), "join": .boolean(filters.isJoined),
            "errors": JSONValue(filters.errors.names),
        ]
    }

    private init(_ filter: Filter) {
        let digits = filter.extended == false ? 3 : 8
        self = .members([
            "id": .string(hex(filter.identifier, digits)), "mask": .string(hex(filter.mask, digits)),
            "extended": filter.extended.map { .boolean($0) }, "invert": .boolean(filter.isInverted),
            "rtr": filter.remote.map { .boolean($0) },
        ])
    }
}

private func hex(_ value: UInt32, _ digits: Int) -> String {
    var text: [UInt8] = []
    Hex.append(value, digits: digits, to: &text)
    return String(decoding: text, as: UTF8.self)
}

extension FilterSet {
    /// Reads what a client wants to be read from an interface: objects, candump strings, or both.
    /// - Throws: ``Problem``: `malformed-request`, `invalid-filter` (with `index`).
    init(_ json: JSONValue) throws(Problem) {
        let reader = try ObjectReader(json, fields: ["filters", "join", "errors"])
        guard let items = try reader.array("filters") else {
            throw Problem(.invalidFilter, "filters is missing; an empty list reads no frames", field: "filters")
        }
        var isJoined = try reader.boolean("join")
        var errors = try reader.array("errors").map { (names) throws(Problem) in try ErrorClasses(names) }
        var filters: [Filter] = []
        for (index, item) in items.enumerated() {
            do throws(Problem) {
                switch try Item(item) {
                case .filter(let filter): filters.append(filter)
                case .join:
                    guard isJoined != false else { throw Problem(.invalidFilter, "'j' contradicts join: false") }
                    isJoined = true
                case .errors(let mask):
                    guard errors == nil || errors == mask else {
                        throw Problem(.invalidFilter, "the error mask contradicts errors, or another mask")
                    }
                    errors = mask
                }
            } catch {
                throw error.at(index: index, field: "filters")
            }
        }
        guard filters.count <= Self.capacity else {
            throw Problem(
                .invalidFilter, "filters has \(filters.count) entries; the kernel takes at most \(Self.capacity)",
                field: "filters")
        }
        self.init(filters: filters, isJoined: isJoined ?? false, errors: errors ?? .all)
    }

    private enum Item {
        case filter(Filter)
        case join
        case errors(ErrorClasses)

        init(_ json: JSONValue) throws(Problem) {
            guard case .string(let text) = json else {
                self = .filter(try Filter(json))
                return
            }
            if text == "j" || text == "J" {
                self = .join
            } else if text.first == "#" {
                guard let mask = Hex.number(text.dropFirst()) else {
                    throw Problem(.invalidFilter, "'\(text)' is no error mask; # and 1 to 8 hex digits")
                }
                self = .errors(ErrorClasses(rawValue: mask))
            } else {
                do {
                    self = .filter(try Filter(candump: text))
                } catch {
                    throw Problem(.invalidFilter, error.description)
                }
            }
        }
    }
}

extension Filter {
    fileprivate init(_ json: JSONValue) throws(Problem) {
        let reader = try ObjectReader(json, fields: ["id", "mask", "extended", "invert", "rtr"])
        let extended = try reader.boolean("extended")
        guard let identifier = try reader.hexNumber("id", else: .invalidFilter) else {
            throw Problem(.invalidFilter, "id is missing", field: "id")
        }
        let greatest = extended == false ? Identifier.greatestStandard : Identifier.greatestExtended
        guard identifier <= greatest else {
            throw Problem(
                .invalidFilter, "id is above \(hex(greatest, 3)), the greatest identifier of this kind", field: "id")
        }
        let mask = try reader.hexNumber("mask", else: .invalidFilter) ?? greatest
        guard mask <= Identifier.greatestExtended else {
            throw Problem(.invalidFilter, "mask is above 1FFFFFFF; it has at most 29 bits", field: "mask")
        }
        self.init(
            identifier: identifier, mask: mask, extended: extended, remote: try reader.boolean("rtr"),
            isInverted: try reader.boolean("invert") ?? false)
    }
}

extension ErrorClasses {
    fileprivate init(_ names: [JSONValue]) throws(Problem) {
        self = []
        for name in names {
            guard case .string(let text) = name else {
                throw Problem(
                    .malformedRequest, "errors holds \(name.kind); it lists names of classes", field: "errors")
            }
            guard let found = ErrorClasses(name: text) else {
                throw Problem(
                    .invalidFilter, "errors names '\(text)', which is no class of error frames", field: "errors",
                    allowed: Self.named.map(\.name))
            }
            formUnion(found)
        }
        // All names mean all error frames, also ones of classes that have no name.
        if Self.named.allSatisfy({ contains($0.bit) }) { self = .all }
    }
}
