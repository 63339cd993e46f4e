"""The sums: what a reader was shown and what it was told is lost make exactly what was sent.

On every transport, at several rates, whether the reader is too slow or the kernel had to drop, or both.
"""
import contextlib
import resource
import time

import pytest

from service import asleep, wait_until
from streams import websocket
from traffic import OVERRUN, Sender, accounted, gaps, numbers, numbers_in, send_numbered, until_accounted
from transports import TRANSPORTS, WITH_JSON, Gatherer, follow, stalling, widen
from witnesses import ERROR, RawSocket, cansend

FRAMES = "/v1/interfaces/vcan0/frames"
LITTLE_LOG = ("--log-bytes", "262144")
# The kernel doubles it, and holds about a hundred frames in it.
LITTLE_BUFFER = ("--receive-buffer-bytes", "40000")


def in_order(events):
    """The numbers of the frames, none of which comes twice or before an earlier one."""
    got = numbers(events)
    assert got == sorted(set(got))
    return got


def test_a_reader_that_stops_for_ten_seconds_and_seven_that_do_not(start):
    """5,000 frames a second: the one gets the beginning, a gap and the end, the seven get everything."""
    # Room for what comes while a lively reader is held up for some seconds, and not for all.
    service = start("--log-bytes", "5242880")
    count, rate = 50_000, 5_000
    path = FRAMES + "?heartbeat=300"
    with contextlib.ExitStack() as stack, RawSocket("vcan0") as raw:
        # One that stalls on each transport, in one go.
        stalled = {transport: stack.enter_context(stalling(service, path, transport)) for transport in TRANSPORTS}
        lively = stack.enter_context(Gatherer(service, path, [*TRANSPORTS, *WITH_JSON], end="7FE"))
        stack.enter_context(Sender("vcan0", count, rate)).finish()
        raw.send(0x7FE)
        for said in lively.finish(100):
            assert b"gap" not in said
            assert numbers_in(said) == list(range(count))
        for transport, reader in stalled.items():
            widen(reader)
            reader.until_type("frame", 60, id="7FE")
            told = gaps(reader.seen)
            assert told and {gap["where"] for gap in told} == {"server"}, transport
            assert len(in_order(reader.seen)) + sum(gap["lost"] for gap in told) == count, transport
            if transport in WITH_JSON:
                assert all(gap["exact"] is True for gap in told), transport
    assert service.get("/v1/interfaces/vcan0")["capture"]["kernel_dropped"] == 0


@pytest.mark.parametrize("rate", [2000, 5000, 0])
def test_readers_that_were_overrun_account_for_everything(start, rate):
    service = start(*LITTLE_LOG)
    with contextlib.ExitStack() as stack, RawSocket("vcan0") as raw:
        readers = {transport: stack.enter_context(stalling(service, FRAMES, transport)) for transport in TRANSPORTS}
        stack.enter_context(Sender("vcan0", OVERRUN, rate, length=64)).finish()
        raw.send(0x7FE)
        for transport, reader in readers.items():
            reader.until_type("frame", 60, id="7FE")
            in_order(reader.seen)
            assert gaps(reader.seen, "server"), f"{transport}: nothing was lost, the test is too weak"
            assert accounted(reader.seen) == OVERRUN + 1, transport


@pytest.mark.parametrize("rate", [2000, 5000])
def test_readers_that_are_too_slow_all_the_time_account_for_everything(start, rate):
    """They read, but less than comes: they lose again and again, and the sum is right at every time."""
    service = start(*LITTLE_LOG)
    count = 5 * rate
    with contextlib.ExitStack() as stack, RawSocket("vcan0") as raw:
        readers = {transport: stack.enter_context(stalling(service, FRAMES, transport)) for transport in TRANSPORTS}
        sender = stack.enter_context(Sender("vcan0", count, rate, length=64))
        while not sender.is_done:
            for reader in readers.values():
                for _ in range(20):
                    reader.next()
                # A frame's number is the sum of all that was told before it.
                reader.until_type("frame")
                assert numbers(reader.seen[-1:]) == [accounted(reader.seen) - 1]
            # As slow as this.
            time.sleep(0.1)
        sender.finish()
        raw.send(0x7FE)
        for transport, reader in readers.items():
            reader.until_type("frame", 60, id="7FE")
            in_order(reader.seen)
            assert accounted(reader.seen) == count + 1, transport
        assert all(gaps(reader.seen, "server") for reader in readers.values()), "the test is too weak"


def test_losses_on_two_interfaces_add_up(start):
    service = start(*LITTLE_LOG)
    with contextlib.ExitStack() as stack, RawSocket("vcan0") as near, RawSocket("vcan1") as far:
        both = stack.enter_context(stalling(service, "/v1/frames?interface=vcan0&interface=vcan1"))
        one = stack.enter_context(stalling(service, "/v1/interfaces/vcan1/frames"))
        senders = [stack.enter_context(Sender(*sender, length=64)) for sender in (
            ("vcan0", OVERRUN, 2000), ("vcan1", OVERRUN // 4, 500))]
        for sender in senders:
            sender.finish()
        for raw in (near, far):
            for _ in range(7):
                raw.send(ERROR | 0x40, bytes(8))
            raw.send(0x7FE)
        both.until_type("frame", 60, id="7FE", interface="vcan1")
        one.until_type("frame", 60, id="7FE")
    assert gaps(both.seen, "server"), "nothing was lost: the test is too weak"
    assert accounted(both.seen) == OVERRUN + OVERRUN // 4 + 2 * 8
    assert accounted(one.seen) == OVERRUN // 4 + 8


def test_what_the_kernel_dropped_is_told_also_on_a_quiet_bus(start):
    """The service is held while more comes than its receive buffer takes, and then nothing follows."""
    service = start(*LITTLE_BUFFER)
    count = 1000
    with websocket(service, FRAMES) as stream, RawSocket("vcan0") as raw:
        with asleep(service):
            send_numbered(raw, count)
        went_on = time.monotonic()
        gap = stream.until_type("gap")
        # Sooner than a heartbeat.
        assert time.monotonic() - went_on < 10
        got = numbers(stream.seen)
        assert set(gap) == {"type", "seq", "lost", "exact", "where", "interface"}
        assert (gap["exact"], gap["where"], gap["interface"]) == (True, "kernel", "vcan0")
        assert got == list(range(len(got))) and gap["lost"] == count - len(got) > 0
        assert [event["seq"] for event in stream.seen] == list(range(stream.opened["seq"], gap["seq"] + 1))
        assert service.get("/v1/interfaces/vcan0")["capture"]["kernel_dropped"] == gap["lost"]
        # It is not told twice, when the next frame reports it too.
        raw.send(0x124)
        assert stream.next()["id"] == "124"


@pytest.mark.parametrize("rate, seconds", [(1000, 5), (5000, 3)])
def test_what_the_kernel_dropped_while_the_service_was_held_adds_up(start, rate, seconds):
    """SIGSTOP for two seconds, then again and again for short times, while frames go on all the time."""
    service = start(*LITTLE_BUFFER)
    count = rate * seconds
    with contextlib.ExitStack() as stack, RawSocket("vcan0") as raw:
        readers = {
            transport: stack.enter_context(contextlib.closing(follow(service, FRAMES, transport)))
            for transport in TRANSPORTS}
        sender = stack.enter_context(Sender("vcan0", count, rate))
        readers["websocket"].until_type("frame")
        for held in [2, *[0.2] * 10]:
            with asleep(service):
                time.sleep(held)
            # It has come to itself when it answers.
            service.get("/v1")
        sender.finish()
        for transport, reader in readers.items():
            # The last frames may be among those that were dropped; then a gap is the last that is said.
            until_accounted(reader, count)
            in_order(reader.seen)
            told = gaps(reader.seen)
            assert told and {(gap["where"], gap["interface"]) for gap in told} == {("kernel", "vcan0")}, transport
        lost = sum(gap["lost"] for gap in told)
        assert service.get("/v1/interfaces/vcan0")["capture"]["kernel_dropped"] == lost
        # And that was all.
        raw.send(0x7FE)
        for transport, reader in readers.items():
            reader.until_type("frame", id="7FE")
            assert accounted(reader.seen) == count + 1, transport


def test_losses_in_the_kernel_and_of_a_slow_reader_add_up_together(start):
    """A part of what the reader missed had never come out of the kernel."""
    service = start(*LITTLE_BUFFER, *LITTLE_LOG)
    count = 3 * OVERRUN
    with contextlib.ExitStack() as stack, RawSocket("vcan0") as raw:
        readers = {transport: stack.enter_context(stalling(service, FRAMES, transport)) for transport in TRANSPORTS}
        sender = stack.enter_context(Sender("vcan0", count, 4000, length=64))
        while not sender.is_done:
            with asleep(service):
                time.sleep(0.3)
            time.sleep(0.3)
        sender.finish()
        dropped = wait_until(
            lambda: service.get("/v1/interfaces/vcan0")["capture"]["kernel_dropped"], "the kernel dropped some")
        for transport, reader in readers.items():
            until_accounted(reader, count, 60)
            assert gaps(reader.seen, "server"), f"{transport}: the test is too weak"
        assert 0 < dropped < count
        raw.send(0x7FE)
        for transport, reader in readers.items():
            reader.until_type("frame", id="7FE")
            assert accounted(reader.seen) == count + 1, transport


def test_a_thousand_idle_streams_are_held(start):
    """By the default limits. Each still gets what comes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    try:
        service = start()
        with contextlib.ExitStack() as stack:
            readers = [
                stack.enter_context(contextlib.closing(follow(service, FRAMES + "?heartbeat=300", transport)))
                for transport in TRANSPORTS * 250]
            assert len(service.get("/v1/streams")["streams"]) == 1000
            cansend("vcan0", "123#AA")
            assert {reader.next()["data"] for reader in readers} == {"AA"}

        def forgotten():
            # A client that left is noticed, at the latest, when something is written to it.
            cansend("vcan0", "123#")
            return service.get("/v1/streams") == {"streams": []}

        wait_until(forgotten, "they are forgotten", 100)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
