internal import CAN
internal import HTTP
internal import JSON

extension FilterSet {
    /// Reads python-can's `can_filters`: a list of `can_id`, `can_mask` and, where only one format is meant, `extended`.
    /// - Throws: ``Problem``: `invalid-filter`.
    init(remote json: JSONValue) throws(Problem) {
        let elements: [JSONValue]
        switch json {
        case .null: elements = []
        case .array(let list): elements = list
        default: throw Problem(.invalidFilter, "can_filters is no list")
        }
        guard elements.count <= Self.capacity else {
            throw Problem(.invalidFilter, "\(elements.count) filters are too many; the kernel takes \(Self.capacity)")
        }
        var filters: [Filter] = []
        for element in elements {
            guard case .integer(let identifier) = element["can_id"], case .integer(let mask) = element["can_mask"],
                let identifier = UInt32(exactly: identifier), let mask = UInt32(exactly: mask)
            else { throw Problem(.invalidFilter, "a filter needs can_id and can_mask, numbers of 32 bits") }
            var rawIdentifier = identifier
            var rawMask = mask
            switch element["extended"] {
            case .boolean(let isExtended):
                rawMask |= CANIDFlag.extended
                rawIdentifier &= ~CANIDFlag.extended
                if isExtended { rawIdentifier |= CANIDFlag.extended }
            case .null, nil: break
            default: throw Problem(.invalidFilter, "extended is no boolean")
            }
            filters.append(
                Filter(
                    rawIdentifier: rawIdentifier, rawMask: rawMask, isInverted: identifier & CANIDFlag.error != 0))
        }
        self = filters.isEmpty ? .everything : FilterSet(filters: filters)
    }
}
