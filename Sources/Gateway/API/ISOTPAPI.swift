internal import CAN
internal import HTTP
internal import JSON
internal import SocketCAN

/// `/v1/interfaces/{name}/isotp`.
struct ISOTPAPI {
    let interfaces: Interfaces
    let streams: StreamHub
    let isotp: ISOTPHub

    /// `POST`: sends a PDU and answers with the answer to it.
    func exchange(_ call: Call, on interface: Interface, _ reply: @escaping API.Reply) throws(Problem) {
        let request = try ISOTPRequest(call.json(), for: interface, longestPDU: longestPDU())
        let isPending = request.longestWait != nil
        let count = request.data.count
        try isotp.begin(request, on: interface) { result in
            reply(
                result.map { outcome in
                    let elapsed = JSONValue.real(milliseconds(ofNanoseconds: outcome.elapsed))
                    guard let response = outcome.response else {
                        return .json(["sent": .integer(count), "elapsed_ms": elapsed])
                    }
                    return .json(
                        .members([
                            "data": .string(Hex.text(response)), "elapsed_ms": elapsed,
                            "pending": isPending ? .integer(outcome.pending) : JSONValue?.none,
                        ]))
                })
        }
    }

    /// The parameters of the WebSocket's query.
    static let parameters = ISOTPLink.fields + ["binary"]

    /// `GET`: a WebSocket of PDUs.
    func open(_ call: Call, on interface: Interface, _ reply: @escaping API.Reply) throws(Problem) {
        guard WebSocket.isRequested(by: call.request), call.request.method == Method.get.rawValue else {
            throw Problem(
                .upgradeRequired, "PDUs come over a WebSocket only; the request has no Upgrade: websocket",
                field: "Upgrade", allowed: ["websocket"],
                headers: ["Sec-WebSocket-Version": "13", "Upgrade": "websocket"])
        }
        let longestPDU = try longestPDU()
        let link = try ISOTPLink(call.query, for: interface)
        let isBinary = try call.query.boolean("binary") ?? false
        let headers = try WebSocket.accept(call.request)
        try streams.checkRoom()
        try isotp.checkRoom()
        let context = ISOTPStream.Context(streams: streams, interfaces: interfaces, isotp: isotp)
        let stream = ISOTPStream(
            context, link, on: interface, longestPDU: longestPDU, isBinary: isBinary, peer: call.request.peer)
        stream.open { problem in
            reply(problem.map { .failure($0) } ?? .success(.webSocket(headers, stream)))
        }
    }

    private func longestPDU() throws(Problem) -> Int {
        guard let longest = isotp.longestPDU else {
            throw Problem(
                .notSupported, "this kernel has no ISO-TP (modprobe can_isotp, or CONFIG_CAN_ISOTP)",
                errno: "EPROTONOSUPPORT")
        }
        return longest
    }
}
