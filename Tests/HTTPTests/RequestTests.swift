import HTTP
import Testing

@Suite struct RequestTests {
    @Test(
        arguments: [
            ("application/json", "application/json"), ("Application/JSON; charset=utf-8", "application/json"),
            (" text/plain ;q=1", "text/plain"), ("", ""), (nil, nil),
        ] as [(String?, String?)])
    func theContentTypeHasNoParameters(field: String?, type: String?) {
        var request = Request(method: "POST", path: [])
        request.headers["Content-Type"] = field
        #expect(request.contentType == type)
    }

    @Test func aResponseOfATypeSaysSo() {
        let response = Response(200, type: MediaType.json, body: [1])
        #expect(response.headers == ["Content-Type": "application/json"])
        #expect(response.status.code == 200)
        #expect(response.body == [1])
    }
}
