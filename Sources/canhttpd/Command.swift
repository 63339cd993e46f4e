internal import ArgumentParser
internal import Gateway

/// The command line.
@main
struct Command: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "canhttpd", abstract: "A machine's CAN buses over HTTP.",
        discussion: """
            Every setting can also stand in the configuration file, by the name of its option, or in the environment: \
            --log-level is "log-level" in the file and CANHTTPD_LOG_LEVEL in the environment. The command line goes \
            before the environment, and that before the file.

            Exit status: 0 after SIGTERM or SIGINT, 64 for a wrong option, 69 when the address is taken, 78 for a wrong \
            configuration file or environment.
            """,
        version: "canhttpd \(GatewayConfiguration.version)")

    @Option(
        help: ArgumentHelp(
            "Where to listen: an IP address and a port. (default: 127.0.0.1:8080)", valueName: "address:port"))
    var listen: String?

    @Option(help: ArgumentHelp("A configuration file, JSON.", valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical. (default: info)", valueName: "level"))
    var logLevel: String?

    @Option(
        help: ArgumentHelp(
            "A web page from elsewhere that may use the service, as https://host:port. Can be repeated.",
            valueName: "origin"))
    var allowOrigin: [String] = []

    @Option(
        help: ArgumentHelp(
            "A name of this machine that clients may use, beside localhost and IP addresses. Can be repeated.",
            valueName: "name"))
    var allowHost: [String] = []

    @Option(
        help: ArgumentHelp(
            "Memory for the newest events, from which streams resume and slow readers catch up. (default: 16777216)",
            valueName: "bytes"))
    var logBytes: Int?

    @Option(
        help: ArgumentHelp("The receive buffer to ask for on each interface. (default: 8388608)", valueName: "bytes"))
    var receiveBufferBytes: Int?

    @Option(help: ArgumentHelp("The longest body of a request. (default: 1048576)", valueName: "bytes"))
    var maxBodyBytes: Int?

    @Option(help: ArgumentHelp("The most streams at once. (default: 1024)", valueName: "number"))
    var maxStreams: Int?

    func run() throws {
        let settings: Settings
        do {
            settings = try Settings(self)
        } catch {
            switch error.origin {
            case .option: throw ValidationError(error.description)
            case .environment, .file: ExitStatus.configuration.end(error.description)
            }
        }
        Service.run(settings)
    }
}
