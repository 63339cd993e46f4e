internal import HTTP

/// The documents that do not change while the service runs: the front page, the API description, the problem pages.
struct DocumentsAPI {
    private let yaml = Document("application/yaml", OpenAPIDocuments.yaml)
    private let json = Document(MediaType.json, OpenAPIDocuments.json)

    func openAPIAsYAML(_ call: Call) -> Answer { yaml.answer(call) }

    func openAPIAsJSON(_ call: Call) -> Answer { json.answer(call) }

    func index(_ call: Call) -> Answer {
        let body = """
            <p>This machine's CAN buses over HTTP. Read more of it:</p>
            <ul>
            <li><a href="/v1">/v1</a>, the service</li>
            <li><a href="/v1/interfaces">/v1/interfaces</a>, the CAN interfaces</li>
            <li><a href="/v1/frames">/v1/frames</a>, what is on the buses, as it comes</li>
            <li><a href="/v1/jobs">/v1/jobs</a>, what is sent periodically</li>
            <li><a href="/v1/watches">/v1/watches</a>, what is watched for changes and for silence</li>
            <li><a href="/openapi.yaml">/openapi.yaml</a>, all of the API</li>
            </ul>
            """
        return .response(Response(200, type: Self.html, body: Self.page("canhttpd", body)))
    }

    func problem(_ call: Call) throws(Problem) -> Answer {
        guard let code = ProblemCode(rawValue: call["code"]) else {
            throw Problem(.notFound, "there is no problem '\(call["code"])'")
        }
        let body =
            "<p><code>\(code.rawValue)</code>, status \(code.status.code)</p>\n<p>\(Self.escaped(code.advice))</p>"
        return Document(Self.html, Self.page(code.title, body)).answer(call)
    }

    private static let html = "text/html; charset=utf-8"

    private static func page(_ title: String, _ body: String) -> [UInt8] {
        let page = """
            <!DOCTYPE html>
            <html lang="en">
            <meta charset="utf-8">
            <title>\(title)</title>
            <h1>\(title)</h1>
            \(body)
            </html>

            """
        return Array(page.utf8)
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.append(character)
            }
        }
    }
}

/// A document that is asked for again only when it has changed (RFC 9110, section 13).
private struct Document {
    let type: String
    let body: [UInt8]
    let tag: String

    init(_ type: String, _ body: [UInt8]) {
        self.type = type
        self.body = body
        // FNV-1a: a name for the content, not a protection.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in body { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        tag = "\"\(String(hash, radix: 16))\""
    }

    func answer(_ call: Call) -> Answer {
        let headers: Headers = ["ETag": tag, "Cache-Control": "no-cache"]
        let known = call.request.headers["If-None-Match"] ?? ""
        if known == "*" || known.split(separator: ",").contains(where: { $0.contains(tag) }) {
            return .response(Response(304, headers: headers))
        }
        var response = Response(200, type: type, body: body)
        for field in headers.fields { response.headers.add(field.name, field.value) }
        return .response(response)
    }
}
