internal import CMicroHTTPD
internal import HTTP

/// One request and its answer, as libmicrohttpd goes through them.
@safe final class Exchange {
    // libmicrohttpd's; valid until completed() is called.
    private let connection: OpaquePointer
    private let client: Client
    private unowned let server: HTTPServer
    private let target: String
    private let identifier: String
    private var body: [UInt8] = []
    private var step = Step.begun
    private var webSocket: WebSocketConnection?

    private enum Step {
        case begun
        case receiving
        case discarding
        case handling
        case suspended
        case ready(Answer)
        case answered
    }

    init(_ connection: OpaquePointer, client: Client, target: String, server: HTTPServer) {
        unsafe self.connection = connection
        self.client = client
        self.server = server
        self.target = target
        identifier = server.nextRequestIdentifier()
    }

    /// Takes a part of the body.
    func receive(_ bytes: UnsafeRawBufferPointer) -> MHD_Result {
        guard case .receiving = step else { return .YES }
        if body.count + bytes.count > server.limits.bodyBytes {
            body = []
            step = .discarding
        } else {
            unsafe body.append(contentsOf: bytes)
        }
        return .YES
    }

    /// Called with the header complete, then with the body complete, and again after the connection was resumed.
    func proceed(method: String, version: String) -> MHD_Result {
        switch step {
        case .begun:
            step = .receiving
            // A body that is announced as too long is not even waited for.
            guard announcedLength > server.limits.bodyBytes else { return .YES }
            return handle(method: method, version: version, isTooLarge: true)
        case .receiving: return handle(method: method, version: version, isTooLarge: false)
        case .discarding: return handle(method: method, version: version, isTooLarge: true)
        case .ready(let answer):
            step = .answered
            return queue(answer, version: version)
        case .handling, .suspended, .answered: return .YES
        }
    }

    /// libmicrohttpd is done with the request.
    func completed() {
        // The client went before an answer that took its time.
        if case .ready(let answer) = step { answer.source?.closed() }
        step = .answered
        webSocket?.abandonIfNotOpened()
        client.startDeadline()
    }

    // MARK: -

    private func handle(method: String, version: String, isTooLarge: Bool) -> MHD_Result {
        client.stopDeadline()
        step = .handling
        let request = makeRequest(method: method, isTooLarge: isTooLarge)
        server.handler.handle(request) { [self] answer in resume(with: answer) }
        if case .ready(let answer) = step {
            step = .answered
            return queue(answer, version: version)
        }
        step = .suspended
        unsafe MHD_suspend_connection(connection)
        return .YES
    }

    private func resume(with answer: Answer) {
        switch step {
        case .handling: step = .ready(answer)
        case .suspended:
            step = .ready(answer)
            unsafe MHD_resume_connection(connection)
            server.runSoon()
        default: preconditionFailure("a request is answered once")
        }
    }

    private func makeRequest(method: String, isTooLarge: Bool) -> Request {
        let parsed = RequestTarget(target)
        return Request(
            method: method, path: parsed?.path ?? [], query: parsed?.query ?? [], headers: headers(), body: body,
            isBodyTooLarge: isTooLarge, identifier: identifier, peer: client.peer)
    }

    private func headers() -> Headers {
        var headers = Headers()
        unsafe withUnsafeMutablePointer(to: &headers) { pointer in
            _ = unsafe MHD_get_connection_values(connection, .HEADER_KIND, collectHeader, pointer)
        }
        return headers
    }

    private var announcedLength: Int {
        headers()["Content-Length"].flatMap { Int($0) } ?? 0
    }

    private func queue(_ answer: Answer, version: String) -> MHD_Result {
        switch answer {
        case .response(let response): return queue(response)
        case .stream(let head, let source):
            let stream = unsafe HTTPStreamConnection(
                connection, isChunked: version != "HTTP/1.0", source: source, server: server)
            return unsafe queue(stream.makeResponse(), head.status, head.headers)
        case .webSocket(let headers, let source):
            let webSocket = WebSocketConnection(source: source, server: server)
            self.webSocket = webSocket
            return unsafe queue(webSocket.makeResponse(), 101, headers)
        }
    }

    private func queue(_ response: Response) -> MHD_Result {
        client.startDeadline()
        let made = unsafe response.body.withUnsafeBytes { bytes in
            unsafe MHD_create_response_from_buffer(
                bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
        }
        return unsafe queue(made, response.status, response.headers)
    }

    private func queue(_ response: OpaquePointer?, _ status: Status, _ headers: Headers) -> MHD_Result {
        guard let response = unsafe response else { return .NO }
        for field in headers.fields { unsafe MHD_add_response_header(response, field.name, field.value) }
        let result = unsafe MHD_queue_response(connection, UInt32(status.code), response)
        unsafe MHD_destroy_response(response)
        return result
    }
}

/// MHD_KeyValueIterator
private let collectHeader:
    @convention(c) (UnsafeMutableRawPointer?, MHD_ValueKind, UnsafePointer<CChar>?, UnsafePointer<CChar>?) -> MHD_Result =
        { context, _, name, value in
            guard let name = unsafe name else { return .YES }
            let text = unsafe value.map { unsafe String(cString: $0) } ?? ""
            unsafe context!.assumingMemoryBound(to: Headers.self).pointee.add(String(cString: name), text)
            return .YES
        }
