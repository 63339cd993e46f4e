"""The requests that provoke every described answer, with the status that each must get."""
import json
from dataclasses import dataclass, field, replace

from description import OPERATIONS, SCHEMAS
from streams import HANDSHAKE
from world import ELSEWHERE, ONE_JOB, PANEL

JSON, TEXT, FORM = "application/json", "text/plain", "application/x-www-form-urlencoded"
ON = {"name": "up72"}
JOB = {"id": "running"}
FRAME = '{"id":"123"}'
# The identifier of a frame that up72 and can0 have shown.
SHOWN = "123"
# What fills the path of an operation where nothing else is asked for.
DEFAULTS = {"name": "up72", "id": "running", "code": "interface-down"}
# A body that each operation with one takes.
BODIES = {
    "sendFrames": FRAME, "putFilters": '{"filters":["0:0"]}', "createJob": json.dumps(ONE_JOB | {"start": False}),
    "patchJob": '{"interval_ms":60000}',
}
STREAMS = ("streamFrames", "streamInterfaceFrames")
SSE_AGAIN = {"Accept": "text/event-stream", "Last-Event-ID": "65540f80a1c2:7"}
# What is shown of a query parameter with others beside it, and with fields of the header.
COMPANIONS = {"rate": ({"mode": "latest"}, {}), "batch": ({}, HANDSHAKE)}
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
    values = DEFAULTS | ({"id": SHOWN} if "/latest/" in path else {})
    return {name: value for name, value in values.items() if "{" + name + "}" in path}


def row(operation, status, code=None, path=None, **settings):
    path = ordinary(OPERATIONS[operation].path) | (path or {})
    return Row(operation, status, code, path=path, **{"body": BODIES.get(operation)} | settings)


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
    rows += everywhere(BODIES, 413, "body-too-large", body="", headers={"Content-Length": str((1 << 20) + 1)})
    rows += everywhere(BODIES, 415, "unsupported-media-type", type="application/xml")
    rows += everywhere(BODIES, 400, "malformed-request", body='{"id":')
    rows += everywhere(BODIES, 400, "malformed-request", body='{"no_such":1}')
    rows += everywhere(OPTIONS, 204, None)
    rows += everywhere(
        OPTIONS, 204, None,
        headers={"Origin": PANEL, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"})
    reading = [name for name in GETS if name not in STREAMS]
    rows += everywhere(reading, 200, None)
    rows += everywhere(reading, 200, None, headers={"Origin": PANEL})
    rows += everywhere(CONDITIONAL, 304, None, headers={"If-None-Match": "*"})
    return rows


def of_service():
    return [
        row("getHealth", 503, at="without-can"),
        row("getService", 200, at="without-can"),
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
                "count=0", "since=yesterday", "since=:1", "strict=yes", "events=", "events=frame,frames", "mode=all",
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
        row("sendFrames", 400, "malformed-request", query="timeout_ms=-1"),
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
        row("createJob", 409, "job-exists", body=json.dumps(ONE_JOB | {"name": "running"})),
        row("createJob", 409, "interface-down", path={"name": "down72"}, body=json.dumps(ONE_JOB)),
        row("createJob", 422, "invalid-job", body='{"frames":[{"id":"123"}],"interval_us":99}'),
        row("createJob", 422, "invalid-job", body='{"frames":[{"id":"1"},{"id":"800"}],"interval_ms":1}'),
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
    ]


def at_streams_limit():
    return everywhere(STREAMS, 429, "too-many-streams", at="limited")


def at_jobs_limit():
    return [row("createJob", 429, "too-many-requests", at="limited")]


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
