internal import HTTP
internal import Linux
internal import SocketCAN

/// `GET /metrics`: how the service and its buses are, in the text format of Prometheus.
struct MetricsAPI {
    let interfaces: Interfaces
    let transmitters: Transmitters
    let jobs: Jobs
    let watches: Watches
    let isotp: ISOTPHub
    let hub: StreamHub
    /// When the service began, a monotonic time in nanoseconds.
    let started: Int64

    func get(_ call: Call) -> Answer {
        var text = MetricsText()
        addService(&text)
        addInterfaces(&text)
        addJobs(&text)
        return .response(Response(200, type: MetricsText.mediaType, body: Array(text.text.utf8)))
    }

    private func addService(_ text: inout MetricsText) {
        text.add(
            "canhttpd_info", .gauge, "The service.",
            [(["version": GatewayConfiguration.version, "epoch": hub.log.epoch, "kernel": Machine.kernelRelease], 1)])
        text.add(
            "canhttpd_uptime_seconds", .gauge, "How long it has been running.",
            seconds(ofNanoseconds: Clock.monotonic - started))
        text.add(
            "canhttpd_log_events_total", .counter, "Events that the log has numbered.",
            Double(hub.log.nextSequence - 1))
        text.add(
            "canhttpd_log_events_held", .gauge, "Events that the log still holds.",
            Double(hub.log.nextSequence - hub.log.firstSequence))
        let streams = hub.open.map(\.status)
        text.add("canhttpd_streams", .gauge, "Open streams.", Double(streams.count))
        text.add(
            "canhttpd_stream_lag_events", .gauge, "How far the slowest open stream is behind, in events.",
            Double(streams.map(\.lag).max() ?? 0))
        text.add(
            "canhttpd_stream_frames_delivered_total", .counter,
            "Frames, error frames and ISO-TP messages that streams took.", Double(hub.delivered))
        text.add(
            "canhttpd_stream_frames_lost_total", .counter,
            "Frames and ISO-TP messages that streams were told they lost.", Double(hub.lost))
    }

    private func addInterfaces(_ text: inout MetricsText) {
        let present = interfaces.present
        func add(
            _ name: String, _ type: MetricsText.Kind, _ help: String, _ value: (Interface) -> Double?
        ) {
            text.add(
                name, type, help,
                present.compactMap { interface in value(interface).map { (["interface": interface.name], $0) } })
        }
        add("canhttpd_interface_up", .gauge, "Whether it is switched on.") { $0.isUp ? 1 : 0 }
        add("canhttpd_interface_bitrate", .gauge, "Its nominal bit rate, in bits per second.") {
            $0.controller?.bitTiming.map { Double($0.bitrate) }
        }
        add("canhttpd_interface_bus_off", .gauge, "Whether its controller is bus-off.") {
            $0.controller?.state.map { $0 == .busOff ? 1 : 0 }
        }
        add("canhttpd_bus_load_ratio", .gauge, "How much of the last second the bus was taken, from 0 to 1.") {
            interfaces.capture(of: $0)?.busLoad?.percent.map { $0 / 100 }
        }
        add("canhttpd_frames_captured_total", .counter, "Frames and error frames read, since the capture began.") {
            interfaces.capture(of: $0).map { Double($0.received) }
        }
        add("canhttpd_frames_kernel_dropped_total", .counter, "Frames that the kernel dropped before they were read.") {
            interfaces.capture(of: $0).map { Double($0.kernelDropped) }
        }
        add("canhttpd_frames_sent_total", .counter, "Frames that the kernel took from requests.") {
            Double(transmitters.sent[$0.name] ?? 0)
        }
    }

    private func addJobs(_ text: inout MetricsText) {
        let states = jobs.all().map(\.state)
        text.add(
            "canhttpd_jobs", .gauge, "Periodic jobs, by state.",
            Job.State.allCases.map { state in (["state": state.rawValue], Double(states.count { $0 == state })) })
        text.add("canhttpd_watches", .gauge, "Watches.", Double(watches.all().count))
        text.add(
            "canhttpd_confirmations", .gauge, "Requests that wait for their frames to come back.",
            Double(transmitters.confirmations))
        text.add(
            "canhttpd_isotp_exchanges", .gauge, "ISO-TP exchanges that are under way or being ended.",
            Double(isotp.exchangeCount))
    }
}

/// Text in the format of Prometheus, version 0.0.4.
private struct MetricsText {
    /// What a family of numbers is.
    enum Kind: String {
        /// It only grows, but for a new start.
        case counter
        /// It goes up and down.
        case gauge
    }

    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"
    private(set) var text = ""

    /// Adds a number without labels.
    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        let labels: KeyValuePairs<String, String> = [:]
        add(name, kind, help, [(labels, value)])
    }

    /// Adds a family; none without samples.
    mutating func add(
        _ name: String, _ kind: Kind, _ help: String,
        _ samples: [(labels: KeyValuePairs<String, String>, value: Double)]
    ) {
        guard !samples.isEmpty else { return }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        for (labels, value) in samples {
            let pairs = labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
            let number = value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
            text += name + (pairs.isEmpty ? "" : "{\(pairs)}") + " \(number)\n"
        }
    }

    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { result, character in
            if character == "\\" || character == "\"" { result.append("\\") }
            result.append(character)
        }
    }
}
