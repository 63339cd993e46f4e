"""The forms of a stream: lines, server-sent events, WebSocket; which one a client gets, and that all say the same."""
import http.client
import json

import pytest
from websockets.sync.client import connect

from service import PATIENCE, assert_problem
from streams import curl_follow, websocket
from witnesses import RawSocket, cansend, ip

FRAMES = "/v1/interfaces/vcan0/frames"
# The first bytes of each form.
BEGINNINGS = {
    "application/x-ndjson": b'{"type":"open"', "text/event-stream": b"id: ", "text/plain": b"# open epoch=",
}


def opening(service, path, headers):
    """The status and header fields with which a stream begins, and its first piece."""
    connection = http.client.HTTPConnection(service.host, service.port, timeout=PATIENCE)
    try:
        connection.putrequest("GET", path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.readline()
    finally:
        connection.close()


def test_the_first_event_is_open_and_every_frame_after_it_is_shown(service, wire):
    with curl_follow(service, FRAMES) as stream:
        assert stream.opened["interfaces"] == ["vcan0"]
        assert stream.opened["filters"] == []
        assert stream.opened["epoch"] == service.get("/v1")["epoch"]
        assert set(stream.opened) == {"type", "seq", "epoch", "interfaces", "filters"}
        for number in range(5):
            cansend("vcan0", f"123#{number:02X}")
        assert [event["data"] for event in stream.frames(5)] == [f"{number:02X}" for number in range(5)]


def test_all_forms_say_the_same(service, wire):
    """curl's lines, curl's server-sent events, a browser's WebSocket and Python's, side by side."""
    with (
        curl_follow(service, FRAMES) as lines,
        curl_follow(service, FRAMES, "-H", "Accept: text/event-stream") as events,
        websocket(service, FRAMES) as plain,
        connect(f"ws://{service.authority}{FRAMES}", max_queue=None) as python,
    ):
        assert json.loads(python.recv(PATIENCE))["type"] == "open"
        service.request(
            "POST", FRAMES, "123#DEADBEEF\n18DAF110#\n123#R4\n456##1AABB\n7FF#0011223344556677_9", type="text/plain")
        with RawSocket("vcan0") as raw:
            raw.send(0x20000044, bytes(8))
        cansend("vcan0", "7FF#01")
        told = [lines.next() for _ in range(7)]
        assert [event["type"] for event in told] == ["frame"] * 5 + ["error", "frame"]
        assert [events.next() for _ in told] == told
        assert [plain.next() for _ in told] == told
        texts = [python.recv(PATIENCE) for _ in told]
        assert [json.loads(text) for text in texts] == told
        assert texts == lines.raw[1:]
        assert wire.wait_for_count("vcan0", 7)


def test_the_numbers_rise_without_a_hole_over_all_interfaces(service, make_interface):
    with curl_follow(service) as stream:
        first = stream.opened["seq"]
        for text in ("123#01", "123#02"):
            cansend("vcan0", text)
            cansend("vcan1", text)
        name = make_interface()
        stream.until_type("interface", interface=name, change="up")
        cansend(name, "123#03")
        stream.until_type("frame", interface=name)
        ip("link", "del", name)
        stream.until_type("interface", interface=name, change="removed")
        assert [event["seq"] for event in stream.seen] == list(range(first, first + len(stream.seen)))


def test_times_are_those_of_candump_to_the_microsecond(service, wire):
    with curl_follow(service, "/v1/frames?interface=vcan0&interface=can0&interface=can1") as stream:
        for interface in ("vcan0", "can0", "can1"):
            for _ in range(3):
                cansend(interface, "123#AA")
        events = stream.frames(15)
    for interface, count in (("vcan0", 3), ("can0", 6), ("can1", 6)):
        told = [f"{event['timestamp']:.6f}" for event in events if event["interface"] == interface]
        assert told == [frame.timestamp for frame in wire.wait_for_count(interface, count)]


def test_server_sent_events_carry_the_point_to_resume_from(service):
    with curl_follow(service, FRAMES + "?format=sse&heartbeat=1") as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        epoch = stream.opened["epoch"]
        cansend("vcan0", "123#")
        stream.until_type("heartbeat")
        assert {event["type"] for event in stream.seen} == {"open", "frame", "heartbeat"}
        for text, event in zip(stream.raw, stream.seen, strict=True):
            lines = text.split("\n")
            assert lines[0] == f"id: {epoch}:{event['seq']}"
            assert lines[1].startswith('data: {"type":"') and len(lines) == 2


@pytest.mark.parametrize("end", ["count=1", "for=1s"])
def test_an_event_source_whose_stream_is_over_is_told_so(service, end):
    """It would connect again for ever."""
    answer = service.request("GET", f"{FRAMES}?{end}", headers={"Accept": "text/event-stream", "Last-Event-ID": "a:1"})
    assert (answer.status, answer.body) == (204, b"")
    assert answer["Cache-Control"] == "no-store"


def test_an_event_source_whose_stream_was_cut_connects_again(service):
    for path, fields in ((FRAMES, {"Accept": "text/event-stream", "Last-Event-ID": "a:1"}),
                         (FRAMES + "?count=1", {"Accept": "text/event-stream"}),
                         (FRAMES + "?count=1", {"Last-Event-ID": "a:1"})):
        status, _, first = opening(service, path, fields)
        assert status == 200 and b"open" in first or first.startswith(b"id: ")


@pytest.mark.parametrize("accept, expected", [
    (None, "application/x-ndjson"),
    ("*/*", "application/x-ndjson"),
    ("application/json", "application/x-ndjson"),
    ("application/x-ndjson", "application/x-ndjson"),
    ("application/*", "application/x-ndjson"),
    ("text/event-stream", "text/event-stream"),
    ("text/*", "text/event-stream"),
    ("text/event-stream, application/x-ndjson;q=0.5", "text/event-stream"),
    ("text/event-stream;q=0.5, */*;q=0.8", "application/x-ndjson"),
    ("application/x-ndjson;q=0, application/json;q=0, text/event-stream;q=0.1", "text/event-stream"),
    ("image/png, */*;q=0.1", "application/x-ndjson"),
    ("TEXT/EVENT-STREAM", "text/event-stream"),
    ("text/plain", "text/plain"),
    ("text/plain;q=0.5, application/json;q=0.6", "application/x-ndjson"),
    ("text/event-stream;q=0.1, text/plain", "text/plain"),
    ("text/html, text/plain;q=0.1", "text/plain"),
])
def test_accept_chooses_the_form(service, accept, expected):
    status, headers, first = opening(service, FRAMES, {} if accept is None else {"Accept": accept})
    assert status == 200
    assert headers["Content-Type"] == expected
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Accel-Buffering"] == "no"
    assert {name.strip() for name in headers["Vary"].split(",")} >= {"Accept"}
    assert first.startswith(BEGINNINGS[expected])


@pytest.mark.parametrize("accept", ["image/png", "text/html", "text/event-stream;q=0", "*/*;q=0"])
def test_an_accept_that_names_no_form_of_a_stream_is_refused(service, accept):
    answer = service.request("GET", FRAMES, headers={"Accept": accept})
    problem = assert_problem(answer, 406, "not-acceptable", field="Accept")
    assert set(problem["allowed"]) >= {*BEGINNINGS, "application/vnd.tcpdump.pcap"}


@pytest.mark.parametrize("format, accept, expected", [
    ("sse", "application/x-ndjson", "text/event-stream"),
    ("sse", "image/png", "text/event-stream"),
    ("ndjson", "text/event-stream", "application/x-ndjson"),
    ("candump", "text/event-stream", "text/plain"),
    ("sse", "text/plain", "text/event-stream"),
])
def test_format_goes_before_accept(service, format, accept, expected):
    status, headers, _ = opening(service, f"{FRAMES}?format={format}", {"Accept": accept})
    assert (status, headers["Content-Type"]) == (200, expected)


def test_an_upgrade_goes_before_format_and_accept(service):
    with websocket(service, FRAMES + "?format=sse", {"Accept": "image/png"}) as stream:
        cansend("vcan0", "123#")
        assert stream.frames(1)


def test_an_old_client_gets_a_stream_without_chunks(service):
    connection = service.connect()
    try:
        connection.sendall(
            f"GET {FRAMES}?count=1 HTTP/1.0\r\nHost: {service.authority}\r\n\r\n".encode())
        received = b""
        while b"\n" not in received.partition(b"\r\n\r\n")[2]:
            received += connection.recv(4096)
        cansend("vcan0", "123#")
        while more := connection.recv(4096):
            received += more
    finally:
        connection.close()
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower()
    assert [line[:15] for line in body.splitlines()] == [b'{"type":"open",', b'{"type":"frame"']


def test_a_stream_waits_on_an_interface_that_is_down(service, make_interface):
    name = make_interface(up=False)
    with curl_follow(service, f"/v1/interfaces/{name}/frames") as stream:
        assert stream.opened["interfaces"] == [name]
        ip("link", "set", name, "up")
        stream.until_type("interface", change="up")
        cansend(name, "123#")
        stream.frames(1)
        ip("link", "set", name, "down")
        stream.until_type("interface", change="down")
        ip("link", "set", name, "up")
        stream.until_type("interface", change="up")
        cansend(name, "124#")
        assert stream.frames(1)[0]["id"] == "124"
