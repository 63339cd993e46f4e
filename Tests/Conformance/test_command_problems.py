"""Commands that are refused: each is told why, nothing of it is done, and the stream goes on."""
import contextlib
import json
import subprocess
import time

import pytest

from commands import acknowledged, answer, assert_told, command, refused, send_command
from processors import on_one_processor
from service import wait_until
from slow_buses import backlog
from streams import TEXT, websocket
from witnesses import cansend, ip

FRAMES = "/v1/interfaces/vcan0/frames"
ONE = [{"id": "123"}]


@pytest.fixture
def stream(service):
    """A stream that still shows what comes when the test is done with it."""
    with websocket(service, FRAMES) as stream:
        yield stream
        wait_until(lambda: command(stream, "ping")["type"] == "ack", "a command is carried out")
        cansend("vcan0", "7FE#")
        stream.until_type("frame", id="7FE")


@pytest.mark.parametrize("text", [
    "hello", "", "{", '{"op":"ping"} x', "{'op':'ping'}", "[]", '[{"op":"ping"}]', '"ping"', "null", "1", "[" * 60000,
    '{"op":"ping","op":'])
def test_what_is_no_json_object_is_told_so(stream, text):
    problem = refused(stream, text)
    assert_told(problem, 400, "malformed-request")
    assert set(problem) <= {"type", "seq", "code", "title", "status", "detail", "field", "allowed"}


MALFORMED = {
    "no operation": ({"filters": []}, None),
    "an unknown operation": ({"op": "dance"}, "op"),
    "an operation that is a number": ({"op": 1}, "op"),
    "an operation in another case": ({"op": "PING"}, "op"),
    "an unknown field": ({"op": "ping", "filter": []}, "filter"),
    "a field of another operation": ({"op": "pause", "frames": ONE}, "frames"),
    "a name of 65 characters": ({"op": "ping", "ref": "x" * 65}, "ref"),
    "a name that is a fraction": ({"op": "ping", "ref": 1.5}, "ref"),
    "a name that is an object": ({"op": "ping", "ref": {}}, "ref"),
    "a name that is true": ({"op": "ping", "ref": True}, "ref"),
    "filters that are a text": ({"op": "filter", "filters": "123:7FF"}, "filters"),
    "a filter that is a number": ({"op": "filter", "filters": [291]}, "filters"),
    "frames that are a text": ({"op": "send", "frames": "123#"}, "frames"),
    "a frame that is a text": ({"op": "send", "frames": ["123#"]}, None),
    "a frame with an unknown field": ({"op": "send", "frames": [*ONE, {"id": "123", "dta": ""}]}, "dta"),
    "an interface that is a number": ({"op": "send", "interface": 1, "frames": ONE}, "interface"),
    "a time that is a text": ({"op": "send", "frames": ONE, "timeout_ms": "10"}, "timeout_ms"),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_command_that_cannot_be_understood(stream, wire, what):
    members, field = MALFORMED[what]
    problem = refused(stream, json.dumps(members))
    assert_told(problem, 400, "malformed-request", **({"field": field} if field else {}))
    cansend("vcan0", "7FD#")
    # Nothing of it was done.
    assert wire.wait_for_count("vcan0", 1)[0].text == "7FD#"


def test_an_unknown_operation_is_told_which_are_known(stream):
    problem = command(stream, "dance")
    assert set(problem["allowed"]) == {"filter", "send", "job", "pause", "resume", "ping"}


@pytest.mark.parametrize("filters", [["zz:1"], ["123"], ["123:7FF", "123:"], ["123:7FF", ""], ["#"]])
def test_a_filter_against_the_grammar(stream, filters):
    """The filters stay what they were."""
    acknowledged(stream, "filter", filters=["7F0:7F0"])
    problem = command(stream, "filter", filters=filters)
    assert_told(problem, 422, "invalid-filter", op="filter", index=len(filters) - 1)
    for text in ("123#", "7F1#"):
        cansend("vcan0", text)
    assert stream.next()["id"] == "7F1"


def test_more_filters_than_there_may_be(stream):
    most = [f"{number:03X}:7FF" for number in range(512)]
    acknowledged(stream, "filter", filters=most)
    assert_told(command(stream, "filter", filters=[*most, "7FE:7FF"]), 422, "invalid-filter")
    acknowledged(stream, "filter", filters=[])


def test_filters_are_needed(stream):
    assert_told(command(stream, "filter"), 422, "invalid-filter", field="filters")


@pytest.mark.parametrize("frames, status, code, members", [
    ([*ONE, {"id": "800"}], 422, "invalid-frame", {"index": 1, "field": "id"}),
    ([*ONE, *ONE, {"id": "123", "data": "0"}], 422, "invalid-frame", {"index": 2, "field": "data"}),
    ([{"id": "123", "fd": True, "data": "00" * 9}], 422, "invalid-frame", {"index": 0, "allowed": [8, 12]}),
    ([{"id": "20000040", "extended": True, "data": "00" * 8}], 422, "invalid-frame", {"index": 0, "field": "id"}),
    ([*ONE, {"data": "00"}], 422, "invalid-frame", {"index": 1, "field": "id"}),
    ([*ONE, {"id": None}], 400, "malformed-request", {"index": 1, "field": "id"}),
    ([], 422, "invalid-frame", {}),
    ([{"id": 1}] * 4097, 422, "invalid-frame", {"field": "frames"}),
])
def test_nothing_is_sent_of_frames_with_a_wrong_one(stream, wire, frames, status, code, members):
    problem = command(stream, "send", frames=frames)
    assert_told(problem, status, code, op="send", **members)
    cansend("vcan0", "7FD#")
    assert wire.wait_for_count("vcan0", 1)[0].text == "7FD#"


def test_frames_are_needed(stream):
    assert_told(command(stream, "send"), 422, "invalid-frame", op="send", field="frames")


@pytest.mark.parametrize("timeout", [-1, 60001])
def test_a_time_to_wait_out_of_range(stream, timeout):
    assert_told(command(stream, "send", frames=ONE, timeout_ms=timeout), 400, "malformed-request", field="timeout_ms")


@pytest.mark.parametrize("interface, status, code, members", [
    ("can77", 404, "interface-not-found", {"errno": "ENODEV"}), ("lo", 422, "not-a-can-interface", {}),
])
def test_an_interface_that_is_none(stream, interface, status, code, members):
    assert_told(command(stream, "send", interface=interface, frames=ONE), status, code, op="send", **members)


def test_an_interface_that_is_down(stream, make_interface):
    name = make_interface(up=False)
    problem = command(stream, "send", interface=name, frames=ONE)
    assert_told(problem, 409, "interface-down", errno="ENETDOWN", sent=0)
    ip("link", "set", name, "up")
    assert command(stream, "send", interface=name, frames=ONE)["sent"] == 1


def test_an_fd_frame_on_a_classic_interface(stream, make_interface):
    name = make_interface("mtu", "16")
    problem = command(stream, "send", interface=name, frames=[*ONE, {"id": "123", "fd": True}])
    assert_told(problem, 422, "invalid-frame", index=1, field="fd")


@pytest.fixture
def slow(make_interface):
    """An interface that takes about a hundred and fifty frames a second."""
    name = make_interface()
    subprocess.run(
        ["tc", "qdisc", "add", "dev", name, "root", "tbf", "rate", "20kbit", "burst", "100", "latency", "1s"],
        check=True)
    return name


def test_a_queue_that_is_full_is_told_with_what_was_sent(service, stream, wire, slow):
    frames = [{"id": 0x123, "data": f"{number:04X}"} for number in range(1000)]
    with on_one_processor(service.pid):
        ref = send_command(stream, "send", interface=slow, frames=frames, timeout_ms=1500)
        # The stream does not wait for it.
        ping = send_command(stream, "ping")
        told = [stream.until(lambda event: event["type"] in ("ack", "problem")) for _ in range(2)]
    assert [event["ref"] for event in told] == [ping, ref]
    problem = assert_told(told[1], 503, "transmit-queue-full", op="send")
    assert problem["errno"] in ("ENOBUFS", "EAGAIN") and 0 < problem["sent"] < 1000
    wait_until(lambda: backlog(slow) == 0, "the queue is empty")
    sent = [f"123#{number:04X}" for number in range(problem["sent"])]
    wire.wait_for_count(slow, problem["sent"])
    assert [seen.text for seen in wire.frames(slow)] == sent


def test_sixteen_sends_may_wait_and_no_more(service, stream, wire, slow):
    assert service.get("/v1")["limits"]["websocket_sends"] == 16
    waiting = [send_command(stream, "send", interface=slow, frames=ONE * 400, timeout_ms=3000) for _ in range(16)]
    one_more = send_command(stream, "send", interface="vcan0", frames=[{"id": "124"}])
    ping = send_command(stream, "ping")
    answers = [stream.until(lambda event: event["type"] in ("ack", "problem")) for _ in range(18)]
    # These do not wait for the others.
    assert [told["ref"] for told in answers[:2]] == [one_more, ping]
    assert_told(answers[0], 429, "too-many-requests", op="send")
    assert {told["ref"] for told in answers[2:]} == set(waiting)
    # The queue takes the first of them, at most.
    for told in answers[4:]:
        assert_told(told, 503, "transmit-queue-full")
    sent = sum(told["sent"] for told in answers[2:])
    wait_until(lambda: backlog(slow) == 0, "the queue is empty")
    wire.wait_for_count(slow, sent)
    assert len(wire.frames(slow)) == sent
    # There is room again, and what was refused was not done.
    assert command(stream, "send", frames=[{"id": "125"}])["sent"] == 1
    assert wire.wait_for_count("vcan0", 1)[0].id == "125"


def test_what_a_connection_that_ends_had_still_to_send_harms_nobody(service, slow):
    with websocket(service, FRAMES) as leaving:
        send_command(leaving, "send", interface=slow, frames=ONE * 400, timeout_ms=2000)
    assert service.request("GET", "/v1").status == 200


def masked(text):
    """A short message as a client sends it, masked by zeros."""
    return bytes([0x80 | TEXT, 0x80 | len(text), 0, 0, 0, 0]) + text


def test_commands_over_the_rate_are_refused_until_there_is_room(service, stream, wire):
    assert service.get("/v1")["limits"]["websocket_commands_per_s"] == 200
    commands = [{"op": "ping", "ref": number} for number in range(500)]
    # Behind hundreds that the service reads at the same moment.
    commands.append({"op": "send", "ref": "last", "frames": [{"id": "124"}]})
    begin = time.monotonic()
    stream.socket.sendall(b"".join(masked(json.dumps(one).encode()) for one in commands))
    answers = [stream.until(lambda event: event["type"] in ("ack", "problem")) for _ in commands]
    took = time.monotonic() - begin
    assert [told["ref"] for told in answers] == [one["ref"] for one in commands]
    carried_out = [told for told in answers if told["type"] == "ack"]
    assert 200 <= len(carried_out) <= 200 + 200 * took + 1
    for told in answers:
        if told["type"] == "problem":
            assert_told(told, 429, "too-many-requests")
    assert answers[-1]["type"] == "problem"
    wait_until(lambda: command(stream, "ping")["type"] == "ack", "there is room again")
    assert wait_until(lambda: command(stream, "send", frames=[{"id": "125"}]).get("sent"), "frames are sent again") == 1
    assert [seen.id for seen in wire.wait_for_count("vcan0", 1)] == ["125"]


def test_the_rate_of_one_is_not_that_of_another(service):
    with websocket(service, FRAMES) as busy, websocket(service, FRAMES) as other:
        for _ in range(400):
            send_command(busy, "ping")
        for _ in range(20):
            acknowledged(other, "ping")


@pytest.mark.parametrize("act", [
    lambda stream: stream.send(TEXT, b"a" * 65537),
    lambda stream: stream.send(TEXT, b'{"op":"ping"' + b" " * 70000 + b"}"),
    lambda stream: stream.send(TEXT, b"a" * 1_000_000),
    lambda stream: [stream.send(opcode, b"a" * 30000, last=last)
                    for opcode, last in ((TEXT, False), (0, False), (0, True))],
], ids=["text", "a command", "a megabyte", "fragments"])
def test_a_message_over_the_limit_is_dropped_and_the_stream_goes_on(service, stream, act):
    limit = service.get("/v1")["limits"]["websocket_message_bytes"]
    act(stream)
    problem = stream.until_type("problem")
    assert_told(problem, 413, "body-too-large")
    assert str(limit) in problem["detail"] and "ref" not in problem
    acknowledged(stream, "ping")
    assert sum(event["type"] == "problem" for event in stream.seen) == 1


def test_a_message_at_the_limit_is_taken(stream):
    stream.send(TEXT, b'{"op":"ping"}'.ljust(65536))
    assert stream.until(lambda event: event["type"] in ("ack", "problem"))["type"] == "ack"


def test_a_client_that_talks_and_never_listens_takes_no_memory(service):
    """What it could be answered has bounds, too."""
    def resident():
        with open(f"/proc/{service.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    message = masked(b'{"op":"dance","ref":"' + b"x" * 60 + b'"}')
    with websocket(service, FRAMES) as deaf:
        before = resident()
        deaf.socket.settimeout(2)
        with contextlib.suppress(OSError):
            for _ in range(60):
                deaf.socket.sendall(message * 1000)
        assert resident() - before < 8192
        assert service.request("GET", "/v1").status == 200
