internal import CAN
internal import HTTP
internal import JSON
internal import SocketCAN

/// Reads the members of a JSON object that a client sent: each of a known name, each of its type.
struct ObjectReader {
    private let object: JSONValue
    /// What stands before the names of an inner object: `"modes."`.
    private let path: String

    /// - Parameter fields: The names that are understood.
    /// - Throws: ``Problem``: `malformed-request` for something else than an object, or an unknown name.
    init(_ json: JSONValue, fields: [String]) throws(Problem) { try self.init(json, fields: fields, path: "") }

    private init(_ json: JSONValue, fields: [String], path: String) throws(Problem) {
        guard case .object(let members) = json else {
            throw Problem(.malformedRequest, "\(json.kind) came where an object is expected")
        }
        if let unknown = members.first(where: { !fields.contains($0.name) }) {
            let name = path + unknown.name
            throw Problem(
                .malformedRequest, "there is no field '\(name)' here", field: name,
                allowed: fields.isEmpty ? nil : fields)
        }
        object = json
        self.path = path
    }

    /// An object within the object; its fields are named `"name.field"`.
    func object(_ name: String, fields: [String]) throws(Problem) -> ObjectReader? {
        guard let value = object[name] else { return nil }
        guard case .object = value else { throw wrongType(name, value, "an object") }
        return try ObjectReader(value, fields: fields, path: "\(path)\(name).")
    }

    /// The name of a field as a problem has it, with those of the objects that it is in.
    func path(of name: String) -> String { path + name }

    /// Whether the object has a member, `null` included.
    func has(_ name: String) -> Bool { object[name] != nil }

    /// A member, whatever its type.
    func value(_ name: String) -> JSONValue? { object[name] }

    func string(_ name: String) throws(Problem) -> String? {
        guard let value = object[name] else { return nil }
        guard case .string(let text) = value else { throw wrongType(name, value, "a string") }
        return text
    }

    func boolean(_ name: String) throws(Problem) -> Bool? {
        guard let value = object[name] else { return nil }
        guard case .boolean(let flag) = value else { throw wrongType(name, value, "true or false") }
        return flag
    }

    /// A whole number; `10.0` is none.
    func integer(_ name: String) throws(Problem) -> Int? {
        guard let value = object[name] else { return nil }
        guard case .integer(let number) = value else { throw wrongType(name, value, "a whole number") }
        return number
    }

    func number(_ name: String) throws(Problem) -> Double? {
        guard let value = object[name] else { return nil }
        switch value {
        case .integer(let number): return Double(number)
        case .real(let number): return number
        default: throw wrongType(name, value, "a number")
        }
    }

    /// A time of a field whose name has its unit, in microseconds: `_us` is a whole number, `_ms` may have a fraction.
    /// - Parameters:
    ///   - bounds: What it may be, in microseconds.
    ///   - code: The problem for a time out of bounds.
    func time(_ name: String, in bounds: ClosedRange<Int64>, else code: ProblemCode) throws(Problem) -> Int64? {
        let isWhole = name.hasSuffix("_us")
        let unit = isWhole ? 1.0 : 1000
        guard let value = isWhole ? try integer(name).map(Double.init) : try number(name) else { return nil }
        let range = Double(bounds.lowerBound) / unit...Double(bounds.upperBound) / unit
        guard range.contains(value) else {
            let inWords = bounds.upperBound == BroadcastManager.longestInterval ? " (400 days)" : ""
            throw Problem(code, "\(name) is \(value.text); it is \(range.text)\(inWords)", field: name)
        }
        return Int64((value * unit).rounded())
    }

    func array(_ name: String) throws(Problem) -> [JSONValue]? {
        guard let value = object[name] else { return nil }
        guard case .array(let elements) = value else { throw wrongType(name, value, "an array") }
        return elements
    }

    /// A number given as 1 to 8 hex digits, or as an integer.
    /// - Parameter code: The problem for a string that is no such number, or an integer out of range.
    func hexNumber(_ name: String, else code: ProblemCode) throws(Problem) -> UInt32? {
        guard let value = object[name] else { return nil }
        switch value {
        case .string(let text):
            guard let number = Hex.number(text) else {
                throw Problem(code, "\(name) is '\(text)', not 1 to 8 hex digits (without 0x)", field: name)
            }
            return number
        case .integer(let number):
            guard let fitting = UInt32(exactly: number) else {
                throw Problem(code, "\(name) is \(number), which is no number of 32 bits", field: name)
            }
            return fitting
        default: throw wrongType(name, value, "hex digits or a whole number")
        }
    }

    private func wrongType(_ name: String, _ value: JSONValue, _ expected: String) -> Problem {
        let found =
            if case .real = value, expected == "a whole number" { "a number with a fraction" } else { value.kind }
        return Problem(.malformedRequest, "\(path)\(name) is \(found), not \(expected)", field: path + name)
    }
}

extension Problem {
    /// The same problem, found in an element of a list.
    func at(index: Int, field: String? = nil) -> Problem {
        var problem = self
        problem.index = index
        problem.field = self.field ?? field
        return problem
    }
}
