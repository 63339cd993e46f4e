internal import Configuration

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
