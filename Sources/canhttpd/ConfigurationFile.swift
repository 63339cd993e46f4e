internal import Configuration
internal import JSON
internal import Linux

/// A setting that is wrong.
struct SettingError: Error, CustomStringConvertible {
    /// Where it was set.
    enum Origin {
        case option
        case environment
        case file(String)
    }

    let origin: Origin
    /// What is wrong, naming the place.
    let description: String

    /// An error about a setting: a predicate.
    init(_ origin: Origin, _ key: String, _ predicate: String) {
        self.origin = origin
        description =
            switch origin {
            case .option: "--\(key) \(predicate)"
            case .environment: "the environment variable \(Self.variable(key)) \(predicate)"
            case .file(let path): "\(path): \(key) \(predicate)"
            }
    }

    /// An error about a file as a whole.
    init(file path: String, _ message: String) {
        origin = .file(path)
        description = "\(path): \(message)"
    }

    private static func variable(_ key: String) -> String {
        "CANHTTPD_" + key.uppercased().split(separator: "-").joined(separator: "_")
    }
}

/// Settings from one place.
struct Source {
    let origin: SettingError.Origin
    private let reader: ConfigReader

    init(_ origin: SettingError.Origin, _ provider: some ConfigProvider) {
        self.origin = origin
        reader = ConfigReader(provider: provider).scoped(to: "canhttpd")
    }

    func string(_ key: String) throws(SettingError) -> String? {
        try read(key, "a string") { try reader.requiredString(forKey: $0) }
    }

    func strings(_ key: String) throws(SettingError) -> [String]? {
        try read(key, "a list of strings") { try reader.requiredStringArray(forKey: $0) }
    }

    func number(_ key: String) throws(SettingError) -> Int? {
        try read(key, "a whole number") { try reader.requiredInt(forKey: $0) }
    }

    private func read<Value>(
        _ key: String, _ type: String, _ read: (ConfigKey) throws -> Value
    ) throws(SettingError) -> Value? {
        // The environment's names have no dashes, so the library is asked by the name in one piece.
        let name = ConfigKey(key.split(separator: "-").joined(separator: "_"))
        // A value that is there and of another type reads as one that is missing, so both are asked for.
        guard isSet(name) else { return nil }
        do {
            return try read(name)
        } catch {
            throw SettingError(origin, key, "is not \(type)")
        }
    }

    private func isSet(_ key: ConfigKey) -> Bool {
        reader.string(forKey: key) != nil || reader.int(forKey: key) != nil
            || reader.stringArray(forKey: key) != nil
    }
}

/// Reads a configuration file: a JSON object whose names are those of the options, `{"listen": "0.0.0.0:8080",
/// "allow-origin": ["https://dashboard.example"]}`.
///
/// - Throws: ``SettingError`` for a file that cannot be read, is no such object, or has an unknown name.
func configurationFile(_ path: String) throws(SettingError) -> InMemoryProvider {
    let text: String
    do {
        text = try Machine.readFile(path)
    } catch {
        throw SettingError(file: path, "cannot be read: \(error.errno.message)")
    }
    let json: JSONValue
    do {
        json = try JSONValue(parsing: Array(text.utf8))
    } catch {
        throw SettingError(file: path, "\(error)")
    }
    guard case .object(let members) = json else {
        throw SettingError(file: path, "holds \(json.kind), not an object of settings")
    }
    var values: [AbsoluteConfigKey: ConfigValue] = [:]
    for member in members {
        guard settingNames.contains(member.name) else {
            throw SettingError(
                file: path,
                "has the setting '\(member.name)', which does not exist; there are "
                    + settingNames.joined(separator: ", "))
        }
        let name = member.name.split(separator: "-").joined(separator: "_")
        values[AbsoluteConfigKey(["canhttpd", name])] = try value(member, path)
    }
    return InMemoryProvider(name: path, values: values)
}

private let settingNames = [
    "listen", "log-level", "allow-origin", "allow-host", "log-bytes", "receive-buffer-bytes", "max-body-bytes",
    "max-streams",
]

private func value(_ member: JSONValue.Member, _ path: String) throws(SettingError) -> ConfigValue {
    switch member.value {
    case .string(let text): return ConfigValue(.string(text), isSecret: false)
    case .integer(let number): return ConfigValue(.int(number), isSecret: false)
    case .array(let elements):
        let texts = elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
        if texts.count == elements.count { return ConfigValue(.stringArray(texts), isSecret: false) }
    default: break
    }
    throw SettingError(.file(path), member.name, "is \(member.value.kind) that is no setting")
}
