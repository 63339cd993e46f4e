"""Requests for frames as a stream, for the newest ones, to send some, and to filter them."""
import json

from description import OPERATIONS
from rows import FORM, FRAME, HEADS, STREAMS, SUBPROTOCOLS, TEXT, row
from service import PANEL
from streams import HANDSHAKE

FORMATS = ("sse", "ndjson", "candump", "pcap")
SSE_AGAIN = {"Accept": "text/event-stream", "Last-Event-ID": "65540f80a1c2:7"}


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


def of_unconfirmed():
    """Where what is sent goes nowhere: the controller only listens."""
    return [
        row("sendFrames", 504, "transmit-unconfirmed", path={"name": "can1"}, query="confirm=true&confirm_ms=200",
            body="123#\n124#\n", type=TEXT),
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
