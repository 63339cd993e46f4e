"""The language of python-can-remote on the wire: the handshake, requests, messages, and what is wrong with them."""
import contextlib
import json
import struct

import pytest

from service import assert_problem, wait_until
from streams import BINARY, HANDSHAKE, PING, PONG, TEXT, WebSocketReader, websocket
from transports import narrow, widen
from witnesses import ERROR, RawSocket, cansend, ip

FRAMES = "/v1/interfaces/vcan0/frames"
JSON, MIXED = "can.json.v1", "can.binary+json.v1"
# After the kind of message, which is 1: timestamp, identifier, length and flags.
HEAD = struct.Struct(">dIBB")
EXTENDED, REMOTE, IS_ERROR, FD, BRS, ESI = 1, 2, 4, 8, 16, 32


@contextlib.contextmanager
def speaking(service, subprotocol, **config):
    """A client that asked for the bus, and was answered."""
    with contextlib.closing(WebSocketReader(service, FRAMES, {"Sec-WebSocket-Protocol": subprotocol})) as client:
        assert client.headers["sec-websocket-protocol"] == subprotocol
        say(client, "bus_request", {"config": config})
        assert client.next() == {"type": "bus_response", "payload": {"channel_info": "canhttpd vcan0"}}
        yield client


def encoded(type, payload):
    return json.dumps({"type": type, "payload": payload}).encode()


def say(client, type, payload):
    client.send(TEXT, encoded(type, payload))


def binary(client):
    """The next message, which is binary: its time, identifier, length, flags and data."""
    first, payload = client.receive()
    assert first == 0x80 | BINARY and payload[0] == 1
    return *HEAD.unpack_from(payload, 1), payload[15:]


@pytest.mark.parametrize("offered, agreed", [
    (MIXED, MIXED), (JSON, JSON), (f"{MIXED},{JSON}", MIXED), (f"{JSON}, {MIXED}", MIXED), (f"chat, {JSON}", JSON)])
def test_the_binary_language_goes_first(service, offered, agreed):
    with contextlib.closing(WebSocketReader(service, FRAMES, {"Sec-WebSocket-Protocol": offered})) as client:
        assert (client.status, client.headers["sec-websocket-protocol"]) == (101, agreed)


def test_on_all_interfaces_it_is_not_spoken(service):
    with websocket(service, "/v1/frames", {"Sec-WebSocket-Protocol": f"{MIXED},{JSON}"}) as stream:
        assert "sec-websocket-protocol" not in stream.headers


@pytest.mark.parametrize("query", ["filter=123:7FF", "count=1", "since=all", "batch=true", "heartbeat=1"])
def test_the_query_of_a_stream_is_not_understood(service, query):
    answer = service.request(
        "GET", f"{FRAMES}?{query}", headers=HANDSHAKE | {"Sec-WebSocket-Protocol": JSON})
    assert_problem(answer, 400, "malformed-request", field=query.partition("=")[0])


def test_nothing_is_said_before_the_bus_was_asked_for(service):
    with contextlib.closing(WebSocketReader(service, FRAMES, {"Sec-WebSocket-Protocol": JSON})) as client:
        cansend("vcan0", "123#01")
        # The service has it by now.
        with websocket(service, FRAMES) as other:
            cansend("vcan0", "123#02")
            other.frames(1)
        client.send(PING, b"silent")
        assert client.receive() == (0x80 | PONG, b"silent")
        say(client, "bus_request", {"config": {}})
        assert client.next()["type"] == "bus_response"
        cansend("vcan0", "123#03")
        assert client.next()["payload"]["data"] == [3]


def test_what_comes_before_the_bus_was_asked_for_is_an_error(service, wire):
    with contextlib.closing(WebSocketReader(service, FRAMES, {"Sec-WebSocket-Protocol": JSON})) as client:
        say(client, "message", {"arbitration_id": 0x123, "is_extended_id": False, "data": []})
        assert "bus_request" in client.next()["payload"]
        say(client, "bus_request", {"config": {}})
        assert client.next()["type"] == "bus_response"
        cansend("vcan0", "7FE#")
        assert [frame.id for frame in wire.wait_for_count("vcan0", 1)] == ["7FE"]


def test_a_message_in_json(service, wire):
    with speaking(service, JSON) as client:
        cansend("vcan0", "18DAF110##3DEADBEEF")
        told = client.next()
        timestamp = told["payload"].pop("timestamp")
        assert told == {"type": "message", "payload": {
            "arbitration_id": 0x18DAF110, "is_extended_id": True, "is_remote_frame": False, "is_error_frame": False,
            "dlc": 4, "data": [0xDE, 0xAD, 0xBE, 0xEF], "is_fd": True, "bitrate_switch": True,
            "error_state_indicator": True}}
        assert f"{timestamp:.6f}" == wire.wait_for_count("vcan0", 1)[0].timestamp


def test_messages_in_binary(service, wire):
    with speaking(service, MIXED) as client, RawSocket("vcan0") as raw:
        for text in ("123#DEADBEEF", "18DAF110##3" + "AA" * 64, "123#R4", "00000123#", "456##0"):
            cansend("vcan0", text)
        raw.send(ERROR | 0x40, bytes(8))
        told = [binary(client) for _ in range(6)]
        assert [message[1:] for message in told] == [
            (0x123, 4, 0, b"\xde\xad\xbe\xef"), (0x18DAF110, 64, EXTENDED | FD | BRS | ESI, b"\xaa" * 64),
            (0x123, 4, REMOTE, b""), (0x123, 0, EXTENDED, b""), (0x456, 0, FD, b""), (0x40, 8, IS_ERROR, bytes(8))]
        assert [f"{message[0]:.6f}" for message in told] == [
            frame.timestamp for frame in wire.wait_for_count("vcan0", 6)]


def test_who_speaks_binary_may_send_json_too(service, wire):
    with speaking(service, MIXED) as client:
        say(client, "message", {"arbitration_id": 0x123, "is_extended_id": False, "dlc": 1, "data": [1]})
        client.send(BINARY, b"\x01" + HEAD.pack(0, 0x124, 1, 0) + b"\x02")
        assert [frame.text for frame in wire.wait_for_count("vcan0", 2)] == ["123#01", "124#02"]


def test_an_identifier_is_extended_unless_said_otherwise(service, wire):
    """As python-can's messages are."""
    with speaking(service, JSON) as client:
        say(client, "message", {"arbitration_id": 0x123, "data": [1]})
        assert wire.wait_for_count("vcan0", 1)[0].text == "00000123#01"


GOOD = {"arbitration_id": 0x123, "is_extended_id": False, "is_remote_frame": False, "is_error_frame": False, "dlc": 0,
        "data": []}
WRONG = {
    "no JSON": b"hello",
    "no object": b"[]",
    "no type": b"{}",
    "an unknown type": b'{"type":"dance","payload":{}}',
    "a message without an identifier": b'{"type":"message","payload":{"data":[]}}',
    "a message that is a list": b'{"type":"message","payload":[]}',
    "data that is a text": encoded("message", GOOD | {"data": "00"}),
    "data over a byte": encoded("message", GOOD | {"dlc": 1, "data": [256]}),
    "an identifier that is a text": encoded("message", GOOD | {"arbitration_id": "1"}),
    "an identifier below nothing": encoded("message", GOOD | {"arbitration_id": -5}),
    "an identifier over its format": encoded("message", GOOD | {"arbitration_id": 0x800}),
    "a task of an identifier below nothing": encoded(
        "periodic_start", {"period": 0.1, "msg": GOOD | {"arbitration_id": -5}}),
    "a task without a message": b'{"type":"periodic_start","payload":{"period":0.1}}',
    "a task without a period": encoded("periodic_start", {"msg": GOOD}),
    "a period below nothing": encoded("periodic_start", {"period": -1, "msg": GOOD}),
    "a period that is no number": encoded("periodic_start", {"period": "1", "msg": GOOD}),
    "a stop without an identifier": b'{"type":"periodic_stop","payload":null}',
    "a second request": b'{"type":"bus_request","payload":{"config":{}}}',
}


@pytest.mark.parametrize("subprotocol", [JSON, MIXED])
@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_an_error_and_the_connection_stays(service, subprotocol, what):
    with speaking(service, subprotocol, receive_own_messages=True) as client:
        client.send(TEXT, WRONG[what])
        told = client.next()
        assert told["type"] == "error" and isinstance(told["payload"], str) and told["payload"]
        say(client, "message", GOOD | {"arbitration_id": 0x7FE})
        if subprotocol == JSON:
            assert client.next()["payload"]["arbitration_id"] == 0x7FE
        else:
            assert binary(client)[1] == 0x7FE
    assert [job for job in service.get("/v1/jobs")["jobs"] if job["state"] == "running"] == []


@pytest.mark.parametrize("payload", [
    b"", b"\x01", b"\x01" + HEAD.pack(0, 0x123, 8, 0)[:-1], b"\x02" + HEAD.pack(0, 0x123, 0, 0),
    b"\x01" + HEAD.pack(0, 0x123, 9, 0) + bytes(9), b"\x01" + HEAD.pack(0, 0x123, 0, IS_ERROR),
    b"\x01" + HEAD.pack(0, 0x123, 4, 0) + b"\x01",
], ids=["empty", "a kind alone", "cut", "an unknown kind", "nine bytes", "an error frame", "data missing"])
def test_a_binary_message_that_is_wrong_is_an_error_too(service, wire, payload):
    with speaking(service, MIXED) as client:
        client.send(BINARY, payload)
        assert client.next()["type"] == "error"
        client.send(BINARY, b"\x01" + HEAD.pack(0, 0x7FE, 0, 0))
        assert [frame.id for frame in wire.wait_for_count("vcan0", 1)] == ["7FE"]


def test_an_error_that_the_client_reports_is_not_answered(service):
    """The two would go on for ever."""
    with speaking(service, JSON) as client:
        say(client, "error", "I do not understand")
        cansend("vcan0", "123#01")
        assert client.next()["type"] == "message"


def test_commands_of_a_stream_are_no_part_of_it(service):
    with speaking(service, JSON) as client:
        client.send(TEXT, b'{"op":"ping"}')
        assert client.next()["type"] == "error"


def test_events_that_are_no_frames_are_not_said(service):
    with speaking(service, JSON) as client:
        answer = service.request(
            "POST", "/v1/interfaces/vcan0/jobs", json_body={"frames": [{"id": "123"}], "interval_ms": 60000})
        assert client.next()["type"] == "message"
        assert service.request("DELETE", answer["Location"]).status == 204
        cansend("vcan0", "124#")
        assert client.next()["payload"]["arbitration_id"] == 0x124


def test_tasks_are_jobs_that_end_with_a_client_that_breaks_off(service):
    with speaking(service, JSON) as client:
        say(client, "periodic_start", {"period": 0.05, "duration": None, "msg": GOOD})
        wait_until(lambda: [job["interface"] for job in service.get("/v1/jobs")["jobs"]] == ["vcan0"], "it is a job")
    wait_until(lambda: service.get("/v1/jobs") == {"jobs": []}, "the job is forgotten")


@pytest.mark.parametrize("filters", [
    "123:7FF", [{"can_id": 1}], [{"can_id": -1, "can_mask": 0}], [{"can_id": 1, "can_mask": 1, "extended": 1}]])
def test_filters_that_are_wrong_are_an_error_and_the_bus_is_asked_for_again(service, filters):
    with contextlib.closing(WebSocketReader(service, FRAMES, {"Sec-WebSocket-Protocol": JSON})) as client:
        say(client, "bus_request", {"config": {"can_filters": filters}})
        assert client.next()["type"] == "error"
        say(client, "bus_request", {"config": {}})
        assert client.next()["type"] == "bus_response"


def test_a_client_that_takes_nothing_is_told_that_its_interface_is_gone(service, make_interface):
    name = make_interface()
    path = f"/v1/interfaces/{name}/frames"
    stalled = WebSocketReader(service, path, {"Sec-WebSocket-Protocol": JSON}, connection=narrow(service))
    with contextlib.closing(stalled) as client, RawSocket(name) as raw:
        say(client, "bus_request", {"config": {}})
        assert client.next()["type"] == "bus_response"
        # Until its socket is not read any more: then nothing but the removal itself can tell.
        sent = 0
        while not any(stream["lag"] for stream in service.get("/v1/streams")["streams"]):
            for _ in range(200):
                raw.send(0x123, bytes(8))
            sent += 200
            assert sent < 20_000
        ip("link", "del", name)
        widen(client)
        told = client.until(lambda event: event["type"] == "error")
        assert "gone" in told["payload"]
        assert client.close_code() == 1011
