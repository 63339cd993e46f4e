"""Limits on bodies and streams: where they are, and what is refused beyond them."""
import json

import pytest

from raw_http import FRAMES, Connection, chunked, post
from service import Service, assert_problem, wait_until
from streams import websocket


@pytest.fixture(scope="module")
def small(candump):
    running = Service("--max-body-bytes", "2000", "--max-streams", "3")
    yield running
    running.check()
    assert running.stop()[0] == 0


def test_a_body_that_is_announced_too_large_is_refused_at_once(small):
    with Connection(small) as connection:
        whole = post("x" * 2001)
        connection.write(whole[:-2001])
        # Not a byte of it was sent.
        problem = assert_problem(connection.answer(), 413, "body-too-large")
        assert "2000" in problem["detail"]


def test_a_client_that_asks_first_is_refused_before_it_sends(small):
    with Connection(small) as connection:
        connection.write(post("x" * 2001, "Expect: 100-continue")[:-2001])
        begin = connection.line()
        assert begin.split()[1] == b"413"


def test_a_body_in_chunks_that_grows_too_large_is_refused(small, wire):
    with Connection(small) as connection:
        connection.write(chunked(*["123#01\n" * 20] * 50))
        assert_problem(connection.answer(), 413, "body-too-large")
    assert small.request("POST", FRAMES, "7FF#", type="text/plain").status == 200
    assert wire.wait_for_count("vcan0", 1)[0].text == "7FF#"


def test_a_body_at_the_limit_is_taken(small):
    body = "123#01" + "\n" * 1994
    assert small.request("POST", FRAMES, body, type="text/plain").json == {"sent": 1}
    with Connection(small) as connection:
        connection.write(chunked(body[:500], body[500:]))
        assert connection.answer().json == {"sent": 1}
    assert small.get("/v1")["limits"]["body_bytes"] == 2000


def test_the_default_limit_is_a_mebibyte(service):
    assert service.get("/v1")["limits"]["body_bytes"] == 1 << 20
    answer = service.request("POST", FRAMES, "123#01" + "\n" * ((1 << 20) - 6), type="text/plain")
    assert answer.json == {"sent": 1}
    with Connection(service) as connection:
        connection.write(post("x" * ((1 << 20) + 1))[:-(1 << 20) - 1])
        assert_problem(connection.answer(), 413, "body-too-large")


def test_a_limit_holds_for_every_body(small):
    body = json.dumps({"filters": [], "errors": []}) + " " * 2000
    assert_problem(small.request("PUT", "/v1/interfaces/vcan0/filters", body), 413, "body-too-large")
    assert_problem(small.request("POST", "/v1/interfaces/vcan0/jobs", body), 413, "body-too-large")
    assert_problem(small.request("PATCH", "/v1/jobs/j1", body), 413, "body-too-large")


def test_streams_over_the_limit_are_refused_until_one_ends(small):
    with websocket(small), websocket(small, FRAMES), websocket(small):
        assert_problem(small.request("GET", "/v1/frames"), 429, "too-many-streams")
        assert small.request("HEAD", "/v1/frames").status == 200
        assert small.request("GET", "/v1").json["limits"]["streams"] == 3

    def opens():
        return small.curl("-N", path="/v1/frames?for=1ms").status == 200

    wait_until(opens, "a stream can be opened again")
