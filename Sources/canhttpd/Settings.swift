internal import Configuration
internal import Gateway
internal import HTTP
internal import HTTPServer
internal import Logging

/// What the service is told, from the command line, the environment and the configuration file.
struct Settings {
    var listen = ListenAddress("127.0.0.1:8080")!
    var logLevel = Logger.Level.info
    var allowedOrigins: [String] = []
    var allowedHosts: [String] = []
    var logBytes = 16 << 20
    var receiveBufferBytes = 8 << 20
    var maxBodyBytes = 1 << 20
    var maxStreams = 1024

    /// - Throws: ``SettingError``.
    init(_ command: Command) throws(SettingError) {
        let environment = EnvironmentVariablesProvider()
        let path = command.config ?? ConfigReader(provider: environment).string(forKey: "canhttpd.config")
        var sources = [Source(.environment, environment)]
        if let path { sources.append(Source(.file(path), try configurationFile(path))) }
        for source in sources.reversed() { try take(from: source) }
        try take(from: command)
    }

    private mutating func take(from command: Command) throws(SettingError) {
        try setListen(command.listen, .option)
        try setLogLevel(command.logLevel, .option)
        try setOrigins(command.allowOrigin.isEmpty ? nil : command.allowOrigin, .option)
        try setHosts(command.allowHost.isEmpty ? nil : command.allowHost, .option)
        try setNumbers(.option) { command[keyPath: $0.option] }
    }

    private mutating func take(from source: Source) throws(SettingError) {
        try setListen(try source.string("listen"), source.origin)
        try setLogLevel(try source.string("log-level"), source.origin)
        try setOrigins(try source.strings("allow-origin"), source.origin)
        try setHosts(try source.strings("allow-host"), source.origin)
        try setNumbers(source.origin) { (rule) throws(SettingError) in try source.number(rule.key) }
    }

    // MARK: Each setting's rules

    private mutating func setListen(_ text: String?, _ origin: SettingError.Origin) throws(SettingError) {
        guard let text else { return }
        guard let address = ListenAddress(text) else {
            throw SettingError(
                origin, "listen", "is '\(text)', not an IP address and a port (127.0.0.1:8080, [::1]:8080)")
        }
        listen = address
    }

    private mutating func setLogLevel(_ text: String?, _ origin: SettingError.Origin) throws(SettingError) {
        guard let text else { return }
        guard let level = Logger.Level(rawValue: text) else {
            let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingError(origin, "log-level", "is '\(text)', not one of \(names)")
        }
        logLevel = level
    }

    private mutating func setOrigins(_ texts: [String]?, _ origin: SettingError.Origin) throws(SettingError) {
        guard let texts else { return }
        for text in texts where !Self.isOrigin(text) {
            throw SettingError(
                origin, "allow-origin", "is '\(text)', not an origin as browsers write it (https://host:port, no path)")
        }
        allowedOrigins = texts
    }

    private static func isOrigin(_ text: String) -> Bool {
        for scheme in ["http://", "https://"] where text.hasPrefix(scheme) {
            let host = text.dropFirst(scheme.count)
            return !host.isEmpty && !host.contains("/") && text == text.lowercased()
        }
        return false
    }

    private mutating func setHosts(_ texts: [String]?, _ origin: SettingError.Origin) throws(SettingError) {
        guard let texts else { return }
        for text in texts where text.isEmpty || text.contains(where: { "/:@ ".contains($0) }) {
            throw SettingError(origin, "allow-host", "is '\(text)', not a host name (without a port)")
        }
        allowedHosts = texts
    }

    private typealias NumberRule = (
        key: String, option: KeyPath<Command, Int?>, setting: WritableKeyPath<Settings, Int>, range: ClosedRange<Int>
    )

    private static var numberRules: [NumberRule] {
        [
            ("log-bytes", \.logBytes, \.logBytes, 1 << 18...1 << 36),
            ("receive-buffer-bytes", \.receiveBufferBytes, \.receiveBufferBytes, 4096...1 << 30),
            ("max-body-bytes", \.maxBodyBytes, \.maxBodyBytes, 1024...1 << 30),
            ("max-streams", \.maxStreams, \.maxStreams, 1...100_000),
        ]
    }

    private mutating func setNumbers(
        _ origin: SettingError.Origin, _ number: (NumberRule) throws(SettingError) -> Int?
    ) throws(SettingError) {
        for rule in Self.numberRules {
            guard let value = try number(rule) else { continue }
            guard rule.range.contains(value) else {
                throw SettingError(
                    origin, rule.key, "is \(value), not \(rule.range.lowerBound) to \(rule.range.upperBound)")
            }
            self[keyPath: rule.setting] = value
        }
    }
}

extension Settings {
    /// What the gateway needs of them.
    var gateway: GatewayConfiguration {
        let server = server
        return GatewayConfiguration(
            policy: OriginPolicy(allowedOrigins: Set(allowedOrigins), allowedHosts: Set(allowedHosts)),
            logBytes: logBytes, receiveBufferBytes: receiveBufferBytes, streams: maxStreams,
            bodyBytes: server.bodyBytes, connections: server.connections,
            webSocketMessageBytes: server.webSocketMessageBytes)
    }

    /// What the server needs of them.
    var server: ServerLimits { ServerLimits(bodyBytes: maxBodyBytes, connections: maxStreams + 1024) }
}
