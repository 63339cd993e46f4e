"""The times of watches: silence is told once and in time, throttled changes come at their boundary and the newest."""
import itertools
import time

import pytest

from exactness import Stopwatch, on_time
from service import PATIENCE
from streams import websocket
from traffic import Sender
from watching import current, raw, report, stream
from witnesses import ip

# How late a timer may be told, in seconds.
LATE = 0.02
ONE = [{"id": "123", "data": "01"}]


def silence(stream, watch):
    """Waits until a watch says that nothing came."""
    event = stream.until_type("watch", watch=watch["watch"])
    assert set(event) == {"type", "seq", "timestamp", "interface", "watch", "change"}
    assert (event["interface"], event["change"]) == (watch["interface"], "timeout")
    return event


def changes(stream, watch):
    """What was said of a watch so far."""
    return [event["change"] for event in stream.seen if event.get("watch") == watch["watch"]]


# Silence.


def test_silence_is_told_in_time_from_the_watchs_creation_on(service, watches, stream):
    # Only so many may watch the same.
    identifiers = itertools.count(0x100)

    def measure():
        watch = Stopwatch(lambda: watches("vcan0", f"{next(identifiers):03X}", timeout_ms=200))
        silence(stream, watch.result)
        told = watch.read()
        assert current(service, watch.result)["timeouts"] == 1
        return told

    on_time(measure, 0.2, LATE)


def test_silence_is_told_in_time_after_the_last_frame(watches, stream, raw):
    watch = watches("vcan0", timeout_ms=150)
    silence(stream, watch)

    def measure():
        raw.send(0x123, b"\x01")
        last = report(stream, watch)
        return silence(stream, watch)["timestamp"] - last["timestamp"]

    on_time(measure, 0.15, LATE)


def test_silence_is_told_once(service, watches, stream):
    watch = watches("vcan0", timeout_ms=50)
    # Twenty times as long.
    clock = watches("vcan0", "124", timeout_ms=1000)
    silence(stream, clock)
    assert changes(stream, watch) == ["timeout"] and current(service, watch)["timeouts"] == 1


def test_silence_is_told_once_though_frames_come_that_are_not_looked_at(service, watches, stream, raw):
    """With them the kernel begins to wait anew."""
    watch = watches("vcan0", mask="FF", mux=[{"value": "01"}], timeout_ms=50)
    for _ in range(2):
        silence(stream, watch)
        raw.send(0x123, b"\x02")
        # Ten times as long.
        clock = watches("vcan0", "124", timeout_ms=500)
        silence(stream, clock)
        raw.send(0x123, b"\x01")
        report(stream, watch, "resumed", data="01")
    assert changes(stream, watch) == ["timeout", "resumed"] * 2
    # The next silence may have come meanwhile.
    assert current(service, watch)["timeouts"] in (2, 3)


@pytest.mark.parametrize("members", [{}, {"mask": "FF"}])
def test_the_first_frame_after_silence_is_told_as_that(service, watches, stream, raw, members):
    """Under a mask, too, and though nothing has changed."""
    watch = watches("vcan0", timeout_ms=500, **members)
    for _ in range(3):
        silence(stream, watch)
        for data in (b"\x01", b"\x02", b"\x01"):
            raw.send(0x123, data)
        report(stream, watch, "resumed", data="01")
        report(stream, watch, "changed", data="02")
        report(stream, watch, "changed", data="01")
    silence(stream, watch)
    assert current(service, watch)["timeouts"] == 4


def test_frames_that_come_in_time_keep_it_quiet(service, watches, stream, wire, jobs):
    """They need not change anything."""
    watch = watches("vcan0", mask="FF", timeout_ms=3000)
    job = jobs("vcan0", ONE, interval_ms=20)
    wire.wait_for_count("vcan0", 200)
    report(stream, watch, "changed")
    assert current(service, watch)["timeouts"] == 0
    assert service.request("DELETE", f"/v1/jobs/{job['id']}").status == 204
    silence(stream, watch)
    assert changes(stream, watch) == ["changed", "timeout"]


def test_frames_of_others_do_not_keep_it_quiet(watches, stream, jobs):
    others = [{"id": "124"}, {"id": "00000123"}, {"id": "123", "rtr": True}]
    jobs("vcan0", others, interval_ms=20)
    silence(stream, watches("vcan0", timeout_ms=200))


def test_two_watches_of_one_identifier_have_times_of_their_own(watches, stream, raw):
    soon, late = watches("vcan0", timeout_ms=400), watches("vcan0", timeout_ms=900)

    def told(*wanted):
        """When both said what is wanted of each, the last of it."""
        events = {soon["watch"]: [], late["watch"]: []}
        while any(len(said) < len(wanted) for said in events.values()):
            event = stream.until_type("watch")
            events[event["watch"]].append(event)
        assert all([event["change"] for event in said] == list(wanted) for said in events.values()), events
        return [said[-1]["timestamp"] for said in events.values()]

    def error():
        """How far the later silence is from half a second after the other."""
        raw.send(0x123, b"")
        first, second = told("resumed", "timeout")
        return abs(second - first - 0.5)

    told("timeout")
    on_time(error, 0, 0.1)


def test_silence_of_flexible_frames(watches, stream, raw):
    watch = watches("vcan0", fd=True, timeout_ms=400)
    silence(stream, watch)
    raw.send_flexible(0x123, b"\x01" * 12)
    report(stream, watch, "resumed", data="01" * 12)
    # A classic one is none.
    raw.send(0x123, b"\x02")
    silence(stream, watch)
    raw.send_flexible(0x123, b"\x03")
    report(stream, watch, "resumed", data="03")


@pytest.mark.parametrize("timeout", [0.001, 1, 50.5])
def test_times_down_to_a_microsecond(watches, stream, raw, timeout):
    watch = watches("vcan0", timeout_ms=timeout)
    assert watch["timeout_ms"] == timeout
    silence(stream, watch)
    raw.send(0x123, b"\x01")
    report(stream, watch, "resumed")
    silence(stream, watch)


def test_a_machine_that_falls_silent_when_its_cable_is_pulled(service, watches, make_pair):
    """The other end of a bus goes away while it sends."""
    near, far = make_pair()
    with websocket(service, f"/v1/interfaces/{near}/frames?events=watch") as stream, Sender(far, 10000, 100):
        watch = watches(near, timeout_ms=300)
        stream.until_type("watch", watch=watch["watch"], change="changed")
        ip("link", "set", far, "down")
        stream.until_type("watch", watch=watch["watch"], change="timeout")


# Throttling.


def test_changes_are_held_back_and_the_newest_comes_at_the_boundary(watches, stream, raw):
    watch = watches("vcan0", throttle_ms=300)
    # Only so many may watch the same.
    identifiers = itertools.count(0x124)

    def measure():
        # After a boundary without a change the first one comes at once.
        period = Stopwatch(lambda: raw.send(0x123, b"\x01"))
        for value in range(2, 10):
            raw.send(0x123, bytes([value]))
        report(stream, watch, "changed", data="01")
        report(stream, watch, "changed", data="09")
        took = period.read()
        # Nothing came since: the next period has nothing to tell, and is waited for by another watch's timer.
        clock = watches("vcan0", f"{next(identifiers):03X}", timeout_ms=400)
        stream.until_type("watch", watch=clock["watch"])
        assert stream.seen[-2]["frame"]["data"] == "09"
        return took

    on_time(measure, 0.3, LATE)


def test_a_stream_of_changes_is_thinned_out_to_its_newest(watches, stream):
    """A thousand frames in a second, and a report each tenth of one."""
    watch = watches("vcan0", mask="FFFFFFFF", throttle_ms=100)
    begin = time.monotonic()
    with Sender("vcan0", 1000, 1000) as sender:
        end = time.monotonic() + PATIENCE
        while not stream.seen or stream.seen[-1]["type"] != "watch" or stream.seen[-1]["frame"]["data"] != "000003E7":
            report(stream, watch, "changed")
            assert time.monotonic() < end
        sender.finish()
    took = time.monotonic() - begin
    told = [int(event["frame"]["data"], 16) for event in stream.seen if event["type"] == "watch"]
    assert told == sorted(set(told)) and 3 <= len(told) <= took / 0.1 + 2


def test_what_does_not_change_under_the_mask_is_not_told_at_the_boundary_either(watches, stream, raw):
    watch = watches("vcan0", mask="FF00", throttle_ms=200)
    for data in (b"\x01\x00", b"\x01\x01", b"\x02\x02", b"\x02\x03"):
        raw.send(0x123, data)
    report(stream, watch, "changed", data="0100")
    # Whichever of the two frames with that value it is.
    assert report(stream, watch, "changed")["frame"]["data"][:2] == "02"
    clock = watches("vcan0", "124", timeout_ms=500)
    silence(stream, clock)
    assert changes(stream, watch) == ["changed", "changed"]


def test_silence_and_throttling_go_together(watches, stream, raw):
    watch = watches("vcan0", throttle_ms=300, timeout_ms=1000)
    silence(stream, watch)
    for data in (b"\x01", b"\x02", b"\x03"):
        raw.send(0x123, data)
    report(stream, watch, "resumed", data="01")
    report(stream, watch, "changed", data="03")
    silence(stream, watch)


def test_multiplexed_messages_are_throttled_each_with_its_newest(watches, stream, raw):
    watch = watches("vcan0", mask="FF", mux=[{"value": "01"}, {"value": "02"}], throttle_ms=300)
    for data in ("0100", "0201", "0102", "0203", "0104"):
        raw.send(0x123, bytes.fromhex(data))
    report(stream, watch, "changed", data="0100")
    told = {report(stream, watch, "changed")["frame"]["data"] for _ in range(2)}
    assert told == {"0203", "0104"}
