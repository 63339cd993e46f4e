import HTTP
import Testing

@Suite struct RequestTargetTests {
    @Test(arguments: [
        ("/", [""]), ("/v1", ["v1"]), ("/v1/", ["v1", ""]), ("/v1/interfaces/can0", ["v1", "interfaces", "can0"]),
        ("/a%2Fb/c", ["a/b", "c"]), ("//", ["", ""]), ("/a+b", ["a+b"]), ("/..", [".."]), ("/%C3%A4", ["ä"]),
    ])
    func thePathIsSplitBeforeItIsDecoded(target: String, path: [String]) throws {
        let parsed = try #require(RequestTarget(target))
        #expect(parsed.path == path)
        #expect(parsed.query.isEmpty)
    }

    @Test(
        arguments: [
            ("/?", []), ("/?a=1", [("a", "1")]), ("/?a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]),
            ("/?filter=123:7FF,%2300000040", [("filter", "123:7FF,#00000040")]), ("/?a", [("a", "")]),
            ("/?a=", [("a", "")]),
            ("/?=1", [("", "1")]), ("/?a=b=c", [("a", "b=c")]), ("/?&&a=1&", [("a", "1")]),
            ("/?a=x+y%26z", [("a", "x y&z")]),
            ("/?a=1?b=2", [("a", "1?b=2")]), ("/?%61%3D=1", [("a=", "1")]), ("/?a=/", [("a", "/")]),
        ] as [(String, [(String, String)])])
    func theQueryKeepsItsOrder(target: String, query: [(String, String)]) throws {
        let parsed = try #require(RequestTarget(target))
        #expect(parsed.path == [""])
        #expect(parsed.query.map(\.name) == query.map(\.0))
        #expect(parsed.query.map(\.value) == query.map(\.1))
    }

    @Test(arguments: ["", "v1", "*", "http://localhost/v1", "?a=1", "/%", "/a/%FF", "/?a=%", "/?%G=1", "/?a=%FF"])
    func whatIsNoTargetIsRefused(target: String) {
        #expect(RequestTarget(target) == nil)
    }
}
