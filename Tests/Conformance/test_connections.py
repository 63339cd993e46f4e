"""HTTP connections: kept alive, pipelined, slow, broken, with bodies in chunks."""
import socket
import time

import pytest

from raw_http import Connection, chunked, get, post
from service import PATIENCE, assert_problem, wait_until


@pytest.fixture
def connection(service):
    with Connection(service) as made:
        yield made


def test_a_connection_serves_many_requests(connection, wire):
    for _ in range(20):
        connection.write(get("/v1"))
        assert connection.answer().json["name"] == "canhttpd"
    connection.write(post("123#01"))
    assert connection.answer().json == {"sent": 1}
    connection.write(get("/v1/nowhere"))
    assert_problem(connection.answer(), 404, "not-found")
    connection.write(get("/v1", "Connection: close"))
    assert connection.answer().status == 200
    assert connection.at_end()
    assert wire.wait_for_count("vcan0", 1)


def test_pipelined_requests_are_answered_in_their_order(connection, wire):
    connection.write(b"".join([
        get("/healthz").encode(), post("123#01"), get("/v1/nowhere").encode(), post("123#0"), post("123#02"),
        get("/v1").encode()]))
    answers = [connection.answer() for _ in range(6)]
    assert [answer.status for answer in answers] == [200, 200, 404, 422, 200, 200]
    assert answers[5].json["name"] == "canhttpd"
    assert [frame.text for frame in wire.wait_for_count("vcan0", 2)] == ["123#01", "123#02"]


def test_a_request_in_single_bytes_is_one_request(connection):
    for byte in post("123#01"):
        connection.write(bytes([byte]))
    assert connection.answer().json == {"sent": 1}


def test_a_body_may_come_in_chunks(connection, wire):
    connection.write(chunked("123#0", "1\n12", "4#02"))
    assert connection.answer().json == {"sent": 2}
    assert [frame.text for frame in wire.wait_for_count("vcan0", 2)] == ["123#01", "124#02"]


def test_a_client_that_asks_first_is_told_to_go_on(connection):
    whole = post("123#01", "Expect: 100-continue")
    head, body = whole[:-6], whole[-6:]
    connection.write(head)
    assert connection.line().split()[1] == b"100"
    assert connection.line() == b"\r\n"
    connection.write(body)
    assert connection.answer().json == {"sent": 1}


def test_http_1_1_needs_a_host(connection):
    connection.write("GET /v1 HTTP/1.1\r\n\r\n")
    assert connection.answer().status == 400


@pytest.mark.parametrize("text", [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET\r\n\r\n", b"GET /v1 HTTP/9.9\r\n\r\n",
    b"\r\n" * 100 + b"x y z w\r\n\r\n",
    b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /v1 HTTP/1.1\r\nHost: localhost\r\n" + b"X-Long: " + b"x" * 200000 + b"\r\n\r\n",
    b"GET /v1 HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
], ids=["TLS", "no path", "a version to come", "four words", "a negative length", "no chunk size", "a long path",
        "a long field", "many fields"])
def test_what_is_no_http_is_refused_or_cut_and_harms_nobody(service, text):
    with Connection(service) as connection:
        try:
            connection.write(text)
            connection.socket.shutdown(socket.SHUT_WR)
            first = connection.line()
        except OSError:
            first = b""
        assert first == b"" or 400 <= int(first.split()[1]) <= 505, first
    assert service.request("GET", "/v1").status == 200


def test_an_idle_connection_is_left_in_peace_for_a_while(connection):
    connection.write(get("/v1"))
    assert connection.answer().status == 200
    begin = time.monotonic()
    connection.socket.settimeout(1)
    with pytest.raises(TimeoutError):
        connection.socket.recv(1)
    assert time.monotonic() - begin >= 0.9
    connection.socket.settimeout(PATIENCE)


@pytest.mark.slow_client
def test_clients_that_went_away_in_the_middle_of_a_body_are_forgotten(service, slow_client):
    """Their connections are closed here, too, at the latest when their time is over."""
    slow_client.wait()
    wait_until(lambda: slow_client.left_behind() == 0, "all of them are closed")


@pytest.mark.slow_client
def test_a_client_that_drips_is_cut_after_30_seconds(service, slow_client):
    """It sent a byte each second all the time, so that no limit on inactivity alone would have caught it."""
    assert 25 < slow_client.wait() < 45
