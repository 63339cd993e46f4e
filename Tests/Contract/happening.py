"""Everything that streams show, made to happen once."""
import json

from rows import row
from service import asleep
from traffic import send_numbered
from transports import following
from witnesses import ERROR, RawSocket, ip
from world import make

# The identifier of the frame that ends what is followed in all forms.
LAST = 0x7FD
# Error frames with everything that they can say: the classes that have bytes of their own, and these bytes.
LOST_ARBITRATION, CONTROLLER, PROTOCOL, TRANSCEIVER = 0x2, 0x4, 0x8, 0x10
LOCATIONS = (
    0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x11, 0x12, 0x13, 0x16, 0x17, 0x18,
    0x19, 0x1A, 0x1B)
ERRORS = [
    (LOST_ARBITRATION, [5]), (CONTROLLER, [0, 0x7F]), (PROTOCOL, [0, 0, 0xFF]),
    *((PROTOCOL, [0, 0, 0x04, location]) for location in LOCATIONS),
    *((TRANSCEIVER, [0, 0, 0, 0, wires]) for wires in (0x04, 0x05, 0x06, 0x07, 0x40, 0x50, 0x60, 0x70, 0x80)),
]


def happen(survey, service):
    """Brings about each event that a stream can show unasked, and waits until the service has noticed it."""
    client = survey.world.clients["main"]
    with following(service, "/v1/frames", "ndjson") as witness, RawSocket("up72") as raw:
        frames = "123#DEADBEEF\n18DAF110#R4\n7FF#0011223344556677_9\n456##3AABB\n124#R8_F"
        post(client, "/v1/interfaces/up72/frames", frames, "text/plain", 200)
        post(client, "/v1/interfaces/can0/frames", "321#01", "text/plain", 200)
        witness.until_type("frame", interface="can1", id="321")
        for bit in range(10):
            raw.send(ERROR | 1 << bit, bytes(8))
        witness.until_type("error", classes=["counters"])
        for classes, data in ERRORS:
            raw.send(ERROR | classes, bytes(data).ljust(8, b"\0"))
        witness.until_type("error", transceiver=["canl-short-to-canh"])
        for command, change in (
            (("add", "event72", "type", "vcan"), "added"), (("set", "event72", "up"), "up"),
            (("set", "event72", "down"), "down"), (("set", "event72", "txqueuelen", "77"), "settings"),
            (("set", "event72", "name", "event73"), "renamed"), (("set", "event73", "up"), "up"),
            (("set", "can1", "down"), "state"), (("set", "can1", "up"), "state"),
        ):
            ip("link", *command)
            witness.until_type("interface", change=change)
        watch_reports(client, witness, raw)
        jobs_end(survey, client, witness)
        for job, state in (("running", "stopped"), ("running", "running")):
            target = f"/v1/jobs/{survey.world.values[job]}"
            client.request("PATCH", target, json.dumps({"state": state}), {"Content-Type": "application/json"})
        for body in ('{"filters":["123:800007FF","124~7FF"],"join":true,"errors":["bus-off"]}', '{"filters":["0:0"]}'):
            client.request("PUT", "/v1/interfaces/vcan0/filters", body, {"Content-Type": "application/json"})
        client.request("DELETE", "/v1/interfaces/vcan0/filters")
        watch = make(client, "up72", "watches", {"id": "7FE"})
        lose(service, raw)
        witness.until(lambda _: has_lost(witness.seen))
        client.request("DELETE", f"/v1/watches/{watch}")
        raw.send(LAST)


def watch_reports(client, witness, raw):
    """A watch says all that it can say of a frame and of silence."""
    changing = make(client, "up72", "watches", {"id": "5A0", "mask": "FF"})
    raw.send(0x5A0, b"\1")
    witness.until_type("watch", watch=changing, change="changed")
    silent = make(client, "up72", "watches", {"id": "5A1", "timeout_ms": 100})
    witness.until_type("watch", watch=silent, change="timeout")
    raw.send(0x5A1, b"\1")
    witness.until_type("watch", watch=silent, change="resumed")
    for watch in (changing, silent):
        client.request("DELETE", f"/v1/watches/{watch}")


def jobs_end(survey, client, witness):
    """Jobs come to their end, one by itself, one for want of a lease; another loses its interface, as a watch does."""
    for settings, change in (
        ({"initial_interval_ms": 1, "count": 1}, "finished"), ({"interval_ms": 60000, "lease_ms": 50}, "lapsed"),
        ({"interval_ms": 60000}, None),
    ):
        body = json.dumps({"frames": [{"id": "1"}]} | settings)
        post(client, "/v1/interfaces/event73/jobs", body, "application/json", 201)
        if change:
            witness.until_type("job", change=change)
    make(client, "event73", "watches", {"id": "5A0"})
    for command, change in ((("set", "event73", "down"), "interface-down"), (("del", "event73"), "interface-gone")):
        ip("link", *command)
        witness.until_type("job", change=change)
        survey.note(row("listJobs", 200), client.request("GET", "/v1/jobs"))
        survey.note(row("listWatches", 200), client.request("GET", "/v1/watches"))


def post(client, target, body, type, expected):
    answer = client.request("POST", target, body, {"Content-Type": type})
    assert answer.status == expected, answer


def lose(service, raw):
    """Has the kernel drop frames: more than the receive buffer holds while the service does not run."""
    with asleep(service):
        send_numbered(raw, 1000, identifier=0x7FE)


def has_lost(events):
    """Whether the kernel has dropped frames, and reports of watches."""
    types = {event["type"] for event in events if event["type"] == "gap" or event.get("change") == "lost"}
    return types == {"gap", "watch"}
