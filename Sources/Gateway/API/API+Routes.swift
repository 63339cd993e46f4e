internal import HTTP

extension API {
    /// Everything that is served, path by path.
    func addRoutes(
        service: ServiceAPI, documents: DocumentsAPI, interfaces: InterfacesAPI, sending: SendingAPI,
        streams: StreamsAPI, latest: LatestAPI, jobs: JobsAPI, watches: WatchesAPI, isotp: ISOTPAPI,
        metrics: MetricsAPI
    ) {
        add(.get, "/", needsCAN: false, documents.index)
        add(.get, "/openapi.yaml", needsCAN: false, documents.openAPIAsYAML)
        add(.get, "/openapi.json", needsCAN: false, documents.openAPIAsJSON)
        add(.get, "/problems/{code}", needsCAN: false, documents.problem)

        add(.get, "/healthz", needsCAN: false, service.health)
        add(.get, "/metrics", needsCAN: false, metrics.get)
        add(.get, "/v1", needsCAN: false, service.get)

        addLater(.get, "/v1/interfaces", interfaces.list)
        addLater(.post, "/v1/interfaces", finishesOnStop: true, interfaces.make)
        addLater(.get, "/v1/interfaces/{name}", interfaces.get)
        addLater(.patch, "/v1/interfaces/{name}", finishesOnStop: true, interfaces.change)
        addLater(.delete, "/v1/interfaces/{name}", finishesOnStop: true, interfaces.remove)
        addLater(.post, "/v1/interfaces/{name}/restart", finishesOnStop: true, interfaces.restart)
        add(.get, "/v1/interfaces/{name}/filters", interfaces.getFilters)
        addLater(.put, "/v1/interfaces/{name}/filters", interfaces.putFilters)
        addLater(.delete, "/v1/interfaces/{name}/filters", interfaces.deleteFilters)

        add(.get, "/v1/frames", query: ["interface"] + StreamsAPI.parameters, streams.all)
        add(.get, "/v1/interfaces/{name}/frames", query: StreamsAPI.parameters, streams.one)
        add(.get, "/v1/streams", needsCAN: false, streams.list)
        add(.get, "/v1/interfaces/{name}/latest", latest.list)
        add(.get, "/v1/interfaces/{name}/latest/{id}", query: ["extended"], latest.get)
        addLater(.post, "/v1/interfaces/{name}/frames", query: SendingAPI.parameters, sending.send)

        addLater(.post, "/v1/interfaces/{name}/isotp", isotp.exchange)
        addLater(.get, "/v1/interfaces/{name}/isotp", query: ISOTPAPI.parameters, isotp.open)

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
