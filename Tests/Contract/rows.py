"""A request with the answer that it must get, and what the tables of such rows are made of."""
import json
from dataclasses import dataclass, field, replace

from description import OPERATIONS
from world import ECU, ONE_JOB, ONE_WATCH

JSON, TEXT, FORM = "application/json", "text/plain", "application/x-www-form-urlencoded"
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
SUBPROTOCOLS = ("can.json.v1", "can.binary+json.v1")
OPTIONS = [name for name, operation in OPERATIONS.items() if operation.method == "OPTIONS"]
HEADS = {operation.path: name for name, operation in OPERATIONS.items() if operation.method == "HEAD"}
# Those that do something: neither HEAD, which follows from GET, nor OPTIONS.
DOING = [name for name, operation in OPERATIONS.items() if operation.method not in ("HEAD", "OPTIONS")]


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


def with_heads(rows):
    """The rows, and after each GET the same HEAD, which is answered alike but for what an upgrade does."""
    for each in rows:
        yield each
        head = HEADS.get(OPERATIONS[each.operation].path)
        if OPERATIONS[each.operation].method == "GET" and "Upgrade" not in each.headers and each.status != 429:
            yield replace(each, operation=head, streams=False)
