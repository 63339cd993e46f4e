internal import JSON

extension Double {
    /// The number as JSON has it: a whole one without a fraction.
    var text: String { String(decoding: JSONValue(self).encoded, as: UTF8.self) }
}

extension ClosedRange<Double> {
    /// The bounds, for messages: `"0.1 to 100"`.
    var text: String { "\(lowerBound.text) to \(upperBound.text)" }
}
