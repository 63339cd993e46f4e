internal import CMicroHTTPD
internal import CWslay
internal import EventLoop
internal import HTTP

/// A WebSocket: wslay speaks the protocol on the client's messages and on control frames; the records of the stream go
/// between them as they are, framed already.
@safe final class WebSocketConnection: StreamConnection, ServerStream {
    let isChunked = false
    private let source: any StreamSource
    private unowned let server: HTTPServer
    // wslay's context and libmicrohttpd's handle, from open() to close().
    private var context: wslay_event_context_ptr?
    private var handle: OpaquePointer?
    fileprivate var socket: StreamSocket?
    /// What libmicrohttpd had read already.
    fileprivate var early: ArraySlice<UInt8> = []
    fileprivate var peerHasEnded = false
    /// Whether the peer has closed its side, so that nothing needs to be sent any more.
    fileprivate var peerIsGone = false
    private var unansweredPings = 0
    private var isEnding = false

    init(source: any StreamSource, server: HTTPServer) {
        self.source = source
        self.server = server
    }

    deinit { if let context = unsafe context { unsafe wslay_event_context_free(context) } }

    /// The response that switches protocols. The exchange keeps this object until the request is completed, which is
    /// after the socket was closed.
    func makeResponse() -> OpaquePointer? {
        unsafe MHD_create_response_for_upgrade(upgraded, Unmanaged.passUnretained(self).toOpaque())
    }

    /// The client went before the handshake was out.
    func abandonIfNotOpened() {
        guard socket == nil, !isEnding else { return }
        isEnding = true
        source.closed()
    }

    /// libmicrohttpd has sent the handshake and hands the socket over.
    func open(socket number: Int32, handle: OpaquePointer, early: [UInt8]) {
        unsafe self.handle = handle
        self.early = early[...]
        server.streams[ObjectIdentifier(self)] = self
        var callbacks = unsafe wslay_event_callbacks(
            recv_callback: receiveBytes, send_callback: sendBytes, genmask_callback: nil,
            on_frame_recv_start_callback: nil, on_frame_recv_chunk_callback: nil, on_frame_recv_end_callback: nil,
            on_msg_recv_callback: receivedMessage)
        let this = unsafe Unmanaged.passUnretained(self).toOpaque()
        guard unsafe wslay_event_context_server_init(&context, &callbacks, this) == 0 else {
            fatalError("out of memory")
        }
        unsafe wslay_event_config_set_max_recv_msg_length(context, UInt64(server.limits.webSocketMessageBytes))
        socket = StreamSocket(number: number, on: server.loop, reads: true) { [unowned self] in ready($0) }
        source.opened(self)
        if server.isStopping { end(.goingAway) }
        if !self.early.isEmpty { receive() }
        finishIfDone()
    }

    private func ready(_ readiness: Readiness) {
        guard let socket else { return }
        if readiness.isWritable {
            guard socket.flush() else { return finishIfDone() }
            // A reader that is always behind is still heard: its pongs say that it lives.
            receive()
            if socket.isFlushed, !isEnding { source.writable() }
        }
        if readiness.isReadable || readiness.isClosed { receive() }
        finishIfDone()
    }

    // MARK: StreamConnection

    func send(_ bytes: [UInt8], ends: [Int]) -> Int {
        guard !isEnding, let socket else { return 0 }
        return socket.send(bytes, ends: ends)
    }

    func ping() {
        guard !isEnding, let context = unsafe context else { return }
        if unansweredPings >= 2 { return end(.unresponsive) }
        unansweredPings += 1
        var message = unsafe wslay_event_msg(opcode: UInt8(WSLAY_PING.rawValue), msg: nil, msg_length: 0)
        _ = unsafe wslay_event_queue_msg(context, &message)
        sendControlFrames()
    }

    func end(_ reason: StreamEnd) {
        guard !isEnding, let context = unsafe context else { return }
        isEnding = true
        let text = Array(reason.text.utf8)
        _ = unsafe wslay_event_queue_close(context, reason.webSocketCode, text, text.count)
        sendControlFrames()
        // The client answers with a close frame of its own; one that does not is not waited for long.
        server.loop.after(closeGrace) { [weak self] in self?.cut() }
        source.closed()
    }

    func cut() {
        guard let handle = unsafe handle else { return }
        unsafe self.handle = nil
        socket?.close()
        server.streams[ObjectIdentifier(self)] = nil
        if !isEnding {
            isEnding = true
            source.closed()
        }
        unsafe cmhd_close_upgraded(handle)
        server.runSoon()
    }

    // MARK: wslay

    private func receive() {
        guard let context = unsafe context, !peerHasEnded else { return }
        let failed = unsafe wslay_event_recv(context) != 0
        if failed, !peerHasEnded {
            // A frame that breaks the protocol, for which wslay closes without saying why: 1002 does.
            let bytes = WebSocket.closeFrame(code: 1002)
            unsafe bytes.withUnsafeBufferPointer { unsafe socket?.enqueue($0) }
            socket?.flush()
            peerHasEnded = true
        } else {
            sendControlFrames()
        }
    }

    private func sendControlFrames() {
        guard let context = unsafe context, let socket else { return }
        if unsafe wslay_event_want_write(context) != 0 { _ = unsafe wslay_event_send(context) }
        socket.flush()
    }

    private func finishIfDone() {
        guard let context = unsafe context, let socket else { return }
        let isClosed =
            unsafe wslay_event_get_close_received(context) != 0 && wslay_event_get_close_sent(context) != 0
            && socket.isFlushed
        if isClosed || socket.isBroken || peerIsGone || peerHasEnded && socket.isFlushed {
            cut()
        } else if unsafe wslay_event_get_close_received(context) != 0 || wslay_event_get_close_sent(context) != 0,
            !isEnding
        {
            // Either side has begun the close handshake: no records go out any more.
            isEnding = true
            server.loop.after(closeGrace) { [weak self] in self?.cut() }
            source.closed()
        }
    }

    fileprivate func received(opcode: UInt8, _ bytes: UnsafeBufferPointer<UInt8>) {
        switch UInt32(opcode) {
        case WSLAY_TEXT_FRAME.rawValue: unsafe source.received(text: Array(bytes))
        case WSLAY_PONG.rawValue: unansweredPings = 0
        case WSLAY_BINARY_FRAME.rawValue:
            let text = Array("text messages only".utf8)
            // 1003: a kind of data that is not understood (RFC 6455, section 7.4.1).
            _ = unsafe wslay_event_queue_close(context, 1003, text, text.count)
        default: break
        }
    }
}

private func connection(_ context: UnsafeMutableRawPointer?) -> WebSocketConnection {
    unsafe Unmanaged<WebSocketConnection>.fromOpaque(context!).takeUnretainedValue()
}

private let receiveBytes:
    @convention(c) (
        wslay_event_context_ptr?, UnsafeMutablePointer<UInt8>?, Int, Int32, UnsafeMutableRawPointer?
    ) -> Int = { wslay, buffer, count, _, context in
        let connection = unsafe connection(context)
        if !connection.early.isEmpty {
            let part = connection.early.prefix(count)
            for (index, byte) in part.enumerated() { unsafe buffer![index] = byte }
            connection.early = connection.early.dropFirst(part.count)
            return part.count
        }
        let received: Int?
        if let socket = connection.socket {
            received = unsafe socket.read(into: buffer!, count: count)
        } else {
            received = 0
        }
        if let received, received > 0 { return received }
        if received == 0 {
            connection.peerHasEnded = true
            connection.peerIsGone = true
        }
        let error = received == 0 ? WSLAY_ERR_CALLBACK_FAILURE : WSLAY_ERR_WOULDBLOCK
        unsafe wslay_event_set_error(wslay, Int32(error.rawValue))
        return -1
    }

/// wslay sends a frame in pieces: they are gathered and written together.
private let sendBytes:
    @convention(c) (wslay_event_context_ptr?, UnsafePointer<UInt8>?, Int, Int32, UnsafeMutableRawPointer?) -> Int = {
        _, bytes, count, _, context in
        unsafe connection(context).socket?.enqueue(UnsafeBufferPointer(start: bytes, count: count))
        return count
    }

private let receivedMessage:
    @convention(c) (
        wslay_event_context_ptr?, UnsafePointer<wslay_event_on_msg_recv_arg>?, UnsafeMutableRawPointer?
    ) -> Void = { _, argument, context in
        let message = unsafe argument!.pointee
        unsafe connection(context).received(
            opcode: message.opcode, UnsafeBufferPointer(start: message.msg, count: message.msg_length))
    }
