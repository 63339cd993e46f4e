internal import CMicroHTTPD
internal import EventLoop
internal import HTTP

/// A streamed response body (server-sent events, lines, a capture).
///
/// libmicrohttpd writes the head and asks for the body. It is told that there is none yet and to leave the connection
/// alone; from then on records go to the socket directly. At the end it is told to go on, and finishes the response.
@safe final class HTTPStreamConnection: StreamConnection, ServerStream {
    let isChunked: Bool
    // libmicrohttpd's; valid until it frees the response, which releases this object.
    private let connection: OpaquePointer
    private let source: any StreamSource
    private unowned let server: HTTPServer
    private var socket: StreamSocket?
    private var state = State.head

    private enum State {
        /// libmicrohttpd has the connection and is sending the head.
        case head
        /// The records are going to the socket.
        case streaming
        /// The end was asked for; the last record is not out yet.
        case ending
        /// libmicrohttpd has the connection again and shall finish the body, or cut it.
        case ended(properly: Bool)
    }

    init(_ connection: OpaquePointer, isChunked: Bool, source: any StreamSource, server: HTTPServer) {
        unsafe self.connection = connection
        self.isChunked = isChunked
        self.source = source
        self.server = server
    }

    func makeResponse() -> OpaquePointer? {
        let this = unsafe Unmanaged.passRetained(self).toOpaque()
        return unsafe MHD_create_response_from_callback(cmhd_size_unknown(), 64, readStream, this, freeStream)
    }

    /// libmicrohttpd asks for the body.
    func read() -> Int {
        switch state {
        case .head:
            state = .streaming
            unsafe MHD_suspend_connection(connection)
            server.streams[ObjectIdentifier(self)] = self
            // libmicrohttpd is in the middle of its work on this connection: take over when it is done.
            server.loop.after(0) { [self] in takeOver() }
            return 0
        case .streaming, .ending: return 0
        case .ended(let properly): return properly ? cmhd_end_of_stream() : cmhd_end_with_error()
        }
    }

    /// libmicrohttpd is done with the response.
    func freed() {
        // The client may have gone before the head was out.
        if case .head = state { source.closed() }
    }

    private func takeOver() {
        guard case .streaming = state else { return }
        socket = StreamSocket(
            number: unsafe cmhd_socket(connection), on: server.loop, reads: false
        ) { [unowned self] readiness in
            // The client has left, or ended its side: a reader of a whole body is not told that something is missing.
            if readiness.isClosed { return giveBack(properly: socket?.isFlushed ?? false) }
            guard socket?.becameWritable() == true else { return checkBroken() }
            if case .ending = state { giveBack(properly: true) } else { source.writable() }
        }
        source.opened(self)
        checkBroken()
        if server.isStopping { end(.goingAway) }
    }

    func send(_ bytes: [UInt8], ends: [Int]) -> Int {
        guard case .streaming = state, let socket else { return 0 }
        return socket.send(bytes, ends: ends)
    }

    func answer(_ record: [UInt8]) {
        guard case .streaming = state else { return }
        socket?.answer(record)
    }

    func ping() {}

    func end(_ reason: StreamEnd) {
        guard case .streaming = state else { return }
        guard let socket, !socket.isFlushed else { return giveBack(properly: true) }
        state = .ending
        source.closed()
        server.loop.after(reason == .goingAway ? closeGrace : flushGrace) { [weak self] in self?.cut() }
    }

    func cut() {
        switch state {
        case .streaming, .ending: giveBack(properly: false)
        case .head, .ended: break
        }
    }

    private func checkBroken() {
        if socket?.isBroken == true { cut() }
    }

    private func giveBack(properly: Bool) {
        let wasStreaming = if case .streaming = state { true } else { false }
        state = .ended(properly: properly)
        socket?.close()
        socket = nil
        server.streams[ObjectIdentifier(self)] = nil
        unsafe MHD_resume_connection(connection)
        server.runSoon()
        // In the other case it was told when the end was asked for.
        if wasStreaming { source.closed() }
    }
}
