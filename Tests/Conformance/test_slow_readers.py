"""Many readers and slow ones: nothing is lost that was not said to be, and nobody waits for anybody."""
import contextlib
import os
import signal
import time

import pytest

from streams import Stalling, WebSocketReader, websocket
from witnesses import RawSocket

FRAMES = "/v1/interfaces/vcan0/frames"


def send_at(raw, rate, count):
    """Sends frames that are numbered in their payload, so many a second."""
    begin = time.monotonic()
    for number in range(count):
        while time.monotonic() < begin + number / rate:
            time.sleep(0.0005)
        raw.send(0x123, number.to_bytes(4, "big"))


def test_a_thousand_frames_a_second_reach_eight_websockets_complete_and_in_order(service, wire):
    with contextlib.ExitStack() as stack, RawSocket("vcan0") as raw:
        readers = [WebSocketReader(service, FRAMES + "?count=1000") for _ in range(8)]
        for reader in readers:
            stack.callback(reader.close)
            assert reader.next()["type"] == "open"
        send_at(raw, 1000, 1000)
        sent = wire.wait_for_count("vcan0", 1000)
        # By the kernel's clock it was that fast.
        assert sent[-1].time - sent[0].time < 1.1
        told = readers[0].rest()
        assert [event["data"] for event in told] == [frame.data for frame in sent]
        assert [f"{event['timestamp']:.6f}" for event in told] == [frame.timestamp for frame in sent]
        assert [event["seq"] for event in told] == list(range(told[0]["seq"], told[0]["seq"] + 1000))
        for reader in readers[1:]:
            assert reader.rest() == told
        assert [reader.closed for reader in readers] == [1000] * 8
    assert service.get("/v1/interfaces/vcan0")["capture"]["kernel_dropped"] == 0


@pytest.fixture
def small(start):
    """A service whose log holds little."""
    return start("--log-bytes", "262144")


def overrun(service, raw, path, *, count):
    """A reader that stalled while so many frames went by; `open` is read."""
    reader = Stalling(service, path)
    assert reader.next()["type"] == "open"
    payload = bytes(56)
    with websocket(service, FRAMES + "?filter=7FE:7FF") as marker:
        for number in range(count):
            raw.send_flexible(0x123, number.to_bytes(4, "big") + payload[:44])
        raw.send(0x7FE)
        marker.until_type("frame")
    return reader


def numbers(events):
    return [int(event["data"][:8], 16) for event in events if event["type"] == "frame" and event["id"] == "123"]


def test_a_reader_that_was_too_slow_is_told_how_much_it_missed_and_goes_on(small):
    count = 2000
    with RawSocket("vcan0") as raw:
        reader = overrun(small, raw, FRAMES, count=count)
        try:
            reader.until_type("frame", id="7FE")
            raw.send(0x7FD)
            reader.until_type("frame", id="7FD")
        finally:
            reader.close()
    events = reader.seen
    gaps = [event for event in events if event["type"] == "gap"]
    server = [gap for gap in gaps if gap["where"] == "server"]
    assert server, "nothing was lost: the test is too weak"
    got = numbers(events)
    assert len(got) + sum(gap["lost"] for gap in gaps) == count
    assert got == sorted(set(got))
    for gap in server:
        assert set(gap) == {"type", "seq", "lost", "exact", "where", "from_seq", "to_seq"}
        assert gap["exact"] is True and gap["lost"] > 0
        place = events.index(gap)
        assert gap["from_seq"] == events[place - 1]["seq"] + 1
        assert gap["to_seq"] == events[place + 1]["seq"] - 1
        # It takes no number of its own, and carries the last one that the stream has passed.
        assert gap["seq"] == gap["to_seq"]


def test_with_a_filter_what_was_missed_is_an_upper_bound(small):
    count = 2000
    with RawSocket("vcan0") as raw:
        reader = overrun(small, raw, FRAMES + "?filter=120:7F0,7F0:7F0", count=count)
        try:
            reader.until_type("frame", id="7FE")
        finally:
            reader.close()
    server = [event for event in reader.seen if event["type"] == "gap" and event["where"] == "server"]
    assert server and all(gap["exact"] is False for gap in server)
    assert len(numbers(reader.seen)) + sum(gap["lost"] for gap in server) >= count


def test_a_stalled_reader_delays_no_other(small):
    """While one takes nothing, another gets everything, each frame as soon as it is there."""
    with RawSocket("vcan0") as raw, contextlib.ExitStack() as stack:
        stalled = overrun(small, raw, FRAMES, count=2000)
        stack.callback(stalled.close)
        lively = stack.enter_context(websocket(small, FRAMES))
        for number in range(50):
            raw.send(0x321, number.to_bytes(4, "big"))
            event = lively.next()
            assert int(event["data"], 16) == number
            assert time.time() - event["timestamp"] < 2
        assert small.request("GET", "/v1").status == 200


def test_the_log_is_bounded(small):
    """Memory does not grow with what a stalled reader has not read."""
    def resident():
        with open(f"/proc/{small.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    with RawSocket("vcan0") as raw, contextlib.ExitStack() as stack:
        stack.callback(overrun(small, raw, FRAMES, count=2000).close)
        before = resident()
        stack.callback(overrun(small, raw, FRAMES, count=2000).close)
        assert resident() - before < 4096


def test_what_the_kernel_dropped_is_told_also_on_a_quiet_bus(start):
    """The service is held while more comes than its receive buffer takes, and then nothing follows."""
    service = start("--receive-buffer-bytes", "20000")
    count = 300
    with websocket(service, FRAMES) as stream, RawSocket("vcan0") as raw:
        os.kill(service.pid, signal.SIGSTOP)
        for number in range(count):
            raw.send(0x123, number.to_bytes(4, "big"))
        os.kill(service.pid, signal.SIGCONT)
        gap = stream.until_type("gap")
        got = numbers(stream.seen)
        assert set(gap) == {"type", "seq", "lost", "exact", "where", "interface"}
        assert (gap["exact"], gap["where"], gap["interface"]) == (True, "kernel", "vcan0")
        assert got == list(range(len(got))) and gap["lost"] == count - len(got) > 0
        assert [event["seq"] for event in stream.seen] == list(range(stream.opened["seq"], gap["seq"] + 1))
        assert service.get("/v1/interfaces/vcan0")["capture"]["kernel_dropped"] == gap["lost"]
        # It is not told twice, when the next frame reports it too.
        raw.send(0x124)
        assert stream.next()["id"] == "124"


def test_frames_and_losses_add_up(start):
    """Dropped in the kernel again and again, with frames between: nothing is counted twice or forgotten."""
    service = start("--receive-buffer-bytes", "20000")
    rounds, count = 3, 150
    with websocket(service, FRAMES) as stream, RawSocket("vcan0") as raw:
        for _ in range(rounds):
            os.kill(service.pid, signal.SIGSTOP)
            for number in range(count):
                raw.send(0x123, number.to_bytes(4, "big"))
            os.kill(service.pid, signal.SIGCONT)
            stream.until_type("frame")
            raw.send(0x124)
        total = rounds * (count + 1)

        def counted():
            return sum(event["lost"] if event["type"] == "gap" else event["type"] == "frame" for event in stream.seen)

        while counted() < total:
            stream.next()
    assert counted() == total
    assert sum(event["type"] == "gap" for event in stream.seen) >= 1
