"""SIGTERM and SIGINT: streams end properly, jobs are removed, and the service is gone within two seconds."""
import contextlib
import signal
import subprocess

import pytest

from commands import answer, send_command
from exactness import on_time
from service import wait_until
from slow_buses import backlog, slowed
from streams import curl_follow, websocket
from transports import stalling
from witnesses import broadcast_operations, cansend

FRAMES = "/v1/interfaces/vcan0/frames"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_streams_end_properly_and_jobs_are_removed(start, wire, make_interface, how):
    name = make_interface()

    def stopping():
        service = start()
        with (
            websocket(service) as socket, websocket(service, FRAMES) as other,
            curl_follow(service, FRAMES) as lines, curl_follow(service, FRAMES + "?format=sse") as events,
            contextlib.closing(service.connect()) as idle,
        ):
            idle.sendall(b"GET /v1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            for _ in range(3):
                answer = service.request(
                    "POST", f"/v1/interfaces/{name}/jobs", json_body={"frames": [{"id": "123"}], "interval_ms": 10})
                assert answer.status == 201
            wire.renewed().wait_for_count(name, 6)
            cansend("vcan0", "123#")
            lines.frames(1)
            status, took = service.stop(how)
            assert status == 0
            assert socket.close_code() == 1001 and other.close_code() == 1001
            # curl calls an answer complete whose last chunk came.
            for stream in (lines, events):
                stream.rest()
                assert stream.exit_status() == 0
        assert broadcast_operations() == []
        assert wire.renewed().stays_quiet(name, 0.1)
        return took

    on_time(stopping, 0, 2)


def test_readers_that_do_not_read_hold_nothing_up(start):
    def stopping():
        service = start()
        with stalling(service, FRAMES), websocket(service, FRAMES) as deaf:
            service.request("POST", FRAMES, "\n".join(["123#0011223344556677"] * 4000), type="text/plain")
            status, took = service.stop()
            assert status == 0 and deaf.socket.fileno() >= 0
        return took

    on_time(stopping, 0, 2)


def test_a_request_that_waits_for_the_queue_holds_nothing_up(start, make_interface, wire):
    name = make_interface()
    subprocess.run(
        ["tc", "qdisc", "add", "dev", name, "root", "tbf", "rate", "10kbit", "burst", "100", "latency", "1s"],
        check=True)

    def stopping():
        service = start()
        with contextlib.closing(service.connect()) as connection:
            body = b"123#\n" * 4000
            connection.sendall(
                f"POST /v1/interfaces/{name}/frames?timeout_ms=60000 HTTP/1.1\r\nHost: localhost\r\n"
                f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            wire.renewed().wait_for_count(name, 5)
            status, took = service.stop()
            assert status == 0
            answer = connection.recv(4096)
            # It is told that the rest was not sent, or cut; a success it is not.
            assert answer == b"" or b" 503 " in answer.split(b"\r\n")[0]
        return took

    on_time(stopping, 0, 2)


def test_nothing_is_accepted_any_more(start):
    service = start()
    service.stop()
    with pytest.raises(ConnectionRefusedError):
        service.connect()


def test_it_starts_again_at_once_on_the_same_port(start):
    first = start()
    with websocket(first, FRAMES) as stream:
        first.stop()
        assert stream.close_code() == 1001
    again = start(port=first.port)
    assert again.get("/v1")["epoch"] != ""


def test_a_command_that_waits_is_told(start, make_interface):
    service, name = start(), make_interface()
    with slowed(name, "1kbit"), websocket(service, f"/v1/interfaces/{name}/frames") as stream:
        ref = send_command(stream, "send", frames=[{"id": "123"}] * 200, timeout_ms=30000)
        wait_until(lambda: backlog(name), "it fills the queue")
        service.process.terminate()
        problem = answer(stream, ref)
        assert (problem["type"], problem["status"], problem["code"]) == ("problem", 503, "shutting-down")
        assert 0 < problem["sent"] < 200
        assert stream.close_code() == 1001
