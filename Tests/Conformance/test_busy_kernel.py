"""The kernel has one lock for all interfaces, which it holds while it changes some of them.

It does so for a second where it brings up a slow adapter. What needs that lock waits; nobody else does.
"""
import contextlib
import subprocess
import threading
import time

import pytest

from commands import acknowledged
from exactness import meanwhile
from isotp_partners import exchange, listeners
from service import wait_until
from streams import HANDSHAKE, TEXT, WebSocketReader, websocket

# What the lock has to be held for at least, in seconds, for times to say something.
LEAST = 0.3
FIRST_CROWD, GROUP = 300, "7"


class Crowd:
    """Interfaces in a network namespace of their own, where no service sees them. The kernel removes all of them in one
    go; its lock is held meanwhile, and is that of all namespaces."""

    def __init__(self):
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo; exec sleep infinity"], stdout=subprocess.PIPE)
        # Only from here on it is in a namespace of its own.
        self._holder.stdout.readline()
        self._ip = ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net", "ip"]

    def make(self, count):
        commands = "".join(f"link add crowd{number} group {GROUP} type vcan\n" for number in range(count))
        subprocess.run([*self._ip, "-batch", "-"], input=commands, text=True, check=True)

    @contextlib.contextmanager
    def being_removed(self):
        """Gives what is false once they are gone; waits for that at the end."""
        with subprocess.Popen([*self._ip, "link", "del", "group", GROUP]) as removal:
            yield lambda: removal.poll() is None
            assert removal.wait() == 0

    def close(self):
        self._holder.kill()
        self._holder.communicate()


@pytest.fixture
def crowd():
    with contextlib.closing(Crowd()) as crowd:
        yield crowd


def waiting_calls(service, name):
    """Everything on an interface for which the service needs the lock, by what it is for."""
    path = f"/v1/interfaces/{name}"

    def confirmation():
        query = "confirm=true&timeout_ms=60000&confirm_ms=60000"
        return service.request("POST", f"{path}/frames?{query}", json_body={"id": "123"}).status

    def transfer():
        return exchange(service, "3E00", name, response=False, timeout_ms=60000).status

    def filters():
        return service.request("PUT", f"{path}/filters", json_body={"filters": ["123:7FF"]}).status

    def pdus():
        with contextlib.closing(WebSocketReader(service, f"{path}/isotp?tx_id=7E1&rx_id=7E9")) as reader:
            return reader.status

    def python_can():
        fields = {"Sec-WebSocket-Protocol": "can.json.v1"}
        with contextlib.closing(WebSocketReader(service, f"{path}/frames", fields)) as reader:
            reader.send(TEXT, b'{"type":"bus_request","payload":{"config":{}}}')
            assert reader.next()["type"] == "bus_response"
            return reader.status

    return {confirmation: 200, transfer: 200, filters: 200, pdus: 101, python_can: 101}


def timed(call):
    """What a call brings, and how long it takes."""
    begin = time.monotonic()
    return call(), time.monotonic() - begin


def longest(call, wanted, over):
    """Makes a call until it is over; the longest time that it took."""
    most = 0
    while not over.is_set():
        status, took = timed(call)
        assert status == wanted
        most = max(most, took)
    return most


def measured(service, name, crowd):
    """The longest that all waited who need the lock, and that somebody waited who does not."""
    over, others = threading.Event(), 0
    calls = [lambda call=call, wanted=wanted: longest(call, wanted, over)
             for call, wanted in waiting_calls(service, name).items()]
    with websocket(service, f"/v1/interfaces/{name}/frames?events=job") as stream, meanwhile(*calls) as pending:
        try:
            # All of them have begun.
            time.sleep(0.2)
            with crowd.being_removed() as is_being_removed:
                while is_being_removed():
                    others = max(others, timed(lambda: acknowledged(stream, "ping"))[1])
                    time.sleep(0.01)
        finally:
            over.set()
        return min(call.result() for call in pending), others


def test_who_needs_no_lock_does_not_wait_for_it(service, make_interface, crowd):
    """Asked again where the lock was not held for long, or the machine had something else to do."""
    name, count, told = make_interface(), FIRST_CROWD, []
    # What is found out once.
    service.get("/v1")
    for _ in range(12):
        crowd.make(count)
        waited, others = measured(service, name, crowd)
        told.append((count, round(waited, 3), round(others, 3)))
        if waited < LEAST:
            count *= 2
        elif others < waited / 4:
            return
    raise AssertionError(f"interfaces, seconds with the lock, seconds without: {told}")


def asking(service, name):
    """Clients that have asked for what waits for the lock, and read no answer."""
    path = f"/v1/interfaces/{name}"
    upgrade = "".join(f"{field}: {value}\r\n" for field, value in HANDSHAKE.items())
    requests = [
        (f"POST {path}/frames?confirm=true", "123#"),
        (f"POST {path}/isotp", '{"tx_id":"7E0","rx_id":"7E8","data":"3E00"}'),
        (f"PUT {path}/filters", '{"filters":[]}'),
        (f"GET {path}/isotp?tx_id=7E1&rx_id=7E9", ""),
    ]
    clients = []
    for line, body in requests * 5:
        fields = f"Content-Length: {len(body)}\r\n" if body else upgrade
        clients.append(service.connect())
        clients[-1].sendall(f"{line} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{body}".encode())
    return clients


def test_clients_that_leave_while_their_sockets_are_opened_leave_nothing(service, make_interface, crowd):
    name = make_interface()
    service.get("/v1")
    before = service.descriptors()
    crowd.make(FIRST_CROWD)
    with crowd.being_removed():
        for client in asking(service, name):
            client.close()
    wait_until(lambda: service.descriptors() <= before and listeners(name) == [], "all sockets are closed")


@pytest.mark.parametrize("count", [FIRST_CROWD, 5 * FIRST_CROWD])
def test_the_service_stops_while_sockets_are_opened(start, make_interface, crowd, count):
    """Those that open when its time to stop is over are cut off."""
    name, stopping = make_interface(), start()
    crowd.make(count)
    with crowd.being_removed(), contextlib.ExitStack() as stack:
        for client in asking(stopping, name):
            stack.callback(client.close)
        status, _ = stopping.stop()
    assert status == 0
    assert listeners(name) == []
