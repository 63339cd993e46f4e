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
    /// What has come of a message, nil when that is too much.
    private var message: [UInt8]? = []
    /// Control frames come between the parts of a message.
    fileprivate var isInControlFrame = false
    /// How many bytes may still be read in this turn.
    fileprivate var readingBudget = 0

    /// One client that sends and sends shall not keep the loop from the others.
    private static let bytesPerTurn = 65536

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
            on_frame_recv_start_callback: receivedHeader, on_frame_recv_chunk_callback: receivedPart,
            on_frame_recv_end_callback: nil, on_msg_recv_callback: receivedMessage)
        let this = unsafe Unmanaged.passUnretained(self).toOpaque()
        guard unsafe wslay_event_context_server_init(&context, &callbacks, this) == 0 else {
            fatalError("out of memory")
        }
        // The parts of messages are gathered here, so that one that is too long can be told of.
        unsafe wslay_event_config_set_no_buffering(context, 1)
        socket = StreamSocket(number: number, on: server.loop, reads: true) { [unowned self] in ready($0) }
        source.opened(self)
        if server.isStopping { end(.goingAway) }
        if !self.early.isEmpty { receive() }
        finishIfDone()
    }

    private func ready(_ readiness: Readiness) {
        guard let socket else { return }
        if readiness.isWritable {
            guard socket.becameWritable() else { return finishIfDone() }
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

    func answer(_ record: [UInt8]) {
        guard !isEnding else { return }
        socket?.answer(record)
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
        let isSlow = socket?.isFlushed == false && reason != .goingAway
        server.loop.after(isSlow ? flushGrace : closeGrace) { [weak self] in self?.cut() }
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
        readingBudget = Self.bytesPerTurn
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

    private var longestMessage: Int { source.longestMessage ?? server.limits.webSocketMessageBytes }

    fileprivate func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard !isInControlFrame, let count = message?.count else { return }
        if count + bytes.count > longestMessage {
            message = nil
        } else {
            unsafe message?.append(contentsOf: bytes)
        }
    }

    fileprivate func received(opcode: UInt8) {
        switch UInt32(opcode) {
        case WSLAY_TEXT_FRAME.rawValue: deliver { .text($0) }
        case WSLAY_BINARY_FRAME.rawValue: deliver { .binary($0) }
        case WSLAY_PONG.rawValue: unansweredPings = 0
        default: break
        }
    }

    private func deliver(_ make: ([UInt8]) -> WebSocketMessage) {
        let whole = message
        message = []
        guard !isEnding else { return }
        source.received(whole.map(make) ?? .tooLong(limit: longestMessage))
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
        // While a client does not take its answers, no more questions are read; nor too many in one turn.
        guard connection.readingBudget > 0, connection.socket?.isFlushed ?? true else {
            unsafe wslay_event_set_error(wslay, Int32(WSLAY_ERR_WOULDBLOCK.rawValue))
            return -1
        }
        let received: Int?
        if let socket = connection.socket {
            received = unsafe socket.read(into: buffer!, count: count)
        } else {
            received = 0
        }
        if let received, received > 0 {
            connection.readingBudget -= received
            return received
        }
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

private let receivedHeader:
    @convention(c) (
        wslay_event_context_ptr?, UnsafePointer<wslay_event_on_frame_recv_start_arg>?, UnsafeMutableRawPointer?
    ) -> Void = { _, argument, context in
        // The bit that the opcodes of control frames have (RFC 6455, section 5.2).
        unsafe connection(context).isInControlFrame = argument!.pointee.opcode & 0x8 != 0
    }

private let receivedPart:
    @convention(c) (
        wslay_event_context_ptr?, UnsafePointer<wslay_event_on_frame_recv_chunk_arg>?, UnsafeMutableRawPointer?
    ) -> Void = { _, argument, context in
        let part = unsafe argument!.pointee
        unsafe connection(context).append(UnsafeBufferPointer(start: part.data, count: part.data_length))
    }

private let receivedMessage:
    @convention(c) (
        wslay_event_context_ptr?, UnsafePointer<wslay_event_on_msg_recv_arg>?, UnsafeMutableRawPointer?
    ) -> Void = { _, argument, context in
        unsafe connection(context).received(opcode: argument!.pointee.opcode)
    }
