"""A transmit queue that is full: what the service says it sent is what really arrives."""
import contextlib
import select
import socket
import time

import pytest

from processors import on_one_processor
from service import assert_problem, wait_until
from slow_buses import backlog, slowed
from witnesses import RawSocket

BATCH = 400
# SO_SNDBUFFORCE, for which Python has no name.
SNDBUFFORCE = 32


@pytest.fixture
def slow(make_interface):
    """Makes an interface whose queue drains at a given rate; vcan alone has no queue."""
    with contextlib.ExitStack() as stack:
        yield lambda rate: stack.enter_context(slowed(make_interface(), rate))


def send(service, name, count, timeout):
    lines = "\n".join(f"123#{number:04X}" for number in range(count))
    begin = time.monotonic()
    answer = service.request(
        "POST", f"/v1/interfaces/{name}/frames?timeout_ms={timeout}", lines, type="text/plain")
    return answer, time.monotonic() - begin


@pytest.mark.parametrize("timeout", [0, 150])
def test_what_does_not_fit_in_time_is_never_sent(service, wire, slow, timeout):
    name = slow("10kbit")
    with on_one_processor(service.pid):
        answer, took = send(service, name, BATCH, timeout)
    problem = assert_problem(answer, 503, "transmit-queue-full")
    assert problem["errno"] in ("ENOBUFS", "EAGAIN")
    assert int(answer["Retry-After"]) >= 1
    assert 0 < problem["sent"] < BATCH
    # In four seconds all of it would go out.
    assert timeout / 1000 <= took < 4
    wait_until(lambda: backlog(name) == 0, "the queue is empty")
    frames = wire.wait_for_count(name, problem["sent"])
    assert [frame.text for frame in frames] == [f"123#{number:04X}" for number in range(problem["sent"])]
    # The next request is the next thing that comes.
    assert service.request("POST", f"/v1/interfaces/{name}/frames", "7FF#", type="text/plain").status == 200
    wire.wait_for_text(name, "7FF#")
    assert len(wire.frames(name)) == problem["sent"] + 1


def test_a_request_waits_for_room_as_long_as_it_may(service, wire, slow):
    name = slow("100kbit")
    with on_one_processor(service.pid):
        answer, _ = send(service, name, BATCH * 3, 15000)
    assert (answer.status, answer.json) == (200, {"sent": BATCH * 3})
    frames = wire.wait_for_count(name, BATCH * 3)
    assert [frame.text for frame in frames] == [f"123#{number:04X}" for number in range(BATCH * 3)]


def test_a_queue_that_others_filled_is_waited_for(service, wire, slow):
    """The service has room of its own, but the interface has none, and little more for some seconds."""
    name = slow("1kbit")
    with RawSocket(name) as other:
        other.socket.setsockopt(socket.SOL_SOCKET, SNDBUFFORCE, 1 << 24)
        with pytest.raises(OSError, match="105"):
            for _ in range(BATCH):
                other.send(0x700)
        full, _ = send(service, name, 50, 0)
        problem = assert_problem(full, 503, "transmit-queue-full")
        assert problem["sent"] < 50
    answer, _ = send(service, name, 20, 15000)
    assert answer.json == {"sent": 20}
    frames = wire.wait_for(
        name, lambda frames: sum(frame.id == "123" for frame in frames) >= problem["sent"] + 20, "all that was sent")
    assert [frame.text for frame in frames if frame.id == "123"][problem["sent"]:] == [
        f"123#{number:04X}" for number in range(20)]


def test_one_full_interface_does_not_hold_up_another(service, wire, slow):
    name = slow("20kbit")
    blocked = service.connect()
    try:
        lines = "\n".join(["123#"] * 2000).encode()
        blocked.sendall(
            f"POST /v1/interfaces/{name}/frames?timeout_ms=8000 HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: text/plain\r\nContent-Length: {len(lines)}\r\n\r\n".encode() + lines)
        wire.wait_for_count(name, 1)
        assert service.request("POST", "/v1/interfaces/vcan1/frames", "7FF#", type="text/plain").status == 200
        assert service.request("GET", "/v1").status == 200
        # The one before them has no answer yet.
        assert not select.select([blocked], [], [], 0)[0]
        assert b" 503 " in blocked.recv(4096).split(b"\r\n")[0]
    finally:
        blocked.close()
