import HTTP
import Testing

@Suite struct RouterTests {
    /// What a look-up found, comparable.
    private enum Found: Equatable {
        case action(String, [String: String])
        case methods([Method])
        case nothing
    }

    private let router: Router<String> = {
        var router = Router<String>()
        router.add(.get, "/", "root")
        router.add(.get, "/v1/interfaces", "list")
        router.add(.get, "/v1/interfaces/{name}", "one")
        router.add(.get, "/v1/interfaces/{name}/filters", "filters")
        router.add(.put, "/v1/interfaces/{name}/filters", "set filters")
        router.add(.delete, "/v1/interfaces/{name}/filters", "clear filters")
        router.add(.post, "/v1/interfaces/{name}/frames", "send")
        router.add(.get, "/v1/jobs/{id}/steps/{step}", "step")
        return router
    }()

    private func look(_ method: String, _ path: String...) -> Found {
        switch router.match(method, path) {
        case .found(let action, let parameters): .action(action, parameters)
        case .otherMethods(let methods): .methods(methods)
        case .notFound: .nothing
        }
    }

    @Test func aPathAndAMethodFindTheirAction() {
        #expect(look("GET", "v1", "interfaces") == .action("list", [:]))
        #expect(look("GET", "") == .action("root", [:]))
        #expect(look("PUT", "v1", "interfaces", "can0", "filters") == .action("set filters", ["name": "can0"]))
        #expect(look("DELETE", "v1", "interfaces", "can0", "filters") == .action("clear filters", ["name": "can0"]))
    }

    @Test func namesStandForOneSegmentEach() {
        #expect(look("GET", "v1", "interfaces", "a/b c") == .action("one", ["name": "a/b c"]))
        #expect(look("GET", "v1", "interfaces", "{name}") == .action("one", ["name": "{name}"]))
        #expect(look("GET", "v1", "jobs", "7", "steps", "2") == .action("step", ["id": "7", "step": "2"]))
    }

    @Test func headIsServedByGet() {
        #expect(look("HEAD", "v1", "interfaces") == .action("list", [:]))
        #expect(look("HEAD", "v1", "interfaces", "can0", "frames") == .methods([.post, .options]))
    }

    @Test(arguments: ["OPTIONS", "POST", "TRACE", "BREW", "get", ""])
    func otherMethodsAreToldWhichThereAre(method: String) {
        #expect(look(method, "v1", "interfaces") == .methods([.get, .head, .options]))
        #expect(
            look(method, "v1", "interfaces", "can0", "filters") == .methods([.get, .head, .put, .delete, .options]))
    }

    @Test func otherPathsAreNotThere() {
        #expect(look("GET") == .nothing)
        #expect(look("GET", "v1") == .nothing)
        #expect(look("GET", "V1", "interfaces") == .nothing)
        #expect(look("OPTIONS", "v2") == .nothing)
        #expect(look("GET", "v1", "interfaces", "can0", "filters", "x") == .nothing)
    }

    @Test func theActionThatWasAddedLastServes() {
        var router = Router<Int>()
        router.add(.get, "/a", 1)
        router.add(.get, "/a", 2)
        guard case .found(2, _) = router.match("GET", ["a"]) else {
            Issue.record("the first action is still there")
            return
        }
    }
}
