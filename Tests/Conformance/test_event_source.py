"""An EventSource whose connection is cut again and again misses and repeats nothing that the log still holds."""
import contextlib
import json
import random
import socket
import struct

import pytest

from service import PATIENCE
from streams import websocket
from traffic import Sender, accounted, gaps, numbers, overrun, send_numbered
from witnesses import RawSocket

FRAMES = "/v1/interfaces/vcan0/frames"


class EventSource:
    """What a browser's EventSource does (HTML, section 9.2), on connections that are cut after so many bytes."""

    def __init__(self, service, path):
        self._service, self._path = service, path
        self._last_id = ""
        self.events, self.connections = [], 0

    def connect(self, size=1 << 20, *, events=1 << 20, reset=False):
        """Reads so many bytes or events of a new connection, and drops the event that is not complete."""
        self.connections += 1
        with contextlib.closing(self._service.connect()) as connection:
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            fields = ["Accept: text/event-stream"]
            fields += [f"Last-Event-ID: {self._last_id}"] if self._last_id else []
            # The answer to HTTP/1.0 has no chunks to take apart.
            head = [f"GET {self._path} HTTP/1.0", f"Host: {self._service.authority}", *fields]
            connection.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
            with connection.makefile("rb") as answer:
                assert b" 200 " in answer.readline()
                while answer.readline().strip():
                    pass
                self._parse(answer, size, len(self.events) + events)

    def _parse(self, answer, size, events):
        name, data = self._last_id, []
        while size > 0 and len(self.events) < events and not self.at_last_frame:
            line = answer.readline(size)
            size -= len(line)
            assert line, "the service ended the stream"
            if not line.endswith(b"\n"):
                return
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "id":
                name = value
            elif field == "data":
                data.append(value)
            elif not field:
                self._last_id = name
                self.events += [json.loads("\n".join(data))] if data else []
                data = []

    @property
    def at_last_frame(self):
        return bool(self.events) and self.events[-1].get("id") == "7FE"

    def read_to_last_frame(self, chance, size=30000):
        """Cuts at places left to chance, at the latest after so many bytes, until frame 7FE was read."""
        while not self.at_last_frame:
            self.connect(chance.randrange(1, size), reset=chance.random() < 0.5)


@pytest.mark.parametrize("seed", range(3))
def test_wherever_it_is_cut_nothing_is_missed_and_nothing_comes_twice(service, seed):
    count = 3000
    chance = random.Random(seed)
    source = EventSource(service, FRAMES)
    source.connect(events=1)
    with Sender("vcan0", count, 1000, last=0x7FE):
        source.read_to_last_frame(chance)
    assert source.connections >= 20
    assert numbers(source.events) == list(range(count))
    assert not gaps(source.events)
    first, *others = [event for event in source.events if event["type"] == "open"]
    assert "resumed" not in first and all(event["resumed"] is True for event in others)
    passed = [event["seq"] for event in source.events]
    assert passed == sorted(passed)


def test_with_a_filter_it_misses_nothing_either(service):
    count = 2000
    chance = random.Random(4)
    source = EventSource(service, FRAMES + "?filter=100:7FF,7FE:7FF")
    source.connect(events=1)
    with Sender("vcan0", count, 1000, identifier=0x100, identifiers=8, last=0x7FE):
        source.read_to_last_frame(chance, 5000)
    assert numbers(source.events, "100") == list(range(0, count, 8)) and not gaps(source.events)


def test_when_it_comes_back_too_late_the_sum_is_right(start):
    """What it read, what it is told is lost, and what it reads then is everything that was sent."""
    service = start("--log-bytes", "262144")
    source = EventSource(service, FRAMES)
    source.connect(events=1)
    with websocket(service, FRAMES) as marker, RawSocket("vcan0") as raw:
        send_numbered(raw, 100)
        marker.frames(100)
    chance = random.Random(5)
    while len(numbers(source.events)) < 40:
        source.connect(chance.randrange(1, 3000))
    overrun(service, count=3500)
    source.read_to_last_frame(chance)
    told = gaps(source.events)
    assert len(told) == 1 and told[0]["where"] == "server"
    assert accounted(source.events) == 100 + 3500 + 1
    opened = source.events[source.events.index(told[0]) - 1]
    assert opened["type"] == "open" and opened["resumed"] is False


def test_after_the_service_started_anew_it_is_told_that_history_is_lost(start):
    first = start()
    source = EventSource(first, FRAMES)
    source.connect(events=1)
    with websocket(first, FRAMES) as marker, RawSocket("vcan0") as raw:
        send_numbered(raw, 10)
        marker.frames(10)
        source.connect(1500)
        assert numbers(source.events)
        first.stop()
        second = start(port=first.port)
        with websocket(second, FRAMES) as marker_of_second:
            send_numbered(raw, 5, 100)
            raw.send(0x7FE)
            marker_of_second.until_type("frame", PATIENCE, id="7FE")
    before = len(source.events)
    source.connect(events=2)
    source.read_to_last_frame(random.Random(6))
    events = source.events[before:]
    opened, gap = events[:2]
    assert opened["epoch"] != source.events[0]["epoch"] and opened["resumed"] is False
    assert (gap["type"], gap["where"], gap["exact"]) == ("gap", "server", False)
    assert numbers(events) == [100, 101, 102, 103, 104]
