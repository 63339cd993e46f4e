internal import HTTP

/// The parameters of a query, each of a known name and in its form.
struct Query {
    private let items: [(name: String, value: String)]

    /// - Throws: ``Problem``: `malformed-request` for an unknown name.
    init(_ items: [(name: String, value: String)], names: [String]) throws(Problem) {
        if let unknown = items.first(where: { !names.contains($0.name) }) {
            throw Problem(
                .malformedRequest, "there is no query parameter '\(unknown.name)' here", field: unknown.name,
                allowed: names.isEmpty ? nil : names)
        }
        self.items = items
    }

    /// All values of a parameter that may be repeated.
    func all(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }

    func string(_ name: String) throws(Problem) -> String? {
        let values = all(name)
        guard values.count <= 1 else {
            throw Problem(.malformedRequest, "\(name) is given \(values.count) times; once is enough", field: name)
        }
        return values.first
    }

    func boolean(_ name: String) throws(Problem) -> Bool? {
        switch try string(name) {
        case nil: return nil
        case "true": return true
        case "false": return false
        case let value?: throw wrong(name, value, "true or false", allowed: ["true", "false"])
        }
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = try string(name) else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text), range.contains(value) else {
            let end = range.upperBound == .max ? "" : " to \(range.upperBound)"
            throw wrong(name, text, "a whole number from \(range.lowerBound)\(end)")
        }
        return value
    }

    /// A number without sign and exponent, a fraction allowed.
    func decimal(_ name: String, in range: ClosedRange<Double>) throws(Problem) -> Double? {
        guard let text = try string(name) else { return nil }
        guard let value = Self.decimal(text), range.contains(value) else {
            throw wrong(name, text, "a number from \(range.text)")
        }
        return value
    }

    /// A time in milliseconds, a fraction allowed; in microseconds, as its bounds are.
    func time(_ name: String, in bounds: ClosedRange<Int64>) throws(Problem) -> Int64? {
        let range = Double(bounds.lowerBound) / 1000...Double(bounds.upperBound) / 1000
        return try decimal(name, in: range).map { Int64(($0 * 1000).rounded()) }
    }

    /// A time with its unit, `10s`, `250ms`, `1.5m`, `2h`; in nanoseconds, at least a millisecond.
    func duration(_ name: String) throws(Problem) -> Int64? {
        guard let text = try string(name) else { return nil }
        let units: [(String, Double)] = [("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)]
        for (suffix, nanoseconds) in units where text.hasSuffix(suffix) {
            // Longer than 400 days is a mistake as a rule, and would not fit in the end.
            if let value = Self.decimal(text.dropLast(suffix.count)),
                (1e6...34_560_000e9).contains(value * nanoseconds)
            {
                return Int64(value * nanoseconds)
            }
            if suffix == "ms" { break }
        }
        throw wrong(name, text, "a time from 1ms to 9600h: a number with ms, s, m or h")
    }

    func oneOf<Value: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ type: Value.Type, of values: [Value] = Array(Value.allCases)
    ) throws(Problem) -> Value? {
        guard let text = try string(name) else { return nil }
        guard let value = values.first(where: { $0.rawValue == text }) else {
            let allowed = values.map(\.rawValue)
            throw wrong(name, text, "one of " + allowed.joined(separator: ", "), allowed: allowed)
        }
        return value
    }

    private static func decimal(_ text: some StringProtocol) -> Double? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isPlain =
            parts.count <= 2
            && parts.allSatisfy { part in
                !part.isEmpty && part.utf8.count <= 20 && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
            }
        return isPlain ? Double(String(text)) : nil
    }

    private func wrong(_ name: String, _ value: String, _ expected: String, allowed: [String]? = nil) -> Problem {
        Problem(.malformedRequest, "\(name) is '\(value)', not \(expected)", field: name, allowed: allowed)
    }
}
