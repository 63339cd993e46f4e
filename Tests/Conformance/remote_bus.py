"""python-can's remote client on a stream of the service."""
import contextlib
import http.client
import time

import can
import can_remote.client
import can_remote.websocket

from service import PATIENCE
from transports import narrow

SUBPROTOCOLS = ["can.binary+json.v1", "can.json.v1"]


def url(service, name="vcan0"):
    return f"ws://{service.authority}/v1/interfaces/{name}/frames"


def speak(monkeypatch, subprotocol):
    """Makes the client offer this subprotocol alone; it would offer both."""
    usual = can_remote.client.WebSocket
    monkeypatch.setattr(
        can_remote.client, "WebSocket", lambda url, protocols, **rest: usual(url, [subprotocol], **rest))


def take_little(monkeypatch):
    """Makes the client's connections take next to nothing while nobody reads from them."""
    class Narrow(http.client.HTTPConnection):
        def connect(self):
            self.sock = narrow(self)

    monkeypatch.setattr(can_remote.websocket, "HTTPConnection", Narrow)


@contextlib.contextmanager
def remote(service, name="vcan0", **config):
    """The bus of an interface, as a program opens it."""
    bus = can.Bus(url(service, name), interface="remote", **config)
    try:
        yield bus
    finally:
        # The client fails when its connection has ended already.
        with contextlib.suppress(OSError, ValueError):
            bus.shutdown()
        bus._is_shutdown = True


@contextlib.contextmanager
def local(name="vcan0", **config):
    """The same interface by python-can's own socket on it: what it shows is right."""
    with can.Bus(name, interface="socketcan", fd=True, **config) as bus:
        yield bus


def message(identifier, data=b"", **members):
    """A message whose identifier is standard unless it is said to be extended."""
    return can.Message(arbitration_id=identifier, data=data, **{"is_extended_id": False} | members)


def receive(bus, count=1):
    """The next messages."""
    end = time.monotonic() + PATIENCE
    messages = []
    while len(messages) < count:
        assert time.monotonic() < end, f"{len(messages)} messages, and nothing more"
        found = bus.recv(0.5)
        messages += [found] if found else []
    return messages


def receive_until(bus, identifier):
    """The next messages up to the one of that identifier, without it."""
    messages = receive(bus)
    while messages[-1].arbitration_id != identifier:
        messages += receive(bus)
    return messages[:-1]


def assert_same(messages, others):
    """Fails unless these are the same messages, received at the same time."""
    assert len(messages) == len(others)
    for one, other in zip(messages, others):
        assert one.equals(other, timestamp_delta=2e-6, check_channel=False, check_direction=False), (one, other)
