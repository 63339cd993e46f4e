"""Calls on watches, and what streams say of them, for several files of tests."""
import subprocess

import pytest

from service import wait_until
from streams import websocket
from witnesses import RawSocket


@pytest.fixture
def stream(service):
    """What watches of vcan0 report."""
    with websocket(service, "/v1/interfaces/vcan0/frames?events=watch") as stream:
        yield stream


@pytest.fixture
def raw():
    with RawSocket("vcan0") as raw:
        yield raw


def watch_operations():
    """The lines of all that the kernel's broadcast manager listens for, in /proc/net/can/rcvlist_*. Its own list leaves
    out what has not seen a frame."""
    run = subprocess.run("cat /proc/net/can/rcvlist_*", shell=True, capture_output=True, text=True, check=True)
    return [line.split() for line in run.stdout.splitlines() if line.split()[-1:] == ["bcm"]]


def make(service, interface, identifier="123", **settings):
    """Asks for a watch; the answer."""
    return service.request("POST", f"/v1/interfaces/{interface}/watches", json_body={"id": identifier} | settings)


def current(service, watch):
    return service.get(f"/v1/watches/{watch['watch']}")


def becomes(service, watch, state):
    """Waits until the watch is in that state, and returns it."""
    return wait_until(
        lambda: (now := current(service, watch))["state"] == state and now, f"{watch['watch']} is {state}")


def report(stream, watch, change=None, **frame):
    """The next event of a watch, whose frame has these members; fails where its change is another."""
    event = stream.until_type("watch", watch=watch["watch"])
    assert event["interface"] == watch["interface"]
    assert change in (None, event["change"]), event
    assert {name: event["frame"][name] for name in frame} == frame, event
    return event


def reports_until(stream, watch, data):
    """The data of the frames that a watch reports, up to one with these data, which is the last of them."""
    told = []
    while not told or told[-1] != data:
        told.append(stream.until_type("watch", watch=watch["watch"])["frame"]["data"])
    return told
