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
    func exchange(_ call: Call, _ reply: @escaping API.Reply) throws(Problem) {
        _ = try call.query()
        let interface = try interfaces.interface(named: call["name"])
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

    /// `GET`: a WebSocket of PDUs.
    func open(_ call: Call) throws(Problem) -> Answer {
        let query = try call.query(ISOTPLink.fields + ["binary"])
        let interface = try interfaces.interface(named: call["name"])
        guard WebSocket.isRequested(by: call.request), call.request.method == Method.get.rawValue else {
            throw Problem(
                .upgradeRequired, "PDUs come over a WebSocket only; the request has no Upgrade: websocket",
                field: "Upgrade", allowed: ["websocket"],
                headers: ["Sec-WebSocket-Version": "13", "Upgrade": "websocket"])
        }
        let longestPDU = try longestPDU()
        let link = try ISOTPLink(query, for: interface)
        let isBinary = try query.boolean("binary") ?? false
        let headers = try WebSocket.accept(call.request)
        try streams.checkRoom()
        try isotp.checkRoom()
        let context = ISOTPStream.Context(streams: streams, interfaces: interfaces, isotp: isotp)
        return .webSocket(
            headers,
            try ISOTPStream(
                context, link, on: interface, longestPDU: longestPDU, isBinary: isBinary, peer: call.request.peer))
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
