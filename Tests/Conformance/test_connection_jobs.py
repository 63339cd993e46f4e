"""Jobs of a WebSocket: they end with its connection, however that ends."""
import json
import signal
import socket
import struct
import subprocess
import sys

import pytest
from websockets.sync.client import connect

from commands import acknowledged, answer, assert_told, command, send_command
from periodic import ONE, current, patch
from service import PATIENCE, assert_problem, wait_until
from streams import CLOSE, websocket
from witnesses import broadcast_operations, cansend, ip

FRAMES = "/v1/interfaces/vcan0/frames"

# A client that makes a job, says so, and then does nothing any more. Its messages are masked by zeros.
CLIENT = """
import json, socket, sys
host, port, path, command = sys.argv[1:]
connection = socket.create_connection((host, int(port)))
connection.sendall((
    f"GET {path} HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
    "Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n").encode())
text = command.encode()
assert 126 <= len(text) < 65536
connection.sendall(b"\\x81\\xfe" + len(text).to_bytes(2, "big") + bytes(4) + text)
seen = b""
while b'"type":"ack"' not in seen:
    seen += connection.recv(65536)
print("made", flush=True)
sys.stdin.read()
"""


def make(stream, **members):
    """Has a job made that belongs to a stream's connection."""
    ack = acknowledged(stream, "job", **({"frames": ONE, "interval_ms": 20} | members))
    return ack["job"]


def listed(service):
    return [job["id"] for job in service.get("/v1/jobs")["jobs"]]


@pytest.fixture
def told(service):
    """A stream of what becomes of jobs, of another client."""
    with websocket(service, "/v1/frames?events=job") as stream:
        yield stream


@pytest.fixture(autouse=True)
def nothing_left(service):
    """Each test ends without a job."""
    yield
    wait_until(lambda: not listed(service) and not broadcast_operations(), "all jobs have ended")


def assert_ended(service, told, wire, job):
    """Waits until a job has ended with its connection, and fails unless nothing is left of it."""
    event = told.until_type("job", job=job["id"])
    assert (event["interface"], event["change"]) == (job["interface"], "stopped")
    assert_problem(service.request("GET", f"/v1/jobs/{job['id']}"), 404, "job-not-found")
    assert listed(service) == [] and broadcast_operations() == []
    assert wire.renewed().stays_quiet(job["interface"], 0.1)


def test_the_answer_is_the_job(service, wire):
    with websocket(service, FRAMES) as stream:
        asked = {"frames": [{"id": "123", "data": "0a"}, {"id": "124"}], "interval_ms": 15.5, "name": "lamp"}
        ack = command(stream, "job", ref="mine", **asked)
        assert {name: ack[name] for name in ("type", "op", "ref")} == {"type": "ack", "op": "job", "ref": "mine"}
        job = ack["job"]
        told = {"interface": "vcan0", "name": "lamp", "interval_ms": 15.5, "state": "running", "connection": True,
                "lease_ms": None}
        assert {name: job[name] for name in told} == told
        assert [frame["data"] for frame in job["frames"]] == ["0A", ""]
        # It is a job like others, but for whose it is.
        found = current(service, job)
        assert set(found) == set(job) and found["created"] == job["created"]
        assert service.get("/v1/interfaces/vcan0/jobs")["jobs"][0]["id"] == job["id"]
        assert [frame.text for frame in wire.wait_for_count("vcan0", 4)] == ["123#0A", "124#"] * 2


def test_the_interface_is_the_streams_or_one_that_is_named(service, wire):
    with websocket(service, FRAMES) as stream:
        assert make(stream)["interface"] == "vcan0"
        assert make(stream, interface="vcan1")["interface"] == "vcan1"
        wire.wait_for_count("vcan0", 2)
        wire.wait_for_count("vcan1", 2)
    with websocket(service) as stream:
        problem = command(stream, "job", frames=ONE, interval_ms=20)
        assert_told(problem, 400, "malformed-request", op="job", field="interface")
        assert make(stream, interface="vcan1")["interface"] == "vcan1"


def test_it_ends_when_its_client_closes(service, told, wire):
    with websocket(service, FRAMES + "?filter=0~0") as stream:
        job = make(stream)
        wire.wait_for_count("vcan0", 2)
        stream.send(CLOSE, struct.pack("!H", 1000))
        stream.answer(CLOSE)
        assert_ended(service, told, wire, job)


def test_it_ends_when_the_python_client_leaves(service, told, wire):
    with connect(f"ws://{service.authority}{FRAMES}?filter=0~0", max_queue=None) as client:
        client.send(json.dumps({"op": "job", "frames": ONE, "interval_ms": 20, "ref": 1}))
        ack = wait_until(
            lambda: (event := json.loads(client.recv(PATIENCE)))["type"] == "ack" and event, "it is acknowledged")
        wire.wait_for_count("vcan0", 2)
    assert_ended(service, told, wire, ack["job"])


def test_it_ends_when_its_client_is_killed(service, told, wire):
    text = json.dumps({"op": "job", "frames": ONE, "interval_ms": 20, "name": "of-a-client-that-is-killed"}).ljust(126)
    client = subprocess.Popen(
        [sys.executable, "-IS", "-c", CLIENT, service.host, str(service.port), FRAMES + "?filter=0~0", text],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert client.stdout.readline() == b"made\n"
        job = service.get("/v1/jobs")["jobs"][0]
        wire.wait_for_count("vcan0", 2)
    finally:
        client.send_signal(signal.SIGKILL)
        client.communicate()
    assert_ended(service, told, wire, job)


@pytest.mark.parametrize("how", ["an end", "a reset"])
def test_it_ends_when_the_connection_is_cut(service, told, wire, how):
    with websocket(service, FRAMES + "?filter=0~0") as stream:
        job = make(stream)
        if how == "a reset":
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert_ended(service, told, wire, job)


def test_it_ends_when_its_client_falls_silent(service, told, wire):
    """As when its cable is pulled: it does not answer the service's pings any more."""
    with websocket(service, FRAMES + "?filter=0~0&heartbeat=1") as stream:
        job = make(stream)
        assert_ended(service, told, wire, job)


def test_it_ends_with_a_stream_that_is_over(service, told, wire):
    with websocket(service, FRAMES + "?count=1") as stream:
        job = make(stream, interface="vcan1")
        cansend("vcan0", "123#")
        stream.rest()
        assert stream.closed == 1000
        assert_ended(service, told, wire, job)


def test_it_ends_when_the_service_stops(start, wire, make_interface):
    name = make_interface()
    stopping = start()
    with websocket(stopping, f"/v1/interfaces/{name}/frames") as stream:
        make(stream)
        wire.wait_for_count(name, 3)
        status, took = stopping.stop()
        assert status == 0 and took < 10
        assert stream.close_code() == 1001
    assert broadcast_operations() == []
    assert wire.renewed().stays_quiet(name, 0.1)


def test_jobs_of_others_go_on(service, told, wire, jobs):
    kept = jobs("vcan1", [{"id": "200"}], interval_ms=20)
    with websocket(service, FRAMES) as staying:
        other = make(staying, interface="vcan1", frames=[{"id": "201"}])
        with websocket(service, FRAMES) as leaving:
            ending = make(leaving, interface="vcan1", frames=[{"id": "202"}])
        told.until_type("job", job=ending["id"], change="stopped")
        assert listed(service) == [kept["id"], other["id"]]
        view = wire.renewed()
        view.wait_for("vcan1", lambda frames: {frame.id for frame in frames} >= {"200", "201"}, "both go on")
        assert "202" not in {frame.id for frame in view.frames("vcan1")}
        assert service.request("DELETE", f"/v1/jobs/{kept['id']}").status == 204


def test_a_hundred_of_one_connection_end_together(service, told, wire):
    with websocket(service, FRAMES + "?filter=0~0") as stream:
        names = [send_command(stream, "job", frames=[{"id": number}], interval_ms=500) for number in range(100)]
        made = {answer(stream, name)["job"]["id"] for name in names}
        assert len(made) == len(broadcast_operations()) == 100
        wire.wait_for("vcan0", lambda frames: len({frame.id for frame in frames}) == 100, "a frame of each")
    ended = {told.until_type("job", change="stopped")["job"] for _ in made}
    assert ended == made and broadcast_operations() == []
    assert wire.renewed().stays_quiet("vcan0", 0.1)


def test_it_may_be_changed_and_deleted_over_http(service, wire):
    with websocket(service, FRAMES + "?filter=0~0") as stream:
        job = make(stream)
        wire.wait_for_count("vcan0", 2)
        assert patch(service, job, frames=[{"id": "124"}])["connection"] is True
        wire.wait_for_text("vcan0", "124#")
        assert patch(service, job, state="stopped")["state"] == "stopped"
        assert patch(service, job, state="running")["state"] == "running"
        assert service.request("DELETE", f"/v1/jobs/{job['id']}").status == 204
        assert wire.renewed().stays_quiet("vcan0", 0.1)
        again = make(stream)
        assert again["id"] != job["id"]


def test_one_that_waits_or_has_ended_is_forgotten_too(service, told):
    with websocket(service, FRAMES + "?filter=0~0") as stream:
        waiting = make(stream, start=False)
        finished = make(stream, frames=ONE, interval_ms=10, duration_ms=50)
        assert waiting["state"] == "stopped"
        told.until_type("job", job=finished["id"], change="finished")
        assert listed(service) == [waiting["id"], finished["id"]]
    wait_until(lambda: listed(service) == [], "they are forgotten")


def test_its_lease_lapses_though_the_connection_is_there(service, told):
    with websocket(service, FRAMES + "?filter=0~0") as stream:
        job = make(stream, lease_ms=3000)
        assert 0 < job["lease_remaining_ms"] <= 3000
        assert service.request("POST", f"/v1/jobs/{job['id']}/renew").status == 200
        told.until_type("job", job=job["id"], change="lapsed")
        stream.until_type("job", job=job["id"], change="lapsed")


def test_its_name_is_free_when_the_connection_has_ended(service, told):
    for _ in range(2):
        with websocket(service, FRAMES + "?filter=0~0") as stream:
            job = make(stream, name="lamp")
            problem = command(stream, "job", frames=ONE, interval_ms=20, name="lamp")
            assert_told(problem, 409, "job-exists", op="job", field="name")
        told.until_type("job", job=job["id"], change="stopped")


def test_frames_with_a_flexible_data_rate(service, wire):
    frames = [{"id": "456", "fd": True, "brs": True, "data": "AA" * 64}, {"id": "457", "fd": True, "data": "BB"}]
    with websocket(service, FRAMES + "?filter=0~0") as stream:
        job = make(stream, frames=frames)
        assert job["frames"][0]["fd"] is True
        assert [frame.text for frame in wire.wait_for_count("vcan0", 4)] == ["456##1" + "AA" * 64, "457##0BB"] * 2


def test_it_resumes_while_its_connection_is_there(service, told, wire, make_interface):
    name = make_interface()
    with websocket(service, FRAMES + "?filter=0~0") as stream:
        job = make(stream, interface=name, resume=True)
        wire.wait_for_count(name, 2)
        ip("link", "set", name, "down")
        told.until_type("job", job=job["id"], change="interface-down")
        ip("link", "set", name, "up")
        told.until_type("job", job=job["id"], change="running")
        wire.renewed().wait_for_count(name, 2)
        ip("link", "set", name, "down")
        told.until_type("job", job=job["id"], change="interface-down")
    wait_until(lambda: listed(service) == [], "it is forgotten")
    ip("link", "set", name, "up")
    assert wire.renewed().stays_quiet(name, 0.2)


def test_the_connection_may_end_before_the_answer(service, wire):
    """A client that asks and leaves at once: whatever was made ends as well."""
    for _ in range(5):
        with websocket(service, FRAMES + "?filter=0~0") as stream:
            send_command(stream, "job", frames=ONE, interval_ms=20)
    wait_until(lambda: not listed(service), "they are forgotten")
    assert wire.renewed().stays_quiet("vcan0", 0.1)


BAD = {"id": "123", "data": "01" * 9}
WRONG = {
    "no frames": ({"interval_ms": 10}, 422, "invalid-job", {"field": "frames"}),
    "an empty list": ({"frames": [], "interval_ms": 10}, 422, "invalid-job", {"field": "frames"}),
    "no interval": ({"frames": ONE}, 422, "invalid-job", {}),
    "too short an interval": ({"frames": ONE, "interval_ms": 0.05}, 422, "invalid-job", {"field": "interval_ms"}),
    "a wrong frame": ({"frames": [*ONE, BAD], "interval_ms": 10}, 422, "invalid-job", {"index": 1, "field": "data"}),
    "a lease out of bounds": ({"frames": ONE, "interval_ms": 10, "lease_ms": 1}, 422, "invalid-job",
                              {"field": "lease_ms"}),
    "FD frames on a classic bus": (
        {"interface": "can0", "frames": [{"id": "1", "fd": True}], "interval_ms": 10}, 422, "invalid-job",
        {"index": 0, "field": "fd"}),
    "an unknown field": ({"frames": ONE, "interval_ms": 10, "filters": []}, 400, "malformed-request",
                         {"field": "filters"}),
    "an interval that is a text": ({"frames": ONE, "interval_ms": "10"}, 400, "malformed-request",
                                   {"field": "interval_ms"}),
    "an interface that is a number": ({"interface": 1, "frames": ONE, "interval_ms": 10}, 400, "malformed-request",
                                      {"field": "interface"}),
    "an interface that is not there": ({"interface": "can77", "frames": ONE, "interval_ms": 10}, 404,
                                       "interface-not-found", {"errno": "ENODEV"}),
    "an interface that is not CAN": ({"interface": "lo", "frames": ONE, "interval_ms": 10}, 422, "not-a-can-interface",
                                     {}),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_job_is_refused_by_its_name_and_the_stream_goes_on(service, what):
    members, status, code, details = WRONG[what]
    with websocket(service, FRAMES) as stream:
        problem = command(stream, "job", ref=what, **members)
        assert_told(problem, status, code, op="job", ref=what, **details)
        assert listed(service) == []
        acknowledged(stream, "ping")


def test_an_interface_that_is_down_is_refused(service, make_interface):
    name = make_interface(up=False)
    with websocket(service, FRAMES) as stream:
        problem = command(stream, "job", interface=name, frames=ONE, interval_ms=10)
        assert_told(problem, 409, "interface-down", op="job", errno="ENETDOWN")
        assert make(stream, interface=name, start=False)["state"] == "stopped"


def test_one_that_was_deleted_is_over_before_its_connection_is(service, told):
    with websocket(service, FRAMES) as stream:
        job, other = make(stream), make(stream)
        assert service.request("DELETE", f"/v1/jobs/{job['id']}").status == 204
    assert told.until_type("job")["job"] == other["id"]
    assert [event["job"] for event in told.seen if event["type"] == "job"] == [other["id"]]
