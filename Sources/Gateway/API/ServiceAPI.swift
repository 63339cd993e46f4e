internal import CAN
internal import HTTP
internal import JSON
internal import Linux
internal import SocketCAN

/// `/v1` and `/healthz`.
struct ServiceAPI {
    let configuration: GatewayConfiguration
    let interfaces: Interfaces
    let isotp: ISOTPHub
    let protocols: KnownProtocols
    let epoch: String
    let started: Int64
    let isStopping: () -> Bool

    func get(_ call: Call) -> Answer {
        let protocols = KernelProtocol.allCases.map {
            JSONValue.Member($0.rawValue, .boolean(self.protocols.isSupported($0)))
        }
        return .json([
            "name": "canhttpd", "version": .string(GatewayConfiguration.version), "epoch": .string(epoch),
            "now": .real(seconds(ofNanoseconds: Clock.realtime)),
            "uptime_s": .real(seconds(ofNanoseconds: Clock.monotonic - started)),
            "kernel": .string(Machine.kernelRelease), "protocols": .object(protocols), "limits": limits,
            "links": [
                "self": "/v1", "interfaces": "/v1/interfaces", "frames": "/v1/frames",
                "streams": "/v1/streams", "jobs": "/v1/jobs", "watches": "/v1/watches", "health": "/healthz",
                "metrics": "/metrics", "openapi": "/openapi.json",
            ],
        ])
    }

    private var limits: JSONValue {
        [
            "body_bytes": .integer(configuration.bodyBytes),
            "confirmations": .integer(Transmitters.confirmationCapacity),
            "connections": .integer(configuration.connections),
            "filters": .integer(FilterSet.capacity), "frames_per_job": .integer(BroadcastManager.capacity),
            "frames_per_request": .integer(SendingAPI.capacity),
            "isotp_exchanges": .integer(ISOTPHub.capacity), "isotp_pdu_bytes": JSONValue(isotp.longestPDU),
            "job_interval_min_us": .integer(Int(Jobs.leastInterval)), "jobs": .integer(Jobs.capacity),
            "latest_identifiers": .integer(LatestTable.capacity),
            "log_bytes": .integer(configuration.logBytes),
            "receive_buffer_bytes": .integer(configuration.receiveBufferBytes),
            "streams": .integer(configuration.streams),
            "watches": .integer(Watches.capacity), "watches_per_identifier": .integer(WatchBus.capacity),
            "websocket_commands_per_s": .integer(StreamCommands.perSecond),
            "websocket_message_bytes": .integer(configuration.webSocketMessageBytes),
            "websocket_sends": .integer(StreamCommands.sends),
        ]
    }

    func health(_ call: Call) -> Answer {
        let reasons = [interfaces.trouble, isStopping() ? "the service is shutting down" : nil].compactMap { $0 }
        if reasons.isEmpty { return .json(["status": "ok"]) }
        return .response(.json(503, ["status": "unavailable", "reasons": JSONValue(reasons)]))
    }
}
