internal import EventLoop
internal import Gateway
internal import HTTPServer
internal import Linux
internal import Logging

/// The service in one process: wiring, start and stop.
enum Service {
    /// Runs until SIGTERM or SIGINT.
    static func run(_ settings: Settings) {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "canhttpd")
        logger.logLevel = settings.logLevel
        do {
            try run(settings, logger)
        } catch {
            ExitStatus.unavailable.end("\(error)")
        }
    }

    private static func run(_ settings: Settings, _ logger: Logger) throws(SystemError) {
        // Before any thread is started, so that all of them have the signals blocked.
        let signals = try SignalSet()
        let descriptors = try Machine.raiseDescriptorLimit()
        let loop = try EventLoop()
        let gateway = try Gateway(settings.gateway, on: loop, logger: logger)
        let server = try startServer(settings, loop, gateway, logger)
        let stopper = Stopper(loop, gateway, server, logger)
        let watch = try signals.watch(on: loop) { stopper.stop() }
        logger.notice(
            "listening",
            metadata: [
                "address": "\(settings.listen)", "version": "\(GatewayConfiguration.version)",
                "interfaces": "\(gateway.interfaceNames)", "descriptors": "\(descriptors)",
            ])
        if let trouble = gateway.trouble { logger.warning("no CAN", metadata: ["reason": "\(trouble)"]) }
        try loop.run()
        withExtendedLifetime(watch) {}
        logger.notice("stopped")
    }

    private static func startServer(
        _ settings: Settings, _ loop: EventLoop, _ gateway: Gateway, _ logger: Logger
    ) throws(SystemError) -> HTTPServer {
        do {
            return try HTTPServer(
                on: loop, at: settings.listen, limits: settings.server, handler: gateway.handler
            ) { line in
                logger.warning("http", metadata: ["message": "\(line)"])
            }
        } catch {
            ExitStatus.unavailable.end("cannot listen on \(settings.listen): \(error.errno.message)")
        }
    }
}

/// Stops the service step by step, within two seconds.
private final class Stopper {
    private let loop: EventLoop
    private let gateway: Gateway
    private let server: HTTPServer
    private let logger: Logger
    private var isStopping = false
    private var deadline: Int64 = 0

    init(_ loop: EventLoop, _ gateway: Gateway, _ server: HTTPServer, _ logger: Logger) {
        self.loop = loop
        self.gateway = gateway
        self.server = server
        self.logger = logger
    }

    func stop() {
        guard !isStopping else { return }
        isStopping = true
        logger.notice("stopping")
        deadline = loop.now + 1_000_000_000
        gateway.stop()
        server.beginStopping()
        finishWhenQuiet()
    }

    private func finishWhenQuiet() {
        let isQuiet = !gateway.owesAnswers && !server.hasStreams
        // An answer that is owed must be given before the server stops. A change of an interface may take its time, and
        // is not left half done.
        guard isQuiet || (loop.now >= deadline && !gateway.owesAnswers) else {
            loop.after(10_000_000) { [self] in finishWhenQuiet() }
            return
        }
        // What was queued last goes out.
        loop.after(10_000_000) { [self] in
            server.finish()
            loop.stop()
        }
    }
}
