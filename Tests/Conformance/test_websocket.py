"""The WebSocket protocol (RFC 6455), by a client that can also break it."""
import json
import struct

import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import connect

from exactness import meanwhile
from service import PATIENCE, assert_problem, wait_until
from streams import BINARY, CLOSE, HANDSHAKE, PING, PONG, TEXT, websocket
from witnesses import cansend

FRAMES = "/v1/interfaces/vcan0/frames"
CONTINUATION = 0


def still_streams(stream):
    """Fails unless the stream goes on."""
    cansend("vcan0", "7FF#AA")
    assert stream.until_type("frame", id="7FF")


def test_the_handshake_is_answered_as_the_rfc_says(service):
    with websocket(service, FRAMES) as stream:
        # The key and its answer are the example of section 1.3.
        assert stream.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        assert stream.headers["upgrade"].lower() == "websocket"
        assert stream.headers["connection"].lower() == "upgrade"
        assert not {"sec-websocket-extensions", "sec-websocket-protocol"} & set(stream.headers)
        assert stream.headers["x-request-id"]


def test_no_extension_or_subprotocol_is_agreed_on(service):
    offer = {"Sec-WebSocket-Extensions": "permessage-deflate", "Sec-WebSocket-Protocol": "chat"}
    with websocket(service, FRAMES, offer) as stream:
        assert not {"sec-websocket-extensions", "sec-websocket-protocol"} & set(stream.headers)


def test_header_fields_of_the_handshake_may_be_lists_in_any_case(service):
    with websocket(service, FRAMES, {"Connection": "keep-alive, upgrade", "Upgrade": "WebSocket"}) as stream:
        still_streams(stream)


def test_the_python_client_reads_and_leaves(service):
    with connect(f"ws://{service.authority}{FRAMES}") as client:
        assert json.loads(client.recv(PATIENCE))["type"] == "open"
        cansend("vcan0", "123#DEADBEEF")
        assert json.loads(client.recv(PATIENCE))["data"] == "DEADBEEF"
        assert client.ping().wait(PATIENCE)
        client.close()
        assert client.close_code == 1000


def test_the_python_client_sees_the_end_of_a_counted_stream(service):
    with connect(f"ws://{service.authority}{FRAMES}?count=1") as client:
        client.recv(PATIENCE)
        cansend("vcan0", "123#")
        client.recv(PATIENCE)
        with pytest.raises(ConnectionClosedOK):
            client.recv(PATIENCE)
        assert client.close_code == 1000


def test_a_stream_of_limited_time_closes_with_1000(service):
    with websocket(service, FRAMES + "?for=200ms") as stream:
        assert stream.close_code() == 1000
        stream.send(CLOSE, struct.pack("!H", 1000))
        assert stream.is_cut()


@pytest.mark.parametrize("payload", [b"", b"hello", bytes(range(125))])
def test_a_ping_is_answered_with_its_payload(service, payload):
    with websocket(service, FRAMES) as stream:
        stream.send(PING, payload)
        assert stream.answer(PONG) == payload


@pytest.mark.parametrize("payload", [struct.pack("!H", 1000) + b"bye", struct.pack("!H", 1001), b""])
def test_a_close_is_echoed_and_the_connection_ended(service, payload):
    with websocket(service, FRAMES) as stream:
        stream.send(CLOSE, payload)
        assert stream.answer(CLOSE)[:2] == payload[:2]
        assert stream.is_cut()


def test_text_from_the_client_is_read_whole_or_in_fragments(service):
    with websocket(service, FRAMES) as stream:
        stream.send(TEXT, "Grüße".encode())
        stream.send(TEXT, b"")
        whole = "x€y".encode()
        # Cut in the middle of a character, with a ping between the parts.
        stream.send(TEXT, whole[:2], last=False)
        stream.send(PING, b"between")
        assert stream.answer(PONG) == b"between"
        stream.send(CONTINUATION, whole[2:3], last=False)
        stream.send(CONTINUATION, whole[3:])
        stream.send(TEXT, b"a" * 65536)
        stream.send(PING, b"after")
        assert stream.answer(PONG) == b"after"
        still_streams(stream)


def test_an_unexpected_pong_means_nothing(service):
    with websocket(service, FRAMES) as stream:
        stream.send(PONG, b"unasked")
        still_streams(stream)


BREACHES = {
    "a frame without a mask": (1002, lambda stream: stream.send(TEXT, b"hi", masked=False)),
    "a ping without a mask": (1002, lambda stream: stream.send(PING, b"hi", masked=False)),
    "a reserved bit": (1002, lambda stream: stream.send(TEXT, b"hi", reserved=4)),
    "an unknown opcode": (1002, lambda stream: stream.send(3, b"hi")),
    "an unknown control opcode": (1002, lambda stream: stream.send(11, b"hi")),
    "a continuation of nothing": (1002, lambda stream: stream.send(CONTINUATION, b"hi")),
    "a new message within a message": (
        1002, lambda stream: (stream.send(TEXT, b"a", last=False), stream.send(TEXT, b"b"))),
    "a ping in fragments": (1002, lambda stream: stream.send(PING, b"hi", last=False)),
    "a ping of 126 bytes": (1002, lambda stream: stream.send(PING, bytes(126))),
    "a close with a reserved code": (1002, lambda stream: stream.send(CLOSE, struct.pack("!H", 1005))),
    "text that is not UTF-8": (1007, lambda stream: stream.send(TEXT, b"\xff\xfe")),
    "text that ends within a character": (1007, lambda stream: stream.send(TEXT, "€".encode()[:2])),
    "an overlong character": (1007, lambda stream: stream.send(TEXT, b"\xc0\x80")),
    "a surrogate": (1007, lambda stream: stream.send(TEXT, b"\xed\xa0\x80")),
    "fragments that together are not UTF-8": (
        1007, lambda stream: (stream.send(TEXT, "€".encode()[:2], last=False), stream.send(CONTINUATION, b"x"))),
    "a close reason that is not UTF-8": (1007, lambda stream: stream.send(CLOSE, struct.pack("!H", 1000) + b"\xff")),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_what_breaks_the_protocol_closes_with_its_code(service, breach):
    code, act = BREACHES[breach]
    with websocket(service, FRAMES) as stream:
        act(stream)
        closed = stream.close_code()
        assert closed == code
        assert stream.is_cut()


def test_what_one_client_breaks_another_does_not_feel(service):
    with websocket(service, FRAMES) as good, websocket(service, FRAMES) as bad:
        bad.send(TEXT, b"hi", masked=False)
        assert bad.close_code() == 1002
        still_streams(good)


def test_an_announced_length_is_no_memory(service):
    """A client that announces a gigabyte costs nothing, and still gets its events while it sends it."""
    def resident():
        with open(f"/proc/{service.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    before = resident()
    with websocket(service, FRAMES) as stream:
        # Masked by zeros.
        stream.socket.sendall(bytes([0x80 | TEXT, 0xFF]) + struct.pack("!Q", 1 << 30) + bytes(4) + b"a" * (1 << 22))
        still_streams(stream)
        assert resident() - before < 4096


def test_a_client_that_leaves_without_a_word_is_forgotten(service):
    before = service.descriptors()
    with websocket(service, FRAMES + "?heartbeat=1"):
        assert service.get("/v1/streams")["streams"]
    wait_until(lambda: service.descriptors() <= before, "the connection is closed here, too")


def test_the_server_pings_and_drops_who_does_not_answer_twice(service):
    def beats():
        """Reads on, which answers pings, for longer than one that does not may stay."""
        return [lively.until_type("heartbeat") for _ in range(4)]

    with (
        websocket(service, FRAMES + "?heartbeat=1") as silent, websocket(service, FRAMES + "?heartbeat=1") as lively,
        meanwhile(beats) as reading,
    ):
        silent.answer(PING)
        silent.answer(PING)
        assert silent.is_cut()
        assert len(reading.result()) == 4
        still_streams(lively)


def without(*names, **others):
    return {name: value for name, value in HANDSHAKE.items() if name not in names} | {
        name.replace("_", "-"): value for name, value in others.items()}


@pytest.mark.parametrize("fields, field", [
    (without("Sec-WebSocket-Key"), "Sec-WebSocket-Key"),
    (without(Sec_WebSocket_Key=""), "Sec-WebSocket-Key"),
    (without(Sec_WebSocket_Key="c2hvcnQ="), "Sec-WebSocket-Key"),
    (without(Sec_WebSocket_Key="not base64 at all!!!!!!!"), "Sec-WebSocket-Key"),
    (without("Connection"), "Connection"),
])
def test_a_handshake_without_what_it_needs_is_refused(service, fields, field):
    answer = service.request("GET", FRAMES, headers=fields)
    assert_problem(answer, 400, "malformed-request", field=field)


@pytest.mark.parametrize("version", ["12", "8", "14", "", "13, 12"])
def test_another_version_is_told_which_one_is_spoken(service, version):
    answer = service.request("GET", FRAMES, headers=without(Sec_WebSocket_Version=version))
    assert_problem(answer, 426, "upgrade-required", field="Sec-WebSocket-Version", allowed=["13"])
    assert answer["Sec-WebSocket-Version"] == "13"
    assert answer["Upgrade"] == "websocket"


def test_a_handshake_by_head_or_http_1_0_opens_no_websocket(service):
    assert service.request("HEAD", FRAMES, headers=HANDSHAKE).status != 101
    connection = service.connect()
    try:
        fields = "\r\n".join(f"{name}: {value}" for name, value in HANDSHAKE.items())
        connection.sendall(f"GET {FRAMES} HTTP/1.0\r\nHost: {service.authority}\r\n{fields}\r\n\r\n".encode())
        assert b" 101 " not in connection.recv(4096).split(b"\r\n")[0]
    finally:
        connection.close()


@pytest.mark.parametrize("path, status, code", [
    ("/v1/interfaces/can77/frames", 404, "interface-not-found"),
    ("/v1/interfaces/lo/frames", 422, "not-a-can-interface"),
    (FRAMES + "?count=0", 400, "malformed-request"),
    (FRAMES + "?filter=zz:1", 422, "invalid-filter"),
    ("/v1/nowhere", 404, "not-found"),
])
def test_a_refused_websocket_gets_an_http_answer(service, path, status, code):
    assert_problem(service.request("GET", path, headers=HANDSHAKE), status, code)


def test_binary_messages_do_no_harm(service):
    with websocket(service, FRAMES) as stream:
        stream.send(BINARY, bytes(range(256)))
        stream.send(PING, b"on")
        # Read and not acted upon, or refused as a kind of message that is not taken; nothing else.
        first, payload = stream.receive()
        assert (first, payload) == (0x80 | PONG, b"on") or (
            first == 0x80 | CLOSE and struct.unpack("!H", payload[:2])[0] == 1003)
