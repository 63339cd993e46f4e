"""Watches that come and go cost what those cost that stay: their sockets are kept, as the kernel closes them slowly."""
import time

from raw_http import Connection
from service import wait_until
from watching import watch_operations
from witnesses import ip

WATCHES = "/v1/interfaces/vcan0/watches"
# How many watches are made and removed one after the other, and how many of them are asked for at once.
PAIRS, AT_ONCE = 500, 50


def test_watches_that_came_and_went_take_no_more_descriptors(service, watches):
    def come_and_go():
        for _ in range(5):
            watches("vcan0")
        assert service.request("DELETE", "/v1/watches").status == 204

    # Of one identifier, so that each needs a socket of its own.
    come_and_go()
    before = service.descriptors()
    for _ in range(3):
        come_and_go()
        assert watch_operations() == []
    wait_until(lambda: service.descriptors() <= before, "the descriptors are given back")


def test_the_sockets_of_an_interface_go_with_it(service, watches, make_interface):
    before = service.descriptors()
    name = make_interface()
    for _ in range(5):
        watches(name)
    assert service.request("DELETE", "/v1/watches").status == 204
    ip("link", "del", name)
    wait_until(lambda: service.descriptors() <= before, "the descriptors are given back")


def statuses(connection, count):
    """Those of the next answers, the last of which has no body."""
    text = b""
    while text.count(b"HTTP/1.1 ") < count or not text.endswith(b"\r\n\r\n"):
        more = connection.socket.recv(65536)
        assert more, "the connection ended"
        text += more
    return [int(answer[:3]) for answer in text.split(b"HTTP/1.1 ")[1:]]


def test_watches_that_come_and_go_hold_up_nobody(service, watches):
    """To close the socket of each would take the kernel 17 ms, and everything that waits behind it eight seconds."""
    watches("vcan0")
    body = '{"id":"123"}'
    pair = (
        f"POST {WATCHES} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        "DELETE /v1/watches HTTP/1.1\r\nHost: localhost\r\n\r\n")
    with Connection(service) as connection:
        for _ in range(PAIRS // AT_ONCE):
            connection.write(pair * AT_ONCE)
            assert statuses(connection, 2 * AT_ONCE) == [201, 204] * AT_ONCE
    begin = time.monotonic()
    service.get("/v1/interfaces")
    assert time.monotonic() - begin < 5
