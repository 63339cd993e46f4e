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
