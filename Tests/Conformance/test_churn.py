"""Interfaces that come, go and change two hundred times under load: nothing is lost, left behind or out of order."""
import random
import subprocess
import threading

import pytest

from links import changed, make, told_of
from service import PATIENCE, wait_until
from streams import websocket
from traffic import ENDLESS, Sender, gaps, numbers
from witnesses import ip

CYCLES, SEED = 200, 20260
NAMES = [f"churn{number}" for number in range(6)]
# What goes on elsewhere meanwhile, in frames a second.
RATE = 400
LAST = "7FE"


class Reading(threading.Thread):
    """Reads a stream as it comes, up to a frame of an identifier on an interface."""

    def __init__(self, stream, interface, identifier):
        super().__init__(daemon=True)
        self._stream, self._last = stream, {"interface": interface, "id": identifier}
        self._is_complete = False
        self.start()

    def run(self):
        self._stream.until_type("frame", 600, **self._last)
        self._is_complete = True

    def finish(self):
        """All that the stream said."""
        self.join(5 * PATIENCE)
        assert self._is_complete, f"the stream was lost, or is late: {self._stream.seen[-3:]}"
        return self._stream.seen


class Churn:
    """Makes, changes and removes interfaces at random, now over HTTP, now by another program; notes what to expect."""

    def __init__(self, service):
        self._service, self._chance = service, random.Random(SEED)
        # What is there, and whether it is up.
        self._there = {}
        self.expected, self.sent = [], []

    def step(self):
        free = [name for name in NAMES if name not in self._there]
        name = self._chance.choice(NAMES)
        over_http = self._chance.random() < 0.5
        if name not in self._there:
            self._add(name, over_http)
        elif self._there[name]:
            self._chance.choice([self._down, self._remove])(name, over_http)
        elif free and self._chance.random() < 0.3:
            self._rename(name, self._chance.choice(free))
        else:
            self._chance.choice([self._up, self._up, self._remove])(name, over_http)

    def _add(self, name, over_http):
        if over_http:
            assert make(self._service, name).status == 201
        else:
            ip("link", "add", name, "type", "vcan")
        self._there[name] = False
        self.expected.append((name, "added"))

    def _up(self, name, over_http):
        if over_http:
            assert changed(self._service, name, up=True)["up"] is True
        else:
            ip("link", "set", name, "up")
        self._there[name] = True
        self.expected.append((name, "up"))
        # Each that is up is used at once.
        data = len(self.sent).to_bytes(4, "big").hex().upper()
        answer = self._service.request(
            "POST", f"/v1/interfaces/{name}/frames", json_body={"id": "321", "data": data})
        assert answer.status == 200, answer
        self.sent.append((name, data))

    def _down(self, name, over_http):
        if over_http:
            assert changed(self._service, name, up=False)["up"] is False
        else:
            ip("link", "set", name, "down")
        self._there[name] = False
        self.expected.append((name, "down"))

    def _rename(self, name, other):
        ip("link", "set", name, "name", other)
        self._there[other] = self._there.pop(name)
        self.expected.append((other, "renamed"))

    def _remove(self, name, over_http):
        if over_http:
            assert self._service.request("DELETE", f"/v1/interfaces/{name}").status == 204
        else:
            ip("link", "del", name)
        if self._there.pop(name):
            self.expected.append((name, "down"))
        self.expected.append((name, "removed"))

    def end(self):
        """Removes what is there."""
        for name in list(self._there):
            self._remove(name, over_http=False)


@pytest.fixture
def service(start):
    """A service of the test's own, which has done all that may leave something behind the first time."""
    service = start()
    with websocket(service) as stream:
        assert make(service, NAMES[0], up=True).status == 201
        service.request("POST", f"/v1/interfaces/{NAMES[0]}/frames", json_body={"id": "123"})
        service.request("DELETE", f"/v1/interfaces/{NAMES[0]}")
        stream.until_type("interface", interface=NAMES[0], change="removed")
    yield service
    for name in NAMES:
        subprocess.run(["ip", "link", "del", name], capture_output=True, check=False)


def test_two_hundred_cycles_under_load(service, wire):
    wait_until(lambda: service.get("/v1/streams")["streams"] == [], "the first stream is gone")
    # The socket by which requests send there stays open.
    service.request("POST", "/v1/interfaces/vcan0/frames", json_body={"id": LAST})
    before = service.descriptors()
    churn = Churn(service)
    with (
        websocket(service) as everything,
        websocket(service, "/v1/interfaces/vcan0/frames?filter=123:7FF,7FE:7FF") as traffic,
        Sender("vcan0", ENDLESS, RATE) as load,
    ):
        readings = [Reading(stream, "vcan0", LAST) for stream in (everything, traffic)]
        for _ in range(CYCLES):
            churn.step()
        churn.end()
        assert not load.is_done, "there was load all the time"
        load.stop()
        service.request("POST", "/v1/interfaces/vcan0/frames", json_body={"id": LAST})
        said, of_traffic = (reading.finish() for reading in readings)
    service.check()

    # Each stream has the other interface's frames, all of them.
    sent = [int(frame.data, 16) for frame in wire.frames("vcan0") if frame.id == "123"]
    assert sent == list(range(len(sent))) and len(sent) > CYCLES
    for events in (said, of_traffic):
        assert gaps(events) == []
        assert numbers([event for event in events if event.get("interface") == "vcan0"]) == sent
        places = [event["seq"] for event in events]
        assert places == sorted(places)

    # What became of each interface is said in the order in which it happened, and all that was sent on it is there.
    assert told_of(said, *NAMES) == churn.expected
    frames = [(event["interface"], event["data"]) for event in said if event.get("id") == "321"]
    assert sorted(frames, key=lambda frame: frame[1]) == churn.sent

    # Nothing is left behind.
    assert not set(NAMES) & {interface["name"] for interface in service.get("/v1/interfaces")["interfaces"]}
    wait_until(lambda: service.descriptors() <= before, "the descriptors are given back")
