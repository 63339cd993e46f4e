internal import HTTP

extension API {
    /// Everything that is served, path by path.
    func addRoutes(
        _ service: ServiceAPI, _ documents: DocumentsAPI, _ interfaces: InterfacesAPI, _ sending: SendingAPI,
        _ streams: StreamsAPI, _ latest: LatestAPI, _ jobs: JobsAPI, _ watches: WatchesAPI, _ isotp: ISOTPAPI,
        _ metrics: MetricsAPI
    ) {
        add(.get, "/", documents.index)
        add(.get, "/openapi.yaml", documents.openAPIAsYAML)
        add(.get, "/openapi.json", documents.openAPIAsJSON)
        add(.get, "/problems/{code}", documents.problem)

        add(.get, "/healthz", service.health)
        add(.get, "/metrics", metrics.get)
        add(.get, "/v1", service.get)

        addLater(.get, "/v1/interfaces", interfaces.list)
        addLater(.post, "/v1/interfaces", isFinished: true, interfaces.make)
        addLater(.get, "/v1/interfaces/{name}", interfaces.get)
        addLater(.patch, "/v1/interfaces/{name}", isFinished: true, interfaces.change)
        addLater(.delete, "/v1/interfaces/{name}", isFinished: true, interfaces.remove)
        addLater(.post, "/v1/interfaces/{name}/restart", isFinished: true, interfaces.restart)
        add(.get, "/v1/interfaces/{name}/filters", interfaces.getFilters)
        add(.put, "/v1/interfaces/{name}/filters", interfaces.putFilters)
        add(.delete, "/v1/interfaces/{name}/filters", interfaces.deleteFilters)

        add(.get, "/v1/frames", streams.all)
        add(.get, "/v1/interfaces/{name}/frames", streams.one)
        add(.get, "/v1/streams", streams.list)
        add(.get, "/v1/interfaces/{name}/latest", latest.list)
        add(.get, "/v1/interfaces/{name}/latest/{id}", latest.get)
        addLater(.post, "/v1/interfaces/{name}/frames", sending.send)

        addLater(.post, "/v1/interfaces/{name}/isotp", isotp.exchange)
        add(.get, "/v1/interfaces/{name}/isotp", isotp.open)

        add(.get, "/v1/jobs", jobs.list)
        add(.delete, "/v1/jobs", jobs.deleteAll)
        add(.get, "/v1/jobs/{id}", jobs.get)
        add(.patch, "/v1/jobs/{id}", jobs.patch)
        add(.delete, "/v1/jobs/{id}", jobs.delete)
        add(.post, "/v1/jobs/{id}/renew", jobs.renew)
        add(.get, "/v1/interfaces/{name}/jobs", jobs.listOfInterface)
        add(.post, "/v1/interfaces/{name}/jobs", jobs.make)

        add(.get, "/v1/watches", watches.list)
        add(.delete, "/v1/watches", watches.deleteAll)
        add(.get, "/v1/watches/{id}", watches.get)
        add(.delete, "/v1/watches/{id}", watches.delete)
        add(.get, "/v1/interfaces/{name}/watches", watches.listOfInterface)
        add(.post, "/v1/interfaces/{name}/watches", watches.make)
    }
}
