internal import CMicroHTTPD
internal import Glibc
internal import HTTP

// What libmicrohttpd calls. Its contexts are unretained pointers to the server, which outlives its daemon, and retained
// ones to the state of a connection and of a request, released when libmicrohttpd says that they have ended.

private func server(_ context: UnsafeMutableRawPointer?) -> HTTPServer {
    unsafe Unmanaged<HTTPServer>.fromOpaque(context!).takeUnretainedValue()
}

let logLine: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?) -> Void = { context, text in
    guard let text = unsafe text else { return }
    let line = unsafe String(cString: text)
    unsafe server(context).log(line.hasSuffix("\n") ? String(line.dropLast()) : line)
}

/// MHD_NotifyConnectionCallback
let connectionChanged:
    @convention(c) (
        UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
        MHD_ConnectionNotificationCode
    ) -> Void = { context, connection, slot, code in
        guard let connection = unsafe connection, let slot = unsafe slot else { return }
        if code == .CONNECTION_NOTIFY_STARTED {
            let client = unsafe Client(connection, of: server(context))
            unsafe slot.pointee = Unmanaged.passRetained(client).toOpaque()
        } else if let stored = unsafe slot.pointee {
            unsafe Unmanaged<Client>.fromOpaque(stored).takeRetainedValue().closed()
            unsafe slot.pointee = nil
        }
    }

/// The URI log callback: the first thing that is called for a request; what it returns is the request's context.
let requestBegan:
    @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?) -> UnsafeMutableRawPointer? = {
        context, target, connection in
        guard let connection = unsafe connection,
            let stored = unsafe cmhd_connection_context(connection)
        else { return nil }
        let client = unsafe Unmanaged<Client>.fromOpaque(stored).takeUnretainedValue()
        let text = unsafe target.map { unsafe String(cString: $0) } ?? ""
        let exchange = unsafe Exchange(connection, client: client, target: text, server: server(context))
        return unsafe Unmanaged.passRetained(exchange).toOpaque()
    }

/// MHD_RequestCompletedCallback
let requestCompleted:
    @convention(c) (
        UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
        MHD_RequestTerminationCode
    ) -> Void = { _, _, slot, _ in
        guard let slot = unsafe slot, let stored = unsafe slot.pointee else { return }
        unsafe Unmanaged<Exchange>.fromOpaque(stored).takeRetainedValue().completed()
        unsafe slot.pointee = nil
    }

/// MHD_AccessHandlerCallback
let access:
    @convention(c) (
        UnsafeMutableRawPointer?, OpaquePointer?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?,
        UnsafePointer<CChar>?, UnsafeMutablePointer<Int>?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> MHD_Result = { _, _, _, method, version, data, size, slot in
        guard let stored = unsafe slot?.pointee, let method = unsafe method, let version = unsafe version,
            let size = unsafe size
        else { return .NO }
        let exchange = unsafe Unmanaged<Exchange>.fromOpaque(stored).takeUnretainedValue()
        if let data = unsafe data, unsafe size.pointee > 0 {
            let bytes = unsafe UnsafeRawBufferPointer(start: data, count: size.pointee)
            unsafe size.pointee = 0
            return unsafe exchange.receive(bytes)
        }
        return unsafe exchange.proceed(method: String(cString: method), version: String(cString: version))
    }

/// MHD_ContentReaderCallback of a stream's body.
let readStream: @convention(c) (UnsafeMutableRawPointer?, UInt64, UnsafeMutablePointer<CChar>?, Int) -> Int = {
    context, _, _, _ in
    unsafe Unmanaged<HTTPStreamConnection>.fromOpaque(context!).takeUnretainedValue().read()
}

/// MHD_ContentReaderFreeCallback of a stream's body.
let freeStream: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
    unsafe Unmanaged<HTTPStreamConnection>.fromOpaque(context!).takeRetainedValue().freed()
}

/// MHD_UpgradeHandler
let upgraded:
    @convention(c) (
        UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutableRawPointer?, UnsafePointer<CChar>?, Int, Int32,
        OpaquePointer?
    ) -> Void = { context, _, _, extra, extraSize, socket, handle in
        let connection = unsafe Unmanaged<WebSocketConnection>.fromOpaque(context!).takeUnretainedValue()
        let early = unsafe UnsafeRawBufferPointer(start: extra, count: extraSize)
        unsafe connection.open(socket: socket, handle: handle!, early: Array(early))
    }
