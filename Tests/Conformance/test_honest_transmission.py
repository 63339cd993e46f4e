"""A bus that takes less than is sent: the service waits for a time, says how many frames went, and drops the rest."""
import socket
import time

import pytest

from commands import assert_told, command
from exactness import meanwhile, on_time, processor_time
from service import assert_problem, wait_until
from slow_buses import backlog, overrunning, overruns, put_on_the_bus, set_free, slowed
from streams import websocket
from witnesses import RawSocket

BATCH = 400
BURST = 3000
# SO_SNDBUFFORCE, for which Python has no name.
SNDBUFFORCE = 32


def lines(count, identifier="123"):
    return [f"{identifier}#{number:04X}" for number in range(count)]


def send(service, name, frames, timeout):
    return service.request(
        "POST", f"/v1/interfaces/{name}/frames?timeout_ms={timeout}", "\n".join(frames), type="text/plain", timeout=90)


@pytest.fixture
def slow(make_interface):
    """An interface that takes 78 frames a second and holds as many."""
    with slowed(make_interface(), "10kbit") as name:
        yield name


def test_sent_is_what_the_kernel_took_and_what_candump_saw(service, wire, slow):
    """Three batches in turn, none of which fits in its time; what is left of one is never sent."""
    expected = []
    for identifier, timeout in (("123", 0), ("124", 300), ("125", 600)):
        begin = time.monotonic()
        answer = send(service, slow, lines(BATCH, identifier), timeout)
        # In four seconds the whole batch would go out.
        assert timeout / 1000 <= time.monotonic() - begin < 4
        problem = assert_problem(answer, 503, "transmit-queue-full")
        assert 0 <= problem["sent"] < BATCH and str(problem["sent"]) in problem["detail"]
        expected += lines(BATCH, identifier)[:problem["sent"]]
    wait_until(lambda: backlog(slow) == 0, "the queue is empty")
    # The next frame is the next thing that comes.
    assert send(service, slow, ["7FE#"], 100).json == {"sent": 1}
    seen = [frame.text for frame in wire.wait_for_text(slow, "7FE#")]
    # Not only what the queue and the socket take at once, which is twelve.
    assert seen == [*expected, "7FE#"] and len(expected) > 20
    wait_until(lambda: put_on_the_bus(slow) == len(seen), "the kernel counts the same")


def test_a_batch_of_a_websocket_is_told_of_as_honestly(service, wire, slow):
    frames = [{"id": "123", "data": f"{number:04X}"} for number in range(BATCH)]
    with websocket(service, f"/v1/interfaces/{slow}/frames?filter=0~0") as stream:
        problem = assert_told(command(stream, "send", frames=frames, timeout_ms=300), 503, "transmit-queue-full")
        assert command(stream, "send", frames=[{"id": "7FE"}], timeout_ms=5000)["sent"] == 1
    assert [frame.text for frame in wire.wait_for_text(slow, "7FE#")] == [*lines(problem["sent"]), "7FE#"]


def test_what_has_time_enough_goes_out_whole_and_in_order(service, wire, slow):
    assert send(service, slow, lines(200), 15000).json == {"sent": 200}
    assert [frame.text for frame in wire.wait_for_count(slow, 200)] == lines(200)


def test_clients_that_share_a_full_queue_are_each_told_the_truth(service, wire, slow):
    """Each one's frames go out in their order, as many as it is told."""
    identifiers = ("123", "124", "125")
    calls = [lambda name=name: send(service, slow, lines(BATCH, name), 1000) for name in identifiers]
    with meanwhile(*calls) as pending:
        told = {name: assert_problem(call.result(), 503, "transmit-queue-full")["sent"]
                for name, call in zip(identifiers, pending, strict=True)}
    assert send(service, slow, ["7FE#"], 5000).json == {"sent": 1}
    seen = [frame.text for frame in wire.wait_for_text(slow, "7FE#")]
    for name, sent in told.items():
        assert [text for text in seen if text.startswith(name)] == lines(sent, name)
    assert sum(told.values()) + 1 == len(seen)


def test_a_request_that_was_given_up_is_not_sent_to_its_end(service, wire, slow):
    """A client that leaves is owed nothing more than what its time allows; nothing comes after that."""
    connection = service.connect()
    body = "\n".join(lines(BATCH)).encode()
    connection.sendall(
        f"POST /v1/interfaces/{slow}/frames?timeout_ms=500 HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    wire.wait_for_count(slow, 5)
    connection.close()
    # Its own request begins when the other is over.
    assert send(service, slow, ["7FE#"], 5000).json == {"sent": 1}
    seen = [frame.text for frame in wire.wait_for_text(slow, "7FE#")][:-1]
    assert seen == lines(len(seen)) and len(seen) < BATCH
    wait_until(lambda: backlog(slow) == 0, "the queue is empty")
    assert len(wire.frames(slow)) == len(seen) + 1


def test_a_burst_at_a_controller_goes_out_whole_and_in_order(service, wire):
    """Its queue holds ten frames."""
    before, on_the_bus = overruns("can1"), put_on_the_bus("can0")
    with overrunning(service):
        answer = send(service, "can0", lines(BURST), 60000)
        assert (answer.status, answer.json) == (200, {"sent": BURST})
        # The controller's own echo of each frame that was on the bus.
        assert [frame.text for frame in wire.wait_for_count("can0", BURST)] == lines(BURST)
        assert put_on_the_bus("can0") - on_the_bus == BURST
        # The emulated controller at the other end holds four frames, and drops what comes while nobody fetches them.
        arrived = [frame.text for frame in wire.frames("can1") if frame.id == "123"]
        assert arrived == sorted(arrived) and set(arrived) <= set(lines(BURST)) and arrived
        assert len(arrived) == BURST or overruns("can1") > before


@pytest.mark.parametrize("filled_by", ["its own frames", "another program"])
def test_waiting_for_room_costs_next_to_nothing(service, make_interface, filled_by):
    """The kernel calls a socket writable while the queue has no room: who polls, spins."""
    with slowed(make_interface(), "1kbit") as name, RawSocket(name) as other:
        if filled_by == "another program":
            other.socket.setsockopt(socket.SOL_SOCKET, SNDBUFFORCE, 1 << 24)
            with pytest.raises(OSError, match="105"):
                for _ in range(BATCH):
                    other.send(0x700)

        def share():
            """How much of the time that a request waits a processor is busy for it."""
            begin, before = time.monotonic(), processor_time(service.pid)
            problem = assert_problem(send(service, name, lines(BATCH), 1500), 503, "transmit-queue-full")
            used, took = processor_time(service.pid) - before, time.monotonic() - begin
            assert problem["errno"] in ("ENOBUFS", "EAGAIN") and problem["sent"] < BATCH and took >= 1.5
            return used / took

        on_time(share, 0, 0.3)


def test_a_wait_for_room_holds_up_no_other_request(service, wire, make_interface):
    def slowest():
        """How long the slowest of some other requests takes, in seconds."""
        took = []
        for _ in range(5):
            begin = time.monotonic()
            assert service.request("POST", "/v1/interfaces/vcan1/frames", json_body={"id": "123"}).json == {"sent": 1}
            took.append(time.monotonic() - begin)
        return max(took)

    with slowed(make_interface(), "1kbit") as name, meanwhile(
            lambda: send(service, name, lines(BATCH), 30000)) as pending:
        wire.wait_for_count(name, 5)
        on_time(slowest, 0, 0.5)
        assert not pending.done()
        # Now there is room for the rest.
        set_free(name)
        assert pending.result().json == {"sent": BATCH}
