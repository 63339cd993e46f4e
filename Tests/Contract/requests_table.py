"""The requests that provoke every described answer, with the status that each must get."""
import json
from dataclasses import dataclass, field, replace

from description import OPERATIONS, SCHEMAS
from streams import HANDSHAKE
from world import ECU, ELSEWHERE, FAULTY, NOBODY, ONE_JOB, ONE_WATCH, PANEL

JSON, TEXT, FORM = "application/json", "text/plain", "application/x-www-form-urlencoded"
ON = {"name": "up72"}
JOB = {"id": "running"}
FRAME = '{"id":"123"}'
# The identifier of a frame that up72 and can0 have shown.
SHOWN = "123"
# What fills the path of an operation where nothing else is asked for.
DEFAULTS = {"name": "up72", "id": "running", "code": "interface-down"}
# What does so for single operations: no request shall do harm to what others need, however wrongly it is answered.
PATHS = {"deleteInterface": {"name": "spare72"}, "restartInterface": {"name": "can0"}, "renewJob": {"id": "leased"}}
# A query that an operation needs.
QUERIES = {"streamPDUs": "tx_id=7E0&rx_id=7E8"}
# A body that each operation with one takes.
BODIES = {
    "createInterface": '{"name":"made72","kind":"vcan"}', "patchInterface": '{"up":true}', "restartInterface": "{}",
    "sendFrames": FRAME, "putFilters": '{"filters":["0:0"]}', "createJob": json.dumps(ONE_JOB | {"start": False}),
    "patchJob": '{"interval_ms":60000}', "renewJob": "{}", "createWatch": json.dumps(ONE_WATCH),
    "exchangePDU": json.dumps(ECU | {"data": "22F190"}),
}
STREAMS = ("streamFrames", "streamInterfaceFrames")
# What is a WebSocket or nothing.
WEBSOCKETS = ("streamPDUs",)
SSE_AGAIN = {"Accept": "text/event-stream", "Last-Event-ID": "65540f80a1c2:7"}
# What is shown of a query parameter with others beside it, and with fields of the header.
COMPANIONS = {
    "rate": ({"mode": "latest"}, {}), "batch": ({}, HANDSHAKE), "confirm_ms": ({"confirm": "true"}, {}),
    "rx_address": ({"tx_address": "41"}, {}), "brs": ({"fd": "true"}, {}),
}
FORMATS = ("sse", "ndjson", "candump", "pcap")
SUBPROTOCOLS = ("can.json.v1", "can.binary+json.v1")


@dataclass(frozen=True)
class Row:
    """A request of an operation, and the status and code of its answer."""

    operation: str
    status: int
    code: str = None
    path: dict = field(default_factory=dict)
    query: str = ""
    body: str = None
    type: str = JSON
    headers: dict = field(default_factory=dict)
    # Which service it goes to.
    at: str = "main"
    # Whether the answer goes on as a stream.
    streams: bool = False

    @property
    def fields(self):
        return ({"Content-Type": self.type} if self.body is not None and self.type else {}) | self.headers

    def __str__(self):
        parts = [self.operation, str(self.status), self.at, *self.path.values(), self.query, (self.body or "")[:40]]
        return " ".join(part for part in parts + [" ".join(self.headers)] if part)


def ordinary(path):
    """The values that make a path of the document one of the service."""
    values = DEFAULTS
    if "/latest/" in path:
        values = values | {"id": SHOWN}
    elif path.startswith("/v1/watches/"):
        values = values | {"id": "watching"}
    return {name: value for name, value in values.items() if "{" + name + "}" in path}


def row(operation, status, code=None, path=None, **settings):
    path = ordinary(OPERATIONS[operation].path) | PATHS.get(operation, {}) | (path or {})
    usual = {"body": BODIES.get(operation), "query": QUERIES.get(operation, "")}
    return Row(operation, status, code, path=path, **usual | settings)


def everywhere(which, status, code, **settings):
    """The same for many operations."""
    return [row(operation, status, code, **settings) for operation in which]


GETS = [name for name, operation in OPERATIONS.items() if operation.method == "GET"]
OPTIONS = [name for name, operation in OPERATIONS.items() if operation.method == "OPTIONS"]
HEADS = {operation.path: name for name, operation in OPERATIONS.items() if operation.method == "HEAD"}
# Those that do something: neither HEAD, which follows from GET, nor OPTIONS.
DOING = [name for name, operation in OPERATIONS.items() if operation.method not in ("HEAD", "OPTIONS")]
NAMED = [name for name in DOING if "{name}" in OPERATIONS[name].path]
OF_JOB = [name for name in DOING if OPERATIONS[name].path.startswith("/v1/jobs/")]
OF_WATCH = [name for name in DOING if OPERATIONS[name].path.startswith("/v1/watches/")]
CONDITIONAL = ["getOpenAPIJSON", "getOpenAPIYAML", "getProblemPage"]
NEEDS_CAN = [name for name in DOING if "501" in OPERATIONS[name].item["responses"]]


def general():
    """What every operation, or every one of a sort, answers alike."""
    rows = everywhere(DOING, 400, "malformed-request", query="no_such=1")
    rows += everywhere([*DOING, *OPTIONS], 403, "origin-refused", headers={"Origin": ELSEWHERE})
    rows += everywhere(DOING, 403, "origin-refused", headers={"Host": "rebound.example"})
    rows += everywhere([*DOING, *OPTIONS], 400, "malformed-request", headers={"Host": None})
    rows += everywhere(NEEDS_CAN, 501, "not-supported", at="without-can")
    rows += everywhere(NAMED, 404, "interface-not-found", path={"name": "no-such"})
    rows += everywhere(NAMED, 422, "not-a-can-interface", path={"name": "lo"})
    rows += everywhere(OF_JOB, 404, "job-not-found", path={"id": "never"})
    rows += everywhere(OF_WATCH, 404, "watch-not-found", path={"id": "no-watch"})
    rows += everywhere(BODIES, 413, "body-too-large", body="", headers={"Content-Length": str((1 << 20) + 1)})
    rows += everywhere(BODIES, 415, "unsupported-media-type", type="application/xml")
    rows += everywhere(BODIES, 400, "malformed-request", body='{"id":')
    rows += everywhere(BODIES, 400, "malformed-request", body='{"no_such":1}')
    rows += everywhere(OPTIONS, 204, None)
    rows += everywhere(
        OPTIONS, 204, None,
        headers={"Origin": PANEL, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"})
    reading = [name for name in GETS if name not in (*STREAMS, *WEBSOCKETS)]
    rows += everywhere(reading, 200, None)
    rows += everywhere(reading, 200, None, headers={"Origin": PANEL})
    rows += everywhere(CONDITIONAL, 304, None, headers={"If-None-Match": "*"})
    return rows


def of_service():
    return [
        row("getHealth", 503, at="without-can"),
        row("getService", 200, at="without-can"),
        row("getMetrics", 200, at="without-can"),
        row("listStreams", 200, at="without-can"),
        row("getProblemPage", 404, "not-found", path={"code": "no-such"}),
        *(row("getProblemPage", 200, path={"code": code}) for code in SCHEMAS["Problem"]["properties"]["code"]["enum"]),
        *(row("getInterface", 200, path={"name": name}) for name in ("up16", "down72", "vcan0", "can0", "can1")),
    ]


def of_streams():
    rows = []
    for name in STREAMS:
        rows += [
            row(name, 101, headers=HANDSHAKE, streams=True),
            row(name, 101, headers=HANDSHAKE, query="batch=true&mode=latest&rate=0.1&events=frame", streams=True),
            row(name, 200, query="events=watch,load", streams=True),
            row(name, 200, streams=True),
            # As GET without an upgrade.
            row(HEADS[OPERATIONS[name].path], 200, headers=HANDSHAKE),
            *(row(name, 200, query=f"format={form}", streams=True) for form in FORMATS),
            row(name, 200, headers={"Accept": "text/event-stream", "Origin": PANEL}, streams=True),
            row(name, 200, headers={"Accept": "text/plain"}, streams=True),
            row(name, 200, headers={"Accept": "application/vnd.tcpdump.pcap"}, streams=True),
            *resuming(name),
            row(name, 204, query="count=1", headers=SSE_AGAIN),
            row(name, 204, query="for=1s&format=sse", headers={"Last-Event-ID": "65540f80a1c2:7"}),
            *(row(name, 400, "malformed-request", query=query) for query in (
                "count=0", "since=yesterday", "since=:1", "strict=yes", "events=", "events=frame,loads", "mode=all",
                "rate=10", "mode=latest&rate=0.09", "mode=latest&rate=101", "mode=latest&format=candump",
                "mode=latest&format=pcap", "batch=true", "format=websocket")),
            row(name, 400, "malformed-request", headers={"Last-Event-ID": "7"}),
            row(name, 400, "malformed-request", headers=HANDSHAKE | {"Sec-WebSocket-Key": "short"}),
            row(name, 406, "not-acceptable", headers={"Accept": "image/png"}),
            row(name, 422, "invalid-filter", query="filter=123:XYZ"),
            row(name, 426, "upgrade-required", headers=HANDSHAKE | {"Sec-WebSocket-Version": "12"}),
        ]
    return [
        *rows,
        *subprotocols(),
        row("streamFrames", 404, "interface-not-found", query="interface=no-such"),
        row("streamFrames", 422, "not-a-can-interface", query="interface=lo"),
    ]


def resuming(name):
    """From where a stream may begin, and what strict=true refuses. The epoch is that of another run."""
    before = {"Last-Event-ID": "65540f80a1c2:7"}
    return [
        *(row(name, 200, query=f"since={point}", streams=True) for point in ("all", "1.5m", "65540f80a1c2:7")),
        row(name, 200, query="since=all&strict=true", streams=True),
        row(name, 200, query="strict=true", headers={"Last-Event-ID": ""}, streams=True),
        row(name, 200, query="format=sse&count=1", headers={"Last-Event-ID": ""}, streams=True),
        row(name, 200, headers=before, streams=True),
        row(name, 410, "history-lost", query="since=65540f80a1c2:7&strict=true"),
        # It goes before since.
        row(name, 410, "history-lost", query="since=all&strict=true", headers=before),
        row(name, 410, "history-lost", query="since=65540f80a1c2:7&strict=true", headers=HANDSHAKE),
    ]


def subprotocols():
    name = "streamInterfaceFrames"
    offered = [HANDSHAKE | {"Sec-WebSocket-Protocol": each} for each in (*SUBPROTOCOLS, ", ".join(SUBPROTOCOLS))]
    return [
        *(row(name, 101, headers=fields, streams=True) for fields in offered),
        row(name, 101, headers=HANDSHAKE | {"Sec-WebSocket-Protocol": "chat"}, query="heartbeat=5", streams=True),
        row(name, 400, "malformed-request", headers=offered[0], query="heartbeat=5"),
        # There is none on all interfaces.
        row("streamFrames", 101, headers=offered[0], query="heartbeat=5", streams=True),
    ]


# What a WebSocket on up72 says, and is answered by an ack.
COMMANDS = [
    {"op": "ping"}, {"op": "ping", "ref": "x" * 64}, {"op": "pause", "ref": -1}, {"op": "resume", "ref": 0},
    {"op": "filter", "filters": ["123:7FF", "200~700", "#000000C0", "j"], "ref": 1}, {"op": "filter", "filters": []},
    {"op": "send", "frames": [{"id": "123"}, {"id": "18DAF110", "data": "00"}], "timeout_ms": 250.5, "ref": "two"},
    {"op": "send", "interface": "vcan0", "frames": [{"id": "123"}]},
    {"op": "send", "frames": [{"id": "123"}, {"id": "124"}], "confirm": True, "confirm_ms": 2000.5, "ref": "sure"},
    {"op": "job", "frames": [{"id": "123"}], "interval_ms": 60000, "lease_ms": 60000, "name": "owned", "ref": "mine"},
    {"op": "job", "interface": "vcan0", "frames": [{"id": "123"}], "interval_us": 1000, "start": False},
]
# What it says, and the code of the problem that it gets.
WRONG_COMMANDS = [
    ('{"op":', "malformed-request"), ("[]", "malformed-request"), ("{}", "malformed-request"),
    ({"op": "stop", "ref": 1}, "malformed-request"), ({"op": "ping", "no_such": 1, "ref": 2}, "malformed-request"),
    ({"op": "ping", "ref": 1.5}, "malformed-request"), ({"op": "filter", "filters": "123:7FF"}, "malformed-request"),
    ({"op": "filter", "filters": ["123:7FF", "123:XYZ"], "ref": 3}, "invalid-filter"),
    ({"op": "send", "frames": [{"id": "1"}, {"id": "800"}], "ref": "f"}, "invalid-frame"),
    ({"op": "send", "frames": []}, "invalid-frame"),
    ({"op": "send", "interface": "up16", "frames": [{"id": "1", "fd": True}]}, "invalid-frame"),
    ({"op": "send", "interface": "no-such", "frames": [{"id": "1"}]}, "interface-not-found"),
    ({"op": "send", "interface": "lo", "frames": [{"id": "1"}]}, "not-a-can-interface"),
    ({"op": "send", "interface": "down72", "frames": [{"id": "1"}]}, "interface-down"),
    ({"op": "send", "interface": "full72", "frames": [{"id": "1"}] * 400, "timeout_ms": 0}, "transmit-queue-full"),
    ({"op": "send", "frames": [{"id": "1"}], "confirm_ms": 10}, "malformed-request"),
    ({"op": "job", "frames": [{"id": "1"}], "interval_us": 99, "ref": 4}, "invalid-job"),
    ({"op": "job", "interval_ms": 10}, "invalid-job"),
    ({"op": "job", **ONE_JOB, "name": "running"}, "job-exists"),
    ({"op": "job", "interface": "down72", **ONE_JOB}, "interface-down"),
    ({"op": "job", **ONE_JOB, "dry_run": True}, "malformed-request"),
]


def of_latest():
    return [
        *(row("getLatest", 200, path={"id": each}) for each in ("18DAF110", "18daf110", "7FF", "456")),
        row("getLatest", 200, path={"id": "18DAF110"}, query="extended=true"),
        row("getLatest", 200, path={"id": "00000123"}, query="extended=false"),
        row("getLatest", 404, "not-found", path={"id": "7AA"}),
        row("getLatest", 404, "not-found", query="extended=true"),
        *(row("getLatest", 400, "malformed-request", path={"id": each}) for each in ("XYZ", "800", "1234", "20000000")),
        row("getLatest", 400, "malformed-request", path={"id": "1FFFFFFF"}, query="extended=false"),
        row("getLatest", 400, "malformed-request", query="extended=maybe"),
        row("listLatest", 200),
        row("listLatest", 200, path={"name": "down72"}),
        row("listLatest", 404, "interface-not-found", path={"name": "gone72"}),
    ]


def of_frames():
    too_long = json.dumps([{"id": "1", "fd": True, "data": "00" * 9}])
    return [
        row("sendFrames", 200),
        row("sendFrames", 200, body="123#00\n", type=TEXT),
        row("sendFrames", 200, body="123#00", type=FORM),
        row("sendFrames", 200, body="[" + FRAME + "]", type=""),
        row("sendFrames", 200, query="dry_run=true&timeout_ms=0.5"),
        row("sendFrames", 200, query="dry_run=true", path={"name": "down72"}),
        row("sendFrames", 200, query="confirm=true&confirm_ms=2500.5", body="123#00\n124#\n", type=TEXT),
        row("sendFrames", 200, query="confirm=true", path={"name": "can0"}),
        row("sendFrames", 200, query="confirm=true&dry_run=true", path={"name": "down72"}),
        row("sendFrames", 400, "malformed-request", query="timeout_ms=-1"),
        row("sendFrames", 400, "malformed-request", query="confirm_ms=10"),
        row("sendFrames", 400, "malformed-request", query="confirm=true&confirm_ms=0.5"),
        row("sendFrames", 409, "interface-down", query="confirm=true", path={"name": "down72"}),
        row("sendFrames", 403, "permission-denied", at="forbidden"),
        row("sendFrames", 409, "interface-down", path={"name": "down72"}),
        row("sendFrames", 422, "invalid-frame", body="[]"),
        row("sendFrames", 422, "invalid-frame", body=too_long),
        row("sendFrames", 422, "invalid-frame", body='{"id":"1","fd":true}', path={"name": "up16"}),
        row("sendFrames", 503, "transmit-queue-full", path={"name": "full72"}, query="timeout_ms=0", type=TEXT,
            body="123#\n" * 400),
    ]


def of_filters():
    one = {"id": "123", "mask": "7FF", "extended": False, "invert": True, "rtr": False}
    return [
        row("putFilters", 200, body=json.dumps({"filters": [one], "join": True, "errors": ["bus-off"]})),
        row("getFilters", 200),
        row("getInterface", 200),
        row("putFilters", 200, body='{"filters":[]}', type=FORM),
        row("putFilters", 422, "invalid-filter", body='{"filters":["123"]}'),
        row("putFilters", 422, "invalid-filter", body=json.dumps({"filters": ["1:1"] * 513})),
        row("deleteFilters", 204),
    ]


def of_interfaces():
    """In this order. Whatever is made is removed again, and can0 and can1 are as before."""
    def make(status, code=None, **members):
        return row("createInterface", status, code, body=json.dumps({"name": "made72", "kind": "vcan"} | members))

    return [
        unprivileged(make(403, "permission-denied")),
        make(201, mtu=72, txqueuelen=500, up=True),
        row("getInterface", 200, path={"name": "made72"}),
        row("createInterface", 201, body='{"name":"made16","kind":"vcan","mtu":16}', type=FORM),
        make(201, name="end8", kind="vxcan", peer="end9", up=True),
        row("getInterface", 200, path={"name": "end9"}),
        make(409, "interface-exists"),
        make(409, "interface-exists", name="lo"),
        make(409, "interface-exists", name="end7", kind="vxcan", peer="end9"),
        *(make(422, "invalid-interface-setting", **wrong) for wrong in (
            {"kind": "can"}, {"kind": "vxcan"}, {"kind": "vxcan", "peer": "made72"}, {"peer": "end7"}, {"name": ""},
            {"name": "sixteencharacter"}, {"name": ".."}, {"name": "a b"}, {"name": "a/b"}, {"name": "a:b"},
            {"name": "a%d"}, {"name": "new72", "mtu": 17}, {"name": "new72", "mtu": 2061},
            {"name": "new72", "txqueuelen": -1}, {"name": "new72", "txqueuelen": 1000001})),
        row("createInterface", 422, "invalid-interface-setting", body='{"name":"new72"}'),
        row("createInterface", 422, "invalid-interface-setting", body='{"kind":"vcan"}'),
        *of_virtual_interfaces(),
        *of_controllers(),
        *(row("deleteInterface", 204, path={"name": name}) for name in ("made72", "made16", "end8")),
        row("deleteInterface", 404, "interface-not-found", path={"name": "end9"}),
    ]


def unprivileged(request):
    """The same to a service that lacks CAP_NET_ADMIN."""
    return replace(request, at="unprivileged")


def change(interface, status, code=None, **members):
    return row("patchInterface", status, code, path={"name": interface}, body=json.dumps(members))


def of_virtual_interfaces():
    """On those that were made."""
    return [
        change("made72", 200, txqueuelen=1001),
        # What is so already is no change.
        change("made72", 200, up=True, mtu=72, txqueuelen=1001),
        change("made16", 200, mtu=72),
        change("made72", 409, "interface-busy", mtu=16),
        change("made72", 200, mtu=16, cycle=True),
        change("made72", 200, mtu=72, up=False),
        row("patchInterface", 200, path={"name": "made72"}, body='{"up":true}', type=FORM),
        *(change("made72", 422, "invalid-interface-setting", **wrong) for wrong in (
            {}, {"cycle": True}, {"modes": {}}, {"mtu": 17}, {"txqueuelen": -1}, {"bitrate": 0}, {"sample_point": 1},
            {"restart_ms": -1}, {"termination_ohm": 65536})),
        *(change("made72", 400, "malformed-request", **wrong) for wrong in (
            {"up": None}, {"modes": {"quiet": True}}, {"bit_timing": {"tseg": 1}}, {"mtu": "72"})),
        *(change("made72", 501, "not-supported", **lacking) for lacking in (
            {"bitrate": 500000}, {"modes": {"listen_only": True}}, {"restart_ms": 100}, {"termination_ohm": 120})),
        row("restartInterface", 501, "not-supported", path={"name": "made72"}),
        unprivileged(change("made72", 403, "permission-denied", txqueuelen=1002)),
        # What changes nothing needs nothing.
        unprivileged(change("made72", 200, txqueuelen=1001)),
        unprivileged(row("deleteInterface", 403, "permission-denied", path={"name": "made72"})),
    ]


def of_controllers():
    timing = {"brp": 1, "prop_seg": 6, "phase_seg1": 7, "phase_seg2": 2}
    return [
        row("deleteInterface", 422, "invalid-interface-setting", path={"name": "can0"}),
        change("can0", 409, "interface-busy", bitrate=250000),
        change("can0", 200, restart_ms=100, cycle=True),
        row("restartInterface", 422, "invalid-interface-setting"),
        change("can0", 200, restart_ms=0, cycle=True),
        # It is not in bus-off.
        row("restartInterface", 422, "invalid-interface-setting"),
        row("restartInterface", 422, "invalid-interface-setting", body=None),
        change("can0", 200, bit_timing=timing, cycle=True),
        *(change("can0", 422, "invalid-interface-setting", **wrong) for wrong in (
            {"bitrate": 500000, "bit_timing": timing}, {"bit_timing": timing | {"tq": 125}},
            {"bit_timing": {"prop_seg": 6, "phase_seg1": 7, "phase_seg2": 2}},
            {"bit_timing": timing | {"phase_seg2": 9}, "cycle": True}, {"bitrate": 500000, "sample_point": 0},
            # No timing reaches that: the old ones are back.
            {"bitrate": 1, "cycle": True})),
        *(change("can0", 501, "not-supported", **lacking) for lacking in (
            {"modes": {"fd": True}, "cycle": True}, {"data_bitrate": 2000000, "cycle": True},
            {"termination_ohm": 120})),
        change("can1", 200, up=False),
        row("restartInterface", 409, "interface-down", path={"name": "can1"}),
        change("can1", 200, up=True),
    ]


def of_unconfirmed():
    """Where what is sent goes nowhere: the controller only listens."""
    return [
        row("sendFrames", 504, "transmit-unconfirmed", path={"name": "can1"}, query="confirm=true&confirm_ms=200",
            body="123#\n124#\n", type=TEXT),
    ]


def at_confirmations_limit():
    return [
        row("sendFrames", 429, "too-many-requests", path={"name": "can1"}, query="confirm=true&confirm_ms=1",
            at="limited"),
    ]


def of_watches():
    """In this order: the last one deletes all watches."""
    def make(status, code=None, interface="up72", **members):
        return row("createWatch", status, code, path={"name": interface}, body=json.dumps(ONE_WATCH | members))

    kinds = [{"value": "01"}, {"value": "02", "mask": "0000ff"}]
    return [
        row("createWatch", 201),
        row("createWatch", 201, body='{"id":"5A1"}', type=FORM),
        make(201, id="18DAF110", mask="ff00", timeout_ms=0.5, throttle_ms=34560000000, check_dlc=True),
        make(201, id=0x5A2, extended=False, fd=True, mask="01" * 64),
        make(201, mask="FF", mux=kinds),
        make(201, id="5A3", reply={"id": "5A3", "data": "00"}),
        make(201, interface="down72", timeout_ms=60000),
        row("listWatches", 200),
        row("listInterfaceWatches", 200, path={"name": "down72"}),
        *(make(422, "invalid-watch", **wrong) for wrong in (
            {"id": "800"}, {"id": "1234"}, {"mask": ""}, {"mask": "FF" * 9}, {"mask": "0"}, {"mux": kinds},
            {"mask": "FF", "mux": []}, {"mask": "FF", "mux": [{"value": "0102"}]},
            {"mask": "FFFF", "mux": [{"value": f"{number:04X}"} for number in range(257)]},
            {"mask": "FF", "mux": [{"value": "01"}, {"value": "0100"}]}, {"timeout_ms": 0}, {"throttle_ms": 34560000001},
            {"reply": {"id": "123"}, "mask": "FF"}, {"reply": {"id": "123", "rtr": True}}, {"reply": {"id": "800"}},
            {"reply": {"id": "123"}, "timeout_ms": 10})),
        make(422, "invalid-watch", interface="up16", fd=True),
        row("createWatch", 422, "invalid-watch", body="{}"),
        make(400, "malformed-request", mask=255),
        make(400, "malformed-request", mask="FF", mux=[{"value": "01", "name": "x"}]),
        row("deleteWatch", 204, path={"id": "to-forget"}),
        row("deleteWatches", 204),
        row("getWatch", 404, "watch-not-found"),
    ]


def of_isotp():
    """While somebody answers requests to ECU and breaks the protocol on FAULTY."""
    def exchange(status, code=None, interface="up72", **members):
        body = json.dumps(ECU | {"data": "22F190"} | members)
        return row("exchangePDU", status, code, path={"name": interface}, body=body)

    def broadcast(status, code=None, **members):
        body = {"tx_id": "7DF", "functional": True, "response": False, "data": "3E80"} | members
        return row("exchangePDU", status, code, body=json.dumps(body))

    return [
        exchange(200),
        row("exchangePDU", 200, body=json.dumps(ECU | {"data": "3e00"}), type=FORM),
        exchange(200, data="22" + "00" * 100, block_size=4, st_min_us=100, timeout_ms=5000),
        exchange(200, data="19", pending=True, max_wait_ms=5000, timeout_ms=2000.5),
        exchange(200, response=False),
        exchange(200, rx_id=0x7E8, extended=False, tx_padding="CC"),
        broadcast(200),
        broadcast(200, tx_padding=204, fd=True, brs=True, tx_data_length=16, data="00" * 14),
        exchange(409, "interface-down", interface="down72"),
        *(exchange(422, "invalid-isotp", **wrong) for wrong in (
            {"rx_id": "7E0"}, {"tx_id": "800"}, {"tx_id": "1234"}, {"data": ""}, {"data": "0"}, {"data": "00" * 70000},
            {"rx_address": 1}, {"tx_address": 256}, {"tx_padding": "1"}, {"block_size": 256}, {"st_min_us": 950},
            {"st_min_us": 128000}, {"brs": True}, {"tx_data_length": 64}, {"fd": True, "tx_data_length": 9},
            {"timeout_ms": 0}, {"timeout_ms": 60001}, {"max_wait_ms": 2000},
            {"pending": True, "max_wait_ms": 600001}, {"pending": True, "response": False}, {"fc_id": "7E1"})),
        exchange(422, "invalid-isotp", interface="up16", fd=True),
        broadcast(422, "invalid-isotp", data="00" * 8),
        broadcast(422, "invalid-isotp", response=True),
        row("exchangePDU", 422, "invalid-isotp", body='{"tx_id":"7E0","rx_id":"7E8"}'),
        row("exchangePDU", 422, "invalid-isotp", body='{"rx_id":"7E8","data":"00"}'),
        row("exchangePDU", 422, "invalid-isotp", body='{"tx_id":"7E0","data":"00"}'),
        exchange(400, "malformed-request", response="no"),
        exchange(400, "malformed-request", st_min_us=100.5),
        # A wrong sequence number, and no room.
        exchange(502, "isotp-error", **FAULTY),
        exchange(502, "isotp-error", **FAULTY, data="00" * 20),
        # No answer, and no flow control.
        exchange(504, "isotp-timeout", **NOBODY, timeout_ms=50),
        exchange(504, "isotp-timeout", **NOBODY, data="00" * 20, timeout_ms=5000),
        # It stays 7F 19 78.
        exchange(504, "isotp-timeout", data="1978", pending=True, timeout_ms=100, max_wait_ms=300),
        *of_isotp_streams(),
    ]


def of_isotp_streams():
    name, opened = "streamPDUs", {"headers": HANDSHAKE, "streams": True}
    return [
        row(name, 101, **opened),
        row(name, 101, path={"name": "down72"}, **opened),
        row(name, 101, query="tx_id=18DA10F1&rx_id=18DAF110&tx_address=41&rx_address=F1&tx_padding=CC&timeout_ms=2.5&"
            "block_size=8&st_min_us=5000&fd=true&brs=true&tx_data_length=64&rx_padding=AA&binary=true", **opened),
        row(name, 426, "upgrade-required"),
        row(name, 426, "upgrade-required", headers=HANDSHAKE | {"Sec-WebSocket-Version": "12"}),
        row(name, 400, "malformed-request", headers=HANDSHAKE | {"Sec-WebSocket-Key": "short"}),
        *(row(name, 400, "malformed-request", query=f"tx_id=7E0&rx_id=7E8&{query}", headers=HANDSHAKE) for query in (
            "extended=maybe", "block_size=x", "timeout_ms=1e3", "binary=1", "response=true", "tx_id=7E0")),
        *(row(name, 422, "invalid-isotp", query=query, headers=HANDSHAKE) for query in (
            "", "tx_id=7E0", "rx_id=7E8", "tx_id=7E0&rx_id=7E0", "tx_id=800&rx_id=7E8",
            "tx_id=7E0&rx_id=7E8&rx_address=F1", "tx_id=7E0&rx_id=7E8&st_min_us=950",
            "tx_id=7E0&rx_id=7E8&block_size=256", "tx_id=7E0&rx_id=7E8&brs=true", "tx_id=7E0&rx_id=7E8&timeout_ms=0")),
    ]


# What a WebSocket of messages to ECU says, and is answered by an ack.
PDUS = [{"data": "22F190"}, {"data": "3e00", "ref": "lower case"}, {"data": "22" + "00" * 300, "ref": 7}]
# What it says, and the code of the problem that it gets.
WRONG_PDUS = [
    ('{"data":', "malformed-request"), ("[]", "malformed-request"), ({"data": 1, "ref": 1}, "malformed-request"),
    ({"data": "00", "op": "send"}, "malformed-request"), ({"data": "00", "ref": 1.5}, "malformed-request"),
    ({"ref": 2}, "invalid-isotp"), ({"data": "", "ref": 3}, "invalid-isotp"), ({"data": "0"}, "invalid-isotp"),
]


def of_jobs():
    """In this order: the last one deletes all jobs."""
    classic = [{"id": "123", "rtr": True, "length": 4}, {"id": "18DAF110", "data": "0011223344556677", "dlc": 12}]
    flexible = [{"id": "123", "fd": True, "brs": True, "esi": True, "data": "00"}]
    off = {"start": False}
    return [
        row("createJob", 201),
        row("createJob", 201, body=json.dumps({"frames": classic, "interval_us": 2000, "name": "classic"} | off)),
        row("createJob", 201, body=json.dumps({
            "frames": flexible, "initial_interval_ms": 1, "count": 2, "duration_ms": 60000, "resume": True} | off)),
        row("createJob", 201, body=json.dumps(ONE_JOB | {"lease_ms": 34560000000} | off)),
        row("createJob", 409, "job-exists", body=json.dumps(ONE_JOB | {"name": "running"})),
        row("createJob", 409, "interface-down", path={"name": "down72"}, body=json.dumps(ONE_JOB)),
        row("createJob", 422, "invalid-job", body='{"frames":[{"id":"123"}],"interval_us":99}'),
        row("createJob", 422, "invalid-job", body='{"frames":[{"id":"1"},{"id":"800"}],"interval_ms":1}'),
        row("createJob", 422, "invalid-job", body=json.dumps(ONE_JOB | {"lease_ms": 9.9})),
        row("createJob", 422, "invalid-job", body=json.dumps(ONE_JOB | {"lease_ms": 34560000001})),
        row("patchJob", 400, "malformed-request", body='{"lease_ms":100}'),
        row("renewJob", 200),
        row("renewJob", 200, body=None),
        row("getJob", 200, path={"id": "leased"}),
        row("renewJob", 422, "invalid-job", path={"id": "running"}),
        row("patchJob", 200, body='{"state":"stopped"}', path={"id": "leased"}),
        row("renewJob", 422, "invalid-job"),
        row("patchJob", 200),
        row("patchJob", 200, body='{"state":"running"}', path={"id": "stopped"}),
        row("patchJob", 200, body='{"state":"stopped"}', path={"id": "stopped"}, type=FORM),
        row("patchJob", 404, "interface-not-found", body='{"state":"running"}', path={"id": "on-gone"}),
        row("patchJob", 409, "interface-down", body='{"state":"running"}', path={"id": "on-down"}),
        row("patchJob", 422, "invalid-job", body="{}"),
        row("listJobs", 200),
        row("deleteJob", 204, path={"id": "to-delete"}),
        row("deleteJobs", 204),
        row("getJob", 404, "job-not-found"),
    ]


def failing():
    """While the service can open nothing."""
    return [
        row("listInterfaces", 500, "internal", at="limited"),
        row("getInterface", 500, "internal", at="limited"),
        row("sendFrames", 500, "internal", at="limited", path={"name": "fresh72"}),
        row("createJob", 500, "internal", at="limited", path={"name": "fresh72"}, body=json.dumps(ONE_JOB)),
        row("patchJob", 500, "internal", at="limited", path={"id": "unstarted"}, body='{"state":"running"}'),
        row("createInterface", 500, "internal", at="limited"),
        row("patchInterface", 500, "internal", at="limited", path={"name": "fresh72"}, body='{"txqueuelen":7}'),
        row("deleteInterface", 500, "internal", at="limited"),
        row("createWatch", 500, "internal", at="limited", path={"name": "fresh72"}),
        row("exchangePDU", 500, "internal", at="limited", path={"name": "fresh72"}),
        row("streamPDUs", 500, "internal", at="limited", path={"name": "fresh72"}, headers=HANDSHAKE),
    ]


def at_streams_limit():
    rows = everywhere(STREAMS, 429, "too-many-streams", at="limited")
    return [*rows, row("streamPDUs", 429, "too-many-streams", at="limited", headers=HANDSHAKE)]


def at_jobs_limit():
    return [row("createJob", 429, "too-many-requests", at="limited")]


def at_watches_limit():
    return [row("createWatch", 429, "too-many-requests", at="limited")]


def at_exchanges_limit():
    return [row("exchangePDU", 429, "too-many-requests", at="limited")]


def while_ending():
    refused = [name for name in (*DOING, *OPTIONS) if name != "getHealth"]
    return [*everywhere(refused, 503, "shutting-down", at="ending"), row("getHealth", 503, at="ending")]


def with_heads(rows):
    """The rows, and after each GET the same HEAD, which is answered alike but for what an upgrade does."""
    for each in rows:
        yield each
        head = HEADS.get(OPERATIONS[each.operation].path)
        if OPERATIONS[each.operation].method == "GET" and "Upgrade" not in each.headers and each.status != 429:
            yield replace(each, operation=head, streams=False)
