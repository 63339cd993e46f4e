public import EventLoop
public import HTTP
public import Linux
public import Logging
internal import SocketCAN

/// The service: captures the CAN interfaces, and serves them to whoever asks.
///
/// All of it belongs to the thread of the event loop.
public final class Gateway {
    private let api: API
    private let interfaces: Interfaces
    private let transmitters: Transmitters
    private let jobs: Jobs
    private let watches: Watches
    private let isotp: ISOTPHub

    /// Begins to capture.
    public init(_ configuration: GatewayConfiguration, on loop: EventLoop, logger: Logger) throws(SystemError) {
        let epoch = String(Clock.realtime / 1000, radix: 16)
        let log = EventLog(epoch: epoch, capacity: configuration.logBytes)
        let encoder = FrameEncoder(names: log.names)
        let hub = StreamHub(log: log, encoder: encoder, loop: loop, limit: configuration.streams)
        let protocols = KnownProtocols()
        let interfaces = try Interfaces(
            log: log, encoder: encoder, loop: loop, protocols: protocols,
            receiveBuffer: configuration.receiveBufferBytes, logger: logger)
        let transmitters = Transmitters(loop: loop, receiveBuffer: configuration.receiveBufferBytes)
        let jobs = Jobs(log: log, loop: loop, interfaces: interfaces)
        let watches = Watches(
            log: log, loop: loop, interfaces: interfaces, receiveBuffer: configuration.receiveBufferBytes)
        let isotp = ISOTPHub(loop: loop, protocols: protocols)
        hub.presentInterfaces = { interfaces.present.map(\.name) }
        interfaces.changed = { interface, change in
            jobs.interfaceChanged(interface, change)
            watches.interfaceChanged(interface, change)
            isotp.interfaceChanged(interface, change)
            switch change {
            case .added, .up: break
            case .down: transmitters.interfaceWentDown(interface)
            case .removed: transmitters.remove(interface)
            }
        }
        interfaces.checked = { jobs.startWaiting() }
        interfaces.loadMeasured = { loads in
            for (interface, load) in loads { hub.show(load, of: interface.name) }
        }
        let sending = SendingAPI(transmitters: transmitters)
        let jobsAPI = JobsAPI(interfaces: interfaces, jobs: jobs)
        let remote = RemoteBus.Context(
            hub: hub, interfaces: interfaces, jobs: jobs, receiveBuffer: configuration.receiveBufferBytes)
        let api = API(
            policy: configuration.policy, bodyBytes: configuration.bodyBytes, interfaces: interfaces, logger: logger)
        let started = Clock.monotonic
        api.addRoutes(
            service: ServiceAPI(
                configuration: configuration, interfaces: interfaces, isotp: isotp, protocols: protocols, epoch: epoch,
                started: started, isStopping: { [unowned api] in api.isStopping }),
            documents: DocumentsAPI(), interfaces: InterfacesAPI(interfaces: interfaces, loop: loop), sending: sending,
            streams: StreamsAPI(interfaces: interfaces, hub: hub, sending: sending, jobs: jobsAPI, remote: remote),
            latest: LatestAPI(latest: hub.latest), jobs: jobsAPI, watches: WatchesAPI(watches: watches),
            isotp: ISOTPAPI(interfaces: interfaces, streams: hub, isotp: isotp),
            metrics: MetricsAPI(
                interfaces: interfaces, transmitters: transmitters, jobs: jobs, watches: watches, isotp: isotp,
                hub: hub, started: started))
        self.api = api
        self.interfaces = interfaces
        self.transmitters = transmitters
        self.jobs = jobs
        self.watches = watches
        self.isotp = isotp
    }

    /// Answers requests.
    public var handler: any RequestHandler { api }

    /// Why the service cannot do its job, nil when it can.
    public var trouble: String? { interfaces.trouble }

    /// The names of the interfaces that are there.
    public var interfaceNames: [String] { interfaces.present.map(\.name) }

    /// Takes no more requests, answers those that wait, and takes the jobs and watches out of the kernel. It is the
    /// server that ends the streams.
    public func stop() {
        transmitters.stop()
        isotp.stop()
        api.stop()
        jobs.stopAll()
        watches.stopAll()
    }

    /// Whether a request is still being answered.
    public var owesAnswers: Bool { api.owesAnswers }
}
