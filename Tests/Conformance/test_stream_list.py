"""`GET /v1/streams`: who reads, what, and how far behind."""
import contextlib

import pytest

from commands import acknowledged
from service import wait_until
from streams import TEXT, WebSocketReader, websocket
from traffic import OVERRUN, accounted, gaps, overrun, send_numbered
from transports import TRANSPORTS, following, stalling
from witnesses import ERROR, RawSocket, cansend

FRAMES = "/v1/interfaces/vcan0/frames"
MEMBERS = {"id", "peer", "transport", "interfaces", "filters", "direction", "mode", "paused", "since", "delivered",
           "lost", "lag"}


def peer(reader):
    host, port = reader.socket.getsockname()[:2]
    return f"{host}:{port}"


def listed(service, reader):
    """What the list says of a reader, once it is there."""
    def entry():
        return [stream for stream in service.get("/v1/streams")["streams"] if stream["peer"] == peer(reader)]

    found = wait_until(entry, "the stream is listed")
    assert len(found) == 1 and set(found[0]) == MEMBERS
    return found[0]


def becomes(service, reader, **members):
    """Waits until the list says this of a reader."""
    def so():
        entry = listed(service, reader)
        return {name: entry[name] for name in members} == members and entry

    return wait_until(so, f"{members}")


def test_without_streams_the_list_is_empty(start):
    service = start()
    assert service.get("/v1/streams") == {"streams": []}
    assert service.get("/v1")["links"]["streams"] == "/v1/streams"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_stream_is_listed_as_it_was_asked_for(service, transport):
    before = service.get("/v1")["now"]
    with following(service, FRAMES, transport) as stream:
        entry = listed(service, stream)
        assert entry["transport"] == transport and entry["id"].startswith("s") and entry["id"][1:].isdigit()
        assert before <= entry["since"] <= service.get("/v1")["now"]
        assert {name: entry[name] for name in MEMBERS - {"id", "peer", "since", "transport", "lag"}} == {
            "interfaces": ["vcan0"], "filters": [], "direction": None, "mode": "all", "paused": False, "delivered": 0,
            "lost": 0}
    with following(service, "/v1/frames?filter=123:7FF,7F0:7F0&direction=rx", transport) as stream:
        entry = listed(service, stream)
        assert (entry["interfaces"], entry["direction"]) == (None, "rx")
        assert entry["filters"] == ["123:7FF", "7F0:7F0"]
    with following(service, "/v1/frames?interface=vcan0&interface=vcan1", transport) as stream:
        assert sorted(listed(service, stream)["interfaces"]) == ["vcan0", "vcan1"]


def test_pcap_and_the_newest_frames_are_listed_too(service):
    with contextlib.closing(service.connect()) as connection:
        connection.sendall(f"GET {FRAMES}?format=pcap HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        host, port = connection.getsockname()
        wait_until(
            lambda: [stream["transport"] for stream in service.get("/v1/streams")["streams"]
                     if stream["peer"] == f"{host}:{port}"] == ["pcap"], "it is listed")
    with websocket(service, FRAMES + "?mode=latest") as stream:
        assert listed(service, stream)["mode"] == "latest"


@pytest.mark.parametrize("subprotocol", ["can.json.v1", "can.binary+json.v1"])
def test_a_client_of_python_can_is_listed_by_its_subprotocol(service, subprotocol):
    with contextlib.closing(WebSocketReader(service, FRAMES, {"Sec-WebSocket-Protocol": subprotocol})) as client:
        client.send(TEXT, b'{"type":"bus_request","payload":{"config":{}}}')
        client.until_type("bus_response")
        assert listed(service, client)["transport"] == subprotocol


def test_it_says_what_was_delivered(service):
    with websocket(service, FRAMES + "?filter=123:7FF") as stream, RawSocket("vcan0") as raw:
        send_numbered(raw, 7)
        raw.send(ERROR | 0x40, bytes(8))
        raw.send(0x124)
        # Frames and error frames that it shows.
        assert becomes(service, stream, delivered=8, lag=0)["lost"] == 0


def test_it_says_how_far_behind_a_paused_stream_is(service):
    with websocket(service, FRAMES) as stream, RawSocket("vcan0") as raw:
        acknowledged(stream, "pause")
        becomes(service, stream, paused=True, lag=0)
        send_numbered(raw, 10)
        becomes(service, stream, lag=10, delivered=0)
        acknowledged(stream, "filter", filters=["123:7FF"])
        acknowledged(stream, "resume")
        becomes(service, stream, paused=False, lag=0, delivered=10, filters=["123:7FF"])


def test_it_says_what_a_stream_lost_and_that_one_does_not_keep_up(start):
    service = start("--log-bytes", "262144")
    with stalling(service, FRAMES) as stream, websocket(service, FRAMES) as lively:
        overrun(service)
        assert listed(service, stream)["lag"] > 0
        stream.until_type("frame", id="7FE")
        lost = sum(gap["lost"] for gap in gaps(stream.seen))
        assert lost > 0
        entry = becomes(service, stream, lag=0)
        assert (entry["lost"], entry["delivered"]) == (lost, OVERRUN + 1 - lost)
        lively.until_type("frame", id="7FE")
        entry = becomes(service, lively, lag=0)
        assert entry["delivered"] + entry["lost"] == accounted(lively.seen) == OVERRUN + 1


def test_a_stream_that_ended_is_not_listed_any_more(service):
    def names():
        return {stream["id"] for stream in service.get("/v1/streams")["streams"]}

    ended = set()
    for _ in range(2):
        # Of an identifier that no other test sends.
        with websocket(service, FRAMES + "?count=1&filter=7FD:7FF") as stream:
            ended.add(listed(service, stream)["id"])
            cansend("vcan0", "7FD#")
            stream.rest()
        wait_until(lambda: not ended & names(), "it is gone")
    # A name is not given twice.
    assert len(ended) == 2


def test_a_request_that_opens_no_stream_is_not_listed(start):
    service = start()
    for path in (FRAMES + "?format=xml", FRAMES + "?count=0", "/v1/nowhere"):
        assert service.request("GET", path).status >= 400
    assert service.request("HEAD", FRAMES).status == 200
    assert service.get("/v1/streams") == {"streams": []}
