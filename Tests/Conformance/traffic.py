"""Frames by the thousand that are numbered in their payload, and the sums of what streams say of them."""
import re
import subprocess
import sys
import time

from processors import on_one_processor, until_all_is_seen
from streams import websocket

# More frames of 64 bytes than the smallest log and a connection together hold.
OVERRUN = 8000
# More frames than a test has time for.
ENDLESS = 10**8

# A process that does nothing else: the test goes on reading meanwhile.
PROGRAM = """
import os, socket, struct, sys, time
# Frames that are sent on two processors may overtake each other.
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
interface, count, rate, identifier, identifiers, length, last = sys.argv[1], *map(int, sys.argv[2:])
frame = struct.Struct("=IBxxx8s" if length <= 8 else "=IBxxx64s")
raw = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
raw.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FILTER, b"")
raw.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FD_FRAMES, 1)
raw.bind((interface,))
begin = time.monotonic()
for number in range(count):
    while rate and time.monotonic() < begin + number / rate:
        time.sleep(0.002)
    raw.send(frame.pack(identifier + number % identifiers, length, number.to_bytes(4, "big")))
if last:
    raw.send(struct.pack("=I12x", last))
"""


class Sender:
    """Sends so many frames at a rate (0: as fast as it can), by default all of identifier 123 with four bytes.

    With several identifiers these take turns. More than eight bytes make FD frames. `last` is the identifier of an
    empty frame that follows.
    """

    def __init__(self, interface, count, rate=0, *, identifier=0x123, identifiers=1, length=4, last=0):
        numbers = (count, rate, identifier, identifiers, length, last)
        self._process = subprocess.Popen(
            [sys.executable, "-IS", "-c", PROGRAM, interface, *map(str, numbers)])

    def finish(self, seconds=200):
        """Waits until all were sent, and every socket has them."""
        assert self._process.wait(seconds) == 0
        until_all_is_seen()

    def stop(self):
        """Sends no more; what was sent has come to every socket."""
        self._process.kill()
        self._process.wait()
        until_all_is_seen()

    @property
    def is_done(self):
        return self._process.poll() is not None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def send_numbered(raw, count, first=0, identifier=0x123):
    """Sends frames at once, numbered from `first` on, and waits until every socket has them."""
    with on_one_processor():
        for number in range(first, first + count):
            raw.send(identifier, number.to_bytes(4, "big"))
    until_all_is_seen()


def overrun(service, interface="vcan0", count=OVERRUN):
    """Lets more go by than a small log holds, up to a frame 7FE, and waits until the service has it all."""
    with (
        websocket(service, f"/v1/interfaces/{interface}/frames?filter=7FE:7FF") as marker,
        Sender(interface, count, 4000, length=64, last=0x7FE) as sender,
    ):
        sender.finish()
        marker.until_type("frame")


def numbers(events, identifier="123"):
    """The numbers of the frames among these events."""
    return [int(event["data"][:8], 16) for event in events if event["type"] == "frame" and event["id"] == identifier]


def numbers_in(said):
    """The numbers of all frames in what a stream said, whatever its transport; those without a number are left out."""
    return [int(data, 16) for data in re.findall(rb'(?:"data":"| 123#)([0-9A-F]{8})["\n]', said)]


def gaps(events, where=None):
    return [event for event in events if event["type"] == "gap" and where in (None, event["where"])]


def accounted(events):
    """For how many frames these events account: those shown, error frames included, and those said to be lost."""
    shown = sum(event["type"] in ("frame", "error") for event in events)
    return shown + sum(event["lost"] for event in gaps(events))


def until_accounted(reader, count, seconds=30):
    """Reads on until the events account for so many frames, and not for more."""
    end = time.monotonic() + seconds
    told = accounted(reader.seen)
    while told < count:
        event = reader.next(end - time.monotonic())
        assert event is not None, f"the stream ended when it had accounted for {told}"
        told += accounted([event])
    assert told == count
