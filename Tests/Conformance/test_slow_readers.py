"""Many readers and slow ones: a slow one is told what it missed and goes on, and nobody waits for anybody."""
import contextlib
import itertools
import socket
import time

import pytest

from exactness import busy, on_time
from service import wait_until
from streams import WebSocketReader, websocket
from traffic import OVERRUN, Sender, accounted, gaps, numbers, overrun, send_numbered
from transports import narrow, stalling, widen
from witnesses import ERROR, RawSocket, cansend, ip

FRAMES = "/v1/interfaces/vcan0/frames"


def test_a_thousand_frames_a_second_reach_eight_websockets_complete_and_in_order(service, candump):
    dropped_before = captured(service)["kernel_dropped"]

    def a_thousand():
        """Checks that all get all, and gives how long it took to send it, by the kernel's clock."""
        wire = candump.from_now()
        with contextlib.ExitStack() as stack:
            readers = [WebSocketReader(service, FRAMES + "?count=1000") for _ in range(8)]
            for reader in readers:
                stack.callback(reader.close)
                assert reader.next()["type"] == "open"
            stack.enter_context(Sender("vcan0", 1000, 1000)).finish()
            sent = wire.wait_for_count("vcan0", 1000)
            told = readers[0].rest()
            assert [event["data"] for event in told] == [frame.data for frame in sent]
            assert [f"{event['timestamp']:.6f}" for event in told] == [frame.timestamp for frame in sent]
            assert [event["seq"] for event in told] == list(range(told[0]["seq"], told[0]["seq"] + 1000))
            for reader in readers[1:]:
                assert reader.rest() == told
            assert [reader.closed for reader in readers] == [1000] * 8
        return sent[-1].time - sent[0].time

    on_time(a_thousand, 0, 1.1)
    assert captured(service)["kernel_dropped"] == dropped_before


def captured(service):
    """What the service says of what it reads of vcan0."""
    return service.get("/v1/interfaces/vcan0")["capture"]


@pytest.fixture
def small(start):
    """A service whose log holds little."""
    return start("--log-bytes", "262144")


def test_a_reader_that_was_too_slow_is_told_how_much_it_missed_and_goes_on(small):
    with stalling(small, FRAMES) as reader:
        overrun(small)
        reader.until_type("frame", id="7FE")
        cansend("vcan0", "7FD#")
        reader.until_type("frame", id="7FD")
    events = reader.seen
    server = gaps(events, "server")
    assert server, "nothing was lost: the test is too weak"
    got = numbers(events)
    assert got == sorted(set(got))
    for gap in server:
        assert set(gap) == {"type", "seq", "lost", "exact", "where", "from_seq", "to_seq"}
        assert gap["exact"] is True and gap["lost"] > 0
        place = events.index(gap)
        assert gap["from_seq"] == events[place - 1]["seq"] + 1
        assert gap["to_seq"] == events[place + 1]["seq"] - 1
        # It takes no number of its own, and carries the last one that the stream has passed.
        assert gap["seq"] == gap["to_seq"]
    # The frames' own numbers tell where the hole is.
    place = events.index(server[0])
    assert numbers(events[place:])[0] - numbers(events[:place])[-1] - 1 == server[0]["lost"]


@pytest.mark.parametrize("query", ["filter=120:7F0,7F0:7F0", "direction=tx", "events=frame"])
def test_on_a_stream_that_selects_what_was_missed_is_an_upper_bound(small, query):
    """It was never looked at, so that nobody knows what the stream would have shown of it."""
    with stalling(small, f"{FRAMES}?{query}") as reader:
        overrun(small)
        reader.until_type("frame", id="7FE")
    server = gaps(reader.seen, "server")
    assert server and all(gap["exact"] is False for gap in server)
    assert accounted(reader.seen) >= OVERRUN + 1


def test_on_a_stream_that_hides_no_frames_what_was_missed_is_exact(small):
    with stalling(small, f"{FRAMES}?events=frame,error") as reader:
        overrun(small)
        reader.until_type("frame", id="7FE")
    server = gaps(reader.seen, "server")
    assert server and all(gap["exact"] is True for gap in server)
    assert accounted(reader.seen) == OVERRUN + 1


def test_other_interfaces_and_other_events_are_no_losses(small, make_interface):
    """What went by on another interface, or was no frame, is not counted; an error frame is."""
    own, other = make_interface(), make_interface()
    with (
        stalling(small, f"/v1/interfaces/{own}/frames") as reader, websocket(small) as marker, RawSocket(own) as raw,
    ):
        # The loss begins within these, or after them.
        for number in range(20):
            send_numbered(raw, 1, number)
            raw.send(ERROR | 0x40, bytes(8))
            ip("link", "set", other, "up" if number % 2 else "down")
        for name in (own, other):
            with Sender(name, OVERRUN, 4000, length=64) as sender:
                sender.finish()
        raw.send(0x7FE)
        marker.until_type("frame", id="7FE")
        reader.until_type("frame", id="7FE")
    assert gaps(reader.seen, "server"), "nothing was lost: the test is too weak"
    assert accounted(reader.seen) == 20 * 2 + OVERRUN + 1


def test_a_stalled_reader_delays_no_other(small):
    """While one takes nothing, another gets everything, each frame as soon as it is there."""
    with stalling(small, FRAMES), websocket(small, FRAMES) as lively, RawSocket("vcan0") as raw:
        overrun(small)
        lively.until_type("frame", id="7FE")
        following = itertools.count()

        def slowest():
            """How long the slowest of fifty frames takes, in seconds."""
            took = []
            for number in itertools.islice(following, 50):
                raw.send(0x321, number.to_bytes(4, "big"))
                event = lively.next()
                assert int(event["data"], 16) == number
                took.append(time.time() - event["timestamp"])
            return max(took)

        on_time(slowest, 0, 0.5)
        assert small.request("GET", "/v1").status == 200


def test_the_log_is_bounded(small):
    """Memory does not grow with what stalled readers have not read."""
    def resident():
        with open(f"/proc/{small.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    with contextlib.ExitStack() as stack:
        stack.enter_context(stalling(small, FRAMES))
        overrun(small)
        before = resident()
        for _ in range(3):
            stack.enter_context(stalling(small, FRAMES))
            overrun(small)
        assert resident() - before < 4096


def test_a_slow_reader_on_a_quiet_bus_gets_everything_though_a_ping_comes_between(service):
    """Nothing else happens that would remind the service of it."""
    count = 6000
    with RawSocket("vcan0") as raw, contextlib.closing(WebSocketReader(
            service, FRAMES + "?heartbeat=5", connection=narrow(service))) as reader:
        assert reader.next()["type"] == "open"
        send_numbered(raw, count)
        # So slow that a ping comes while it is behind; two that it does not answer would end it.
        beats = time.monotonic()
        while time.monotonic() - beats < 6:
            reader.next()
            time.sleep(0.02)
        status = service.get("/v1/streams")["streams"]
        assert any(stream["lag"] for stream in status), f"the test is too weak: {status}, {len(reader.seen)}"
        widen(reader)
        reader.until(lambda event: numbers([event]) == [count - 1], 60)
        assert numbers(reader.seen) == list(range(count))


def test_a_client_that_ends_its_side_and_reads_nothing_costs_nothing(service):
    """It is still owed what waits for it, and the service does not run in circles meanwhile."""
    with RawSocket("vcan0") as raw, contextlib.closing(WebSocketReader(
            service, FRAMES + "?heartbeat=300", connection=narrow(service))) as reader:
        assert reader.next()["type"] == "open"
        before = captured(service)["received"]
        send_numbered(raw, 10_000)
        wait_until(lambda: captured(service)["received"] >= before + 10_000, "the service has read them")
        assert any(stream["lag"] for stream in service.get("/v1/streams")["streams"]), "the test is too weak"
        reader.socket.shutdown(socket.SHUT_WR)
        on_time(lambda: busy(service.pid, 2), 0, 0.25)
