/// Everything that can be wrong, by the name that clients read: the one table of errors.
public enum ProblemCode: String, Hashable, Sendable, CaseIterable {
    case malformedRequest = "malformed-request"
    case originRefused = "origin-refused"
    case permissionDenied = "permission-denied"
    case notFound = "not-found"
    case interfaceNotFound = "interface-not-found"
    case jobNotFound = "job-not-found"
    case watchNotFound = "watch-not-found"
    case methodNotAllowed = "method-not-allowed"
    case notAcceptable = "not-acceptable"
    case interfaceDown = "interface-down"
    case interfaceExists = "interface-exists"
    case interfaceBusy = "interface-busy"
    case jobExists = "job-exists"
    case historyLost = "history-lost"
    case bodyTooLarge = "body-too-large"
    case unsupportedMediaType = "unsupported-media-type"
    case invalidFrame = "invalid-frame"
    case invalidFilter = "invalid-filter"
    case invalidJob = "invalid-job"
    case invalidWatch = "invalid-watch"
    case invalidInterfaceSetting = "invalid-interface-setting"
    case notACANInterface = "not-a-can-interface"
    case invalidISOTP = "invalid-isotp"
    case isotpError = "isotp-error"
    case isotpTimeout = "isotp-timeout"
    case upgradeRequired = "upgrade-required"
    case tooManyRequests = "too-many-requests"
    case tooManyStreams = "too-many-streams"
    case `internal` = "internal"
    case notSupported = "not-supported"
    case transmitQueueFull = "transmit-queue-full"
    case shuttingDown = "shutting-down"
    case transmitUnconfirmed = "transmit-unconfirmed"

    /// The status that goes with it.
    public var status: Status {
        switch self {
        case .malformedRequest: 400
        case .originRefused, .permissionDenied: 403
        case .notFound, .interfaceNotFound, .jobNotFound, .watchNotFound: 404
        case .methodNotAllowed: 405
        case .notAcceptable: 406
        case .interfaceDown, .interfaceExists, .interfaceBusy, .jobExists: 409
        case .historyLost: 410
        case .bodyTooLarge: 413
        case .unsupportedMediaType: 415
        case .invalidFrame, .invalidFilter, .invalidJob, .invalidWatch, .invalidInterfaceSetting, .invalidISOTP,
            .notACANInterface:
            422
        case .upgradeRequired: 426
        case .tooManyRequests, .tooManyStreams: 429
        case .internal: 500
        case .notSupported: 501
        case .transmitQueueFull, .shuttingDown: 503
        case .isotpError: 502
        case .transmitUnconfirmed, .isotpTimeout: 504
        }
    }

    /// What it is, in a few words.
    public var title: String {
        switch self {
        case .malformedRequest: "Malformed request"
        case .originRefused: "Origin refused"
        case .permissionDenied: "Permission denied"
        case .notFound: "Not found"
        case .interfaceNotFound: "Interface not found"
        case .jobNotFound: "Job not found"
        case .watchNotFound: "Watch not found"
        case .methodNotAllowed: "Method not allowed"
        case .notAcceptable: "Not acceptable"
        case .interfaceDown: "Interface is down"
        case .interfaceExists: "Interface exists"
        case .interfaceBusy: "Interface is busy"
        case .jobExists: "Job exists"
        case .historyLost: "History lost"
        case .bodyTooLarge: "Body too large"
        case .unsupportedMediaType: "Unsupported media type"
        case .invalidFrame: "Invalid frame"
        case .invalidFilter: "Invalid filter"
        case .invalidJob: "Invalid job"
        case .invalidWatch: "Invalid watch"
        case .invalidInterfaceSetting: "Invalid interface setting"
        case .notACANInterface: "Not a CAN interface"
        case .invalidISOTP: "Invalid ISO-TP request"
        case .isotpError: "ISO-TP transfer failed"
        case .isotpTimeout: "ISO-TP timeout"
        case .upgradeRequired: "Upgrade required"
        case .tooManyRequests: "Too many requests"
        case .tooManyStreams: "Too many streams"
        case .internal: "Internal error"
        case .notSupported: "Not supported"
        case .transmitQueueFull: "Transmit queue full"
        case .shuttingDown: "Shutting down"
        case .transmitUnconfirmed: "Transmission unconfirmed"
        }
    }

    /// What to do about it, a paragraph or two for the page that the problem's type points to.
    public var advice: String {
        switch self {
        case .malformedRequest:
            """
            The request could not be read: the body is no JSON (the detail says where), a value is of the wrong type, \
            or a field or query parameter is not one of those that this call knows. Nothing was done. Look the call up \
            in the API description at /openapi.yaml; the problem's field says which name to look for.
            """
        case .originRefused:
            """
            A web page from elsewhere, or a host name that does not belong to this service, asked for something. \
            Browsers send the page's origin along, and the service takes only its own and those that it was started \
            with: canhttpd --allow-origin https://dashboard.example. Names for the service itself, beside localhost and \
            IP addresses, are allowed by --allow-host name, which also holds for programs that are no browsers and send \
            no Origin.
            """
        case .permissionDenied:
            """
            The kernel refused. Where the problem has a capability that the service needs, give it to the binary (setcap \
            cap_net_admin+ep /usr/local/bin/canhttpd) or to the systemd unit (AmbientCapabilities=CAP_NET_ADMIN), and \
            start the service again. With EACCES in answer to frames, the controller is in listen-only mode and refuses to send: PATCH \
            /v1/interfaces/can0 with {"modes":{"listen_only":false},"cycle":true}.
            """
        case .notFound: "No resource has this path. GET /v1 lists where to start, /openapi.yaml describes everything."
        case .interfaceNotFound:
            """
            No network interface has this name now. GET /v1/interfaces lists the CAN interfaces. An adapter that was \
            unplugged is gone until it is plugged in again.
            """
        case .jobNotFound:
            "No job has this identifier: it was never made, or was deleted. GET /v1/jobs lists those that exist."
        case .watchNotFound:
            "No watch has this identifier: it was never made, or was deleted. GET /v1/watches lists those that exist."
        case .methodNotAllowed: "The Allow header field lists the methods that this resource has."
        case .notAcceptable:
            """
            The Accept header field names no media type that this resource can be served as. A stream of frames comes \
            as text/event-stream, application/x-ndjson, text/plain or application/vnd.tcpdump.pcap, or over WebSocket.
            """
        case .interfaceDown:
            """
            The interface is switched off, so that nothing can be sent; sent says how many frames the kernel had taken \
            before, none where it is 0 or missing. Switch it on: PATCH /v1/interfaces/can0 with \
            {"bitrate":500000,"up":true} (a virtual one: {"up":true}).
            """
        case .interfaceExists:
            """
            A network interface, of whatever kind, has this name already; field says which of the names it is. Nothing was \
            made. Choose another name, or remove the one that exists (DELETE, for a virtual one).
            """
        case .interfaceBusy:
            """
            The interface is up, and what was asked for can only change while it is down; field says which setting it \
            is. Nothing was changed. Send "up": false along, or "cycle": true: then the service takes the interface down, \
            changes it, and brings it up again. Traffic stops meanwhile, and jobs on the interface end, unless they \
            have resume.
            """
        case .jobExists:
            "Names of jobs are unique. Change the one that exists (PATCH), delete it first, or choose another name."
        case .historyLost:
            """
            The log no longer holds the event that the stream was to resume after, or it is of an earlier run of the \
            service. Without strict=true the stream opens with a gap that says how much is missing. --log-bytes makes \
            the log longer.
            """
        case .bodyTooLarge:
            "The body or message is longer than the service takes. GET /v1 says how long it may be. Send it in parts."
        case .unsupportedMediaType:
            """
            The Content-Type is not one that this call understands; allowed lists those that are. Most calls take \
            application/json; frames can also be text/plain, one a line as cansend writes it (123#DEADBEEF).
            """
        case .invalidFrame:
            """
            A frame breaks a rule of CAN; the detail says which and what would be valid, and index which frame of a \
            list it was. Nothing was sent.
            """
        case .invalidFilter:
            "A filter cannot be understood or there are too many of them. The filters in force are unchanged."
        case .invalidJob:
            """
            The description of a job breaks a rule; the detail names the field and its bounds. Nothing was started or \
            changed.
            """
        case .invalidWatch:
            """
            The description of a watch breaks a rule; the detail names the field and its bounds, and index which entry \
            of mux it was. Nothing is watched.
            """
        case .invalidInterfaceSetting:
            """
            The interface cannot be made or set like that; field names the setting, and the detail its bounds, or what the \
            kernel said. What had been changed before the failure was put back, unless the detail says otherwise. \
            GET /v1/interfaces/{name} shows what a controller can do: bit_timing_limits, supported_modes, \
            termination_allowed.
            """
        case .notACANInterface:
            """
            There is a network interface of this name, but it is not a CAN interface. GET /v1/interfaces lists those that \
            are.
            """
        case .invalidISOTP:
            """
            The addresses, options or data of an ISO-TP transfer break a rule; the detail names the field, its value and \
            its bounds. Nothing was sent.
            """
        case .isotpError:
            """
            The transfer broke: a frame of the answer was missing (EILSEQ), a frame was not filled up as rx_padding wants \
            or a flow control frame was too short (EBADMSG), or the receiver has no room for so long a PDU (EMSGSIZE). \
            For an answer that comes faster than it can be read, st_min_us and block_size slow its sender down.
            """
        case .isotpTimeout:
            """
            Nobody answered in time. With ECOMM the receiver gave no flow control within a second, or a frame did not get \
            onto the bus within two: check the identifiers, and whether the bus is alive. With ETIMEDOUT the answer \
            stopped in the middle. Without an errno the time of the request (timeout_ms, max_wait_ms) was over: allow more \
            for a long transfer, and say pending for a UDS server that answers 0x78 first. A transfer that was under way \
            is broken off. After a functional request, an answer of more than one frame needs fc_id. Where the detail says \
            that the kernel opened no socket in that time, it was busy with another interface, as while it brings up a \
            slow adapter, and nothing was sent: try again.
            """
        case .upgradeRequired:
            """
            The service speaks version 13 of the WebSocket protocol (RFC 6455), as every browser does. Some resources are \
            WebSockets only.
            """
        case .tooManyRequests:
            """
            A limit is reached; the detail says which, and GET /v1 lists those in force. Delete jobs or watches that are \
            no longer needed, wait for requests that are under way, or send more slowly, and try again.
            """
        case .tooManyStreams:
            "So many streams are open that the service takes no more. Close one, or raise --max-streams."
        case .internal:
            "Something went wrong that should not. The log of the service has more under the request's identifier."
        case .notSupported:
            """
            The kernel, the driver or the kind of interface lacks what was asked for; the detail says which. For a \
            kernel without CAN: modprobe -a can can_raw can_bcm, or one whose configuration has CONFIG_CAN. The service \
            need not be started again.
            """
        case .transmitQueueFull:
            """
            The interface's transmit queue stayed full until the deadline. The first frames (sent) are with the kernel, \
            the rest was not sent and will not be. The bus is slower than the sender, or nobody acknowledges: check \
            the interface's state and error counters, or allow more time (timeout_ms). Where the detail says that the \
            kernel opened no socket in that time, it was busy with another interface, as while it brings up a slow \
            adapter: try again.
            """
        case .shuttingDown:
            "The service was told to stop and takes no more requests. Try again when it has been started again."
        case .transmitUnconfirmed:
            """
            The kernel took the frames (sent), but not all came back as the echo that a controller gives when a frame \
            was on the bus (confirmed says how many, index which is the first that did not). A controller in \
            listen-only mode sends nothing; one that nobody acknowledges repeats the frame, and may still send it. \
            Look at the interface's modes, state and error counters, and allow more time (confirm_ms) on a busy bus.
            """
        }
    }
}
