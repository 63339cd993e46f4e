internal import Configuration
internal import JSON
internal import Linux

/// Reads a configuration file: a JSON object whose names are those of the options, `{"listen": "0.0.0.0:8080",
/// "allow-origin": ["https://dashboard.example"]}`.
///
/// - Throws: ``SettingError`` for a file that cannot be read, is no such object, or has an unknown name.
func configurationFile(_ path: String) throws(SettingError) -> InMemoryProvider {
    let text: [UInt8]
    do {
        text = try Machine.contents(of: path)
    } catch {
        throw SettingError(file: path, "cannot be read: \(error.errno.message)")
    }
    let json: JSONValue
    do {
        json = try JSONValue(parsing: text)
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
