internal import CAN
internal import HTTP

extension FilterSet {
    /// Reads filters that a client wrote in candump's notation; none of them is everything.
    /// - Throws: ``Problem``: `invalid-filter` with the index.
    init(_ items: [String], field: String) throws(Problem) {
        guard !items.isEmpty else {
            self = .everything
            return
        }
        do {
            self = try FilterSet(candump: items)
        } catch {
            throw Problem(.invalidFilter, error.description, index: error.index, field: field)
        }
    }
}
