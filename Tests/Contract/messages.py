"""What is said on WebSockets: commands on a stream of frames, and messages of ISO-TP."""
from world import ONE_JOB

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
# What a WebSocket of messages to ECU says, and is answered by an ack.
PDUS = [{"data": "22F190"}, {"data": "3e00", "ref": "lower case"}, {"data": "22" + "00" * 300, "ref": 7}]
# What it says, and the code of the problem that it gets.
WRONG_PDUS = [
    ('{"data":', "malformed-request"), ("[]", "malformed-request"), ({"data": 1, "ref": 1}, "malformed-request"),
    ({"data": "00", "op": "send"}, "malformed-request"), ({"data": "00", "ref": 1.5}, "malformed-request"),
    ({"ref": 2}, "invalid-isotp"), ({"data": "", "ref": 3}, "invalid-isotp"), ({"data": "0"}, "invalid-isotp"),
]
