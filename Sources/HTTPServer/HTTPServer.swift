internal import CMicroHTTPD
public import EventLoop
internal import Glibc
public import HTTP
public import Linux

/// An HTTP/1.1 server by libmicrohttpd, run by an event loop's thread.
///
/// libmicrohttpd reads requests and writes responses. A stream's bytes do not pass through it: once it has sent the
/// head it is told to leave the connection alone (suspended), and the records go straight to the socket
/// (``HTTPStreamConnection``), so that a reader that leaves is noticed at once and a record costs one write.
@safe public final class HTTPServer {
    let loop: EventLoop
    let limits: ServerLimits
    let handler: any RequestHandler
    private let report: (String) -> Void
    private let listener: Descriptor
    // The daemon and its log target live from init to finish().
    private var daemon: OpaquePointer?
    private let log: UnsafeMutablePointer<cmhd_log>
    private var watch: WatchedDescriptor?
    private var timeout: Timer?
    private var mustRun = false
    private var requestNumber = 0
    var streams: [ObjectIdentifier: any ServerStream] = [:]
    private(set) var isStopping = false

    /// Opens a server and begins to accept.
    ///
    /// - Parameters:
    ///   - handler: Answers the requests; kept.
    ///   - report: Takes a line about something unexpected, for a log.
    /// - Throws: EADDRINUSE, EADDRNOTAVAIL or EACCES for the address.
    public init(
        on loop: EventLoop, at address: ListenAddress, limits: ServerLimits, handler: any RequestHandler,
        report: @escaping (String) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.limits = limits
        self.handler = handler
        self.report = report
        listener = try address.listen()
        unsafe log = .allocate(capacity: 1)
        try start()
        loop.addAfterTurn { [unowned self] in runIfNeeded() }
    }

    deinit { unsafe log.deallocate() }

    private func start() throws(SystemError) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe log.initialize(to: cmhd_log(line: logLine, context: context))
        let flags =
            MHD_USE_EPOLL.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue | MHD_ALLOW_UPGRADE.rawValue
            | MHD_USE_ERROR_LOG.rawValue
        var options = unsafe [
            option(.LISTEN_SOCKET, Int(listener.number)),
            option(.CONNECTION_LIMIT, limits.connections),
            option(.CONNECTION_TIMEOUT, limits.clientSeconds),
            option(.CONNECTION_MEMORY_LIMIT, 16384),
            option(.NOTIFY_CONNECTION, unsafe unsafeBitCast(connectionChanged, to: Int.self), context),
            option(.URI_LOG_CALLBACK, unsafe unsafeBitCast(requestBegan, to: Int.self), context),
            option(.NOTIFY_COMPLETED, unsafe unsafeBitCast(requestCompleted, to: Int.self), context),
            option(.END, 0),
        ]
        guard let daemon = unsafe cmhd_start(flags, access, context, log, &options) else {
            throw SystemError(.invalidArgument, call: "MHD_start_daemon")
        }
        unsafe self.daemon = daemon
        let number = unsafe cmhd_epoll_descriptor(daemon)
        watch = try loop.watch(number: number, for: .readable) { [unowned self] _ in run() }
    }

    // MARK: Running

    /// Has libmicrohttpd look at its connections before the loop waits again.
    func runSoon() { mustRun = true }

    private func runIfNeeded() -> Bool {
        guard mustRun else { return false }
        run()
        return true
    }

    private func run() {
        mustRun = false
        // Whoever is cut off at the very end asks for a run, too.
        guard let daemon = unsafe daemon else { return }
        unsafe MHD_run(daemon)
        timeout?.cancel()
        timeout = nil
        var milliseconds: UInt64 = 0
        guard unsafe MHD_get_timeout(daemon, &milliseconds) == .YES else { return }
        // Also where it has more to do at once: the loop looks at everything else first.
        timeout = loop.after(Int64(clamping: milliseconds) * 1_000_000) { [unowned self] in run() }
    }

    // MARK: Stopping

    /// Stops accepting and ends all streams; what is in progress may finish.
    public func beginStopping() {
        guard !isStopping, let daemon = unsafe daemon else { return }
        isStopping = true
        // The descriptor stays this object's, which closes it.
        _ = unsafe MHD_quiesce_daemon(daemon)
        for stream in streams.values { stream.end(.goingAway) }
        runSoon()
    }

    /// Whether streams are still being ended.
    public var hasStreams: Bool { !streams.isEmpty }

    /// Cuts what is left and frees everything. No answer may be outstanding: libmicrohttpd aborts the process when it is
    /// stopped with a connection suspended.
    public func finish() {
        guard let daemon = unsafe daemon else { return }
        for stream in streams.values { stream.cut() }
        unsafe MHD_run(daemon)
        watch?.cancel()
        timeout?.cancel()
        unsafe MHD_stop_daemon(daemon)
        unsafe self.daemon = nil
    }

    // MARK: For the callbacks

    func nextRequestIdentifier() -> String {
        requestNumber += 1
        return "r\(requestNumber)"
    }

    func log(_ text: String) { report(text) }
}

private func option(
    _ option: MHD_OPTION, _ value: Int, _ pointer: UnsafeMutableRawPointer? = nil
) -> MHD_OptionItem {
    unsafe MHD_OptionItem(option: option, value: value, ptr_value: pointer)
}

/// How long a client has to answer the end of its stream, in nanoseconds.
let closeGrace: Int64 = 500_000_000

/// How long a client has to take what it was sent before the end of its stream, in nanoseconds.
let flushGrace: Int64 = 10_000_000_000

/// A stream that the server must end when it stops.
protocol ServerStream: AnyObject {
    /// Ends it properly, as soon as the client has taken what it was sent.
    func end(_ reason: StreamEnd)
    /// Ends it now.
    func cut()
}
