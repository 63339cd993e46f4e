"""The WebSocket of PDUs: what the partner says comes as it does, what is sent is answered in its order."""
import contextlib
import itertools
import json

import pytest
from websockets.sync.client import connect

from commands import assert_told
from exactness import Stopwatch, on_time
from isotp_partners import Misbehaving, Partner, listeners, pdu
from service import PATIENCE, assert_problem, wait_until
from streams import BINARY, CLOSE, HANDSHAKE, PING, PONG, TEXT, WebSocketReader, websocket
from uds_responder import IDENTIFIERS, UdsResponder
from witnesses import ip

ISOTP = "/v1/interfaces/vcan0/isotp"
# Sending may take longer than by default, and than the kernel waits for a partner.
PAIR = ISOTP + "?tx_id=7E0&rx_id=7E8&timeout_ms=15000"
VIN = "62F190" + IDENTIFIERS["F190"]


@pytest.fixture
def channel(service):
    """A WebSocket of PDUs on vcan0 that has said `open`."""
    with websocket(service, PAIR) as channel:
        yield channel


def say(channel, data, ref=None):
    """Sends a PDU."""
    channel.send(TEXT, json.dumps({"data": data} | ({} if ref is None else {"ref": ref})).encode())


def answer(channel, ref):
    """Reads on to what a PDU that was sent is answered by."""
    return channel.until(lambda event: event["type"] in ("ack", "problem") and event.get("ref") == ref)


def sent(channel, data, ref):
    """Sends a PDU, which goes out."""
    say(channel, data, ref)
    ack = answer(channel, ref)
    assert ack == {"type": "ack", "ref": ref, "sent": len(data) // 2}


def refused(channel, status, code, **members):
    """Reads on to a problem."""
    problem = channel.until_type("problem")
    return assert_is(problem, status, code, **members)


def assert_is(problem, status, code, **members):
    return assert_told({"seq": 0} | problem, status, code, **members)


# Both ways.


def test_it_opens_with_what_it_is(service, channel):
    assert channel.opened == {
        "type": "open", "interface": "vcan0", "tx_id": "7E0", "rx_id": "7E8", "extended": False,
        "max_pdu_bytes": service.get("/v1")["limits"]["isotp_pdu_bytes"]}


def test_a_dialogue(service, channel):
    with UdsResponder("vcan0") as unit:
        before = service.get("/v1")["now"]
        sent(channel, "22f190", "vin")
        event = channel.until_type("pdu")
        assert set(event) == {"type", "timestamp", "data"} and event["data"] == VIN
        assert before <= event["timestamp"] <= service.get("/v1")["now"]
        sent(channel, "3E00", 2)
        assert channel.until_type("pdu")["data"] == "7E00"
        assert unit.requests == ["22F190", "3E00"]


def test_the_python_client_talks_with_a_unit(service):
    with UdsResponder("vcan0"), connect(f"ws://{service.authority}{PAIR}") as client:
        assert json.loads(client.recv(PATIENCE))["type"] == "open"
        client.send('{"data":"22F190"}')
        told = [json.loads(client.recv(PATIENCE)) for _ in range(2)]
        assert {event["type"]: event.get("data", event.get("sent")) for event in told} == {"ack": 3, "pdu": VIN}
        client.close()
        assert client.close_code == 1000


def test_what_the_partner_says_unasked_comes(channel):
    with Partner("vcan0") as partner:
        for text in ("01", pdu(7), pdu(200), pdu(4095), pdu(5000)):
            partner.send(text)
            assert channel.until_type("pdu")["data"] == text


def test_long_pdus_go_both_ways(channel):
    with Partner("vcan0") as partner:
        sent(channel, pdu(5000), "long")
        assert partner.receive() == pdu(5000)
        partner.send(pdu(6000, first=5))
        assert channel.until_type("pdu")["data"] == pdu(6000, first=5)


def test_pdus_go_out_one_after_the_other(channel):
    """All are given at once; each is a transfer of its own."""
    with Partner("vcan0") as partner:
        texts = [pdu(length, first=length) for length in (20, 1, 100, 7, 8, 50)]
        for number, text in enumerate(texts):
            say(channel, text, number)
        assert [partner.receive() for _ in texts] == texts
        acks = [channel.until_type("ack") for _ in texts]
    assert [(ack["ref"], ack["sent"]) for ack in acks] == [
        (number, len(text) // 2) for number, text in enumerate(texts)]


def test_sixteen_may_wait_and_no_more(channel):
    """Nobody has room for the first, and the kernel waits a second for that."""
    with Misbehaving("vcan0") as partner:
        for number in range(20):
            say(channel, pdu(20), number)
        partner.hear("1014")
        told = [refused(channel, 429, "too-many-requests")["ref"] for _ in range(3)]
        # One is on its way and sixteen wait, or sixteen with it.
        assert told in ([17, 18, 19], [16, 17, 18])


def test_a_pdu_needs_no_name(channel):
    with Partner("vcan0") as partner:
        say(channel, "3E00")
        assert channel.until_type("ack") == {"type": "ack", "sent": 2}
        assert partner.receive() == "3E00"


@pytest.mark.parametrize("ref", ["", "x" * 64, "ü", 0, -5, 1 << 53])
def test_an_answer_repeats_the_name(channel, ref):
    with Partner("vcan0"):
        say(channel, "3E00", ref)
        assert channel.until_type("ack")["ref"] == ref
        say(channel, "", ref)
        assert channel.until_type("problem")["ref"] == ref


# As bytes.


def test_a_binary_message_is_a_pdu(channel):
    with Partner("vcan0") as partner:
        for text in ("3E00", pdu(300)):
            channel.send(BINARY, bytes.fromhex(text))
            assert channel.until_type("ack") == {"type": "ack", "sent": len(text) // 2}
            assert partner.receive() == text
        channel.send(BINARY, b"")
        assert "ref" not in refused(channel, 422, "invalid-isotp")


def test_pdus_come_as_binary_messages_where_that_is_asked_for(service):
    with Partner("vcan0") as partner, websocket(service, PAIR + "&binary=true") as channel:
        for text in ("01", pdu(300), pdu(5000)):
            partner.send(text)
            assert channel.receive() == (0x80 | BINARY, bytes.fromhex(text))
        # Everything else is text.
        channel.send(BINARY, b"\x3e\x00")
        assert channel.until_type("ack")["sent"] == 2


def test_the_protocol_is_a_websockets(channel):
    channel.send(PING, b"there")
    assert channel.answer(PONG) == b"there"
    channel.send(TEXT, b"x", masked=False)
    assert channel.close_code() == 1002


# Options.


@pytest.mark.parametrize("query, text", [
    ("&tx_padding=CC", "7E0#023E00CCCCCCCCCC"), ("&tx_address=F1", "7E0#F1023E00"),
    ("&tx_address=10&rx_address=F1", "7E0#10023E00"), ("&fd=true&tx_data_length=64", "7E0##0023E00"),
    ("&fd=true&brs=true&tx_data_length=16&tx_padding=AA", "7E0##1023E00AAAAAAAAAA"),
    ("&extended=true", "000007E0#023E00"),
    ("&extended=false&block_size=8&st_min_us=20000&rx_padding=AA", "7E0#023E00"),
])
def test_options_are_those_of_an_exchange(service, wire, query, text):
    with websocket(service, PAIR + query) as channel:
        assert channel.opened["extended"] is ("extended=true" in query)
        sent(channel, "3E00", 1)
    assert wire.wait_for_count("vcan0", 1)[0].text == text


def test_flow_control_is_as_asked_for(service, wire):
    path = PAIR + "&block_size=8&st_min_us=1000&tx_padding=AA"
    # The socket of a test before, which is closed by and by, would give flow control, too.
    wait_until(lambda: listeners("vcan0") == [], "no other socket listens")
    with websocket(service, path) as channel, Partner("vcan0") as partner:
        partner.send(pdu(100))
        assert channel.until_type("pdu")["data"] == pdu(100)
    said = {frame.text for frame in wire.frames("vcan0") if frame.id == "7E0"}
    assert said == {"7E0#300801AAAAAAAAAA"}


def test_identifiers_of_29_bits(service):
    with websocket(service, ISOTP + "?tx_id=18DA10F1&rx_id=18DAF110") as channel:
        assert (channel.opened["tx_id"], channel.opened["extended"]) == ("18DA10F1", True)
        with UdsResponder("vcan0", 0x80000000 | 0x18DAF110, 0x80000000 | 0x18DA10F1):
            sent(channel, "22F190", 1)
            assert channel.until_type("pdu")["data"] == VIN


# What goes wrong.


def test_a_pdu_that_nobody_takes_is_told_and_the_next_one_goes_out(channel):
    with Misbehaving("vcan0") as partner:
        say(channel, pdu(20), "lost")
        partner.hear("1014")
        assert_is(answer(channel, "lost"), 504, "isotp-timeout", errno="ECOMM")
    with UdsResponder("vcan0"):
        sent(channel, "22F190", "next")
        assert channel.until_type("pdu")["data"] == VIN


def test_a_transfer_that_takes_too_long_is_broken_off_and_it_opens_again(service):
    """The kernel ends the transfer only with its socket: what arrives until there is another one is lost."""
    with websocket(service, ISOTP + "?tx_id=7E0&rx_id=7E8&timeout_ms=300") as channel, Misbehaving("vcan0") as partner:
        for number in range(5):
            say(channel, pdu(20), number)
            partner.hear("1014")
            problem = assert_is(answer(channel, number), 504, "isotp-timeout")
            # Where the service was held up for a second, the kernel was first.
            if "errno" not in problem:
                break
        assert "'open'" in problem["detail"]
        say(channel, "3E00", "next")
        assert channel.next() == channel.opened
        partner.hear("023E00")
        partner.say("027E00")
        told = {event["type"]: event for event in (channel.next(), channel.next())}
        assert told["ack"]["ref"] == "next" and told["pdu"]["data"] == "7E00"


def test_a_partner_without_room_is_told(channel):
    with Misbehaving("vcan0") as partner:
        say(channel, pdu(20), "long")
        partner.hear("1014")
        partner.say("320000")
        assert_is(answer(channel, "long"), 502, "isotp-error", errno="EMSGSIZE")


@pytest.mark.parametrize("frames, status, code, errno", [
    (["101462F190000000", "2300000000000000"], 502, "isotp-error", "EILSEQ"),
    (["101462F190000000"], 504, "isotp-timeout", "ETIMEDOUT"),
])
def test_what_does_not_arrive_whole_is_told_without_a_name(channel, frames, status, code, errno):
    with Misbehaving("vcan0") as partner:
        for text in frames:
            partner.say(text)
        assert "ref" not in refused(channel, status, code, errno=errno)
        partner.say("027E00")
        assert channel.until_type("pdu")["data"] == "7E00"


@pytest.mark.parametrize("text, status, code, field", [
    ("hello", 400, "malformed-request", None), ("", 400, "malformed-request", None),
    ("[]", 400, "malformed-request", None), ('"3E00"', 400, "malformed-request", None),
    ('{"data":1}', 400, "malformed-request", "data"), ('{"data":"3E00","op":"send"}', 400, "malformed-request", "op"),
    ('{"data":"3E00","ref":1.5}', 400, "malformed-request", "ref"),
    ('{"data":"3E00","ref":"' + "x" * 65 + '"}', 400, "malformed-request", "ref"),
    ("{}", 422, "invalid-isotp", "data"), ('{"data":""}', 422, "invalid-isotp", "data"),
    ('{"data":"3E0"}', 422, "invalid-isotp", "data"), ('{"data":"XY"}', 422, "invalid-isotp", "data"),
])
def test_what_cannot_be_sent_is_told_and_the_channel_goes_on(channel, wire, text, status, code, field):
    channel.send(TEXT, text.encode())
    refused(channel, status, code, **({"field": field} if field else {}))
    sent(channel, "3E00", "next")
    assert [frame.text for frame in wire.wait_for_count("vcan0", 1)] == ["7E0#023E00"]


def test_a_message_that_is_too_long_is_told(service, channel):
    """What the largest PDU needs is taken, whatever the limit of other messages."""
    most = service.get("/v1")["limits"]["isotp_pdu_bytes"]
    say(channel, "00" * (most + 1), "long")
    problem = channel.until_type("problem")
    assert problem["code"] in ("invalid-isotp", "body-too-large") and problem["status"] in (413, 422)
    sent(channel, "3E00", "next")


@pytest.mark.parametrize("query, field", [
    ("rx_id=7E8", "tx_id"), ("tx_id=7E0", "rx_id"), ("tx_id=7E0&rx_id=800&extended=false", "rx_id"),
    ("tx_id=xyz&rx_id=7E8", "tx_id"), ("tx_id=7E0&rx_id=7E8&block_size=256", "block_size"),
    ("tx_id=7E0&rx_id=7E8&st_min_us=50", "st_min_us"), ("tx_id=7E0&rx_id=7E8&tx_padding=100", "tx_padding"),
    ("tx_id=7E0&rx_id=7E8&rx_address=F1", "rx_address"), ("tx_id=7E0&rx_id=7E8&tx_data_length=64", "tx_data_length"),
])
def test_a_channel_that_cannot_be(service, query, field):
    problem = assert_problem(
        service.request("GET", f"{ISOTP}?{query}", headers=HANDSHAKE), 422, "invalid-isotp", field=field)
    assert field in problem["detail"]


@pytest.mark.parametrize("query, field", [
    ("&verbose", "verbose"), ("&data=3E00", "data"), ("&functional=true", "functional"),
    ("&max_wait_ms=1", "max_wait_ms"),
    ("&response=false", "response"), ("&pending=true", "pending"), ("&fd=maybe", "fd"), ("&binary=1", "binary"),
    ("&tx_id=7E1", "tx_id"),
])
def test_a_query_that_is_not_known_or_understood(service, query, field):
    answer = service.request("GET", PAIR + query, headers=HANDSHAKE)
    assert_problem(answer, 400, "malformed-request", field=field)


def test_the_same_identifier_twice(service):
    answer = service.request("GET", ISOTP + "?tx_id=7E0&rx_id=7E0", headers=HANDSHAKE)
    assert_problem(answer, 422, "invalid-isotp")


def test_without_an_upgrade_it_is_told_that_it_needs_one(service):
    answer = service.request("GET", PAIR)
    assert_problem(answer, 426, "upgrade-required")
    assert answer["Upgrade"] == "websocket"
    assert service.curl(path=PAIR).status == 426


def test_an_interface_that_is_down(service, make_interface):
    """The channel waits for it, what is to be sent does not."""
    name = make_interface(up=False)
    with websocket(service, f"/v1/interfaces/{name}/isotp?tx_id=7E0&rx_id=7E8") as channel:
        say(channel, "3E00", "down")
        assert_is(answer(channel, "down"), 409, "interface-down")
        ip("link", "set", name, "up")
        wait_until(lambda: service.get(f"/v1/interfaces/{name}")["up"], "it is up")
        with UdsResponder(name):
            sent(channel, "22F190", "up")
            assert channel.until_type("pdu")["data"] == VIN


def test_an_interface_that_is_removed_closes_the_channel(service, make_interface):
    name = make_interface()
    with websocket(service, f"/v1/interfaces/{name}/isotp?tx_id=7E0&rx_id=7E8") as channel:
        ip("link", "del", name)
        assert channel.close_code() == 1011
        channel.send(CLOSE, b"\x03\xf3")
        assert channel.is_cut()


# What it takes.


def test_it_is_listed_among_the_streams(service, channel):
    listed = [stream for stream in service.get("/v1/streams")["streams"] if stream["transport"] == "isotp"]
    assert len(listed) == 1 and listed[0]["interfaces"] == ["vcan0"]
    host, port = channel.socket.getsockname()
    assert listed[0]["peer"] == f"{host}:{port}"
    channel.close()
    wait_until(lambda: "isotp" not in {stream["transport"] for stream in service.get("/v1/streams")["streams"]},
               "it is listed no more")


def test_it_counts_as_a_stream(start):
    service = start("--max-streams", "1")
    with websocket(service, PAIR):
        assert_problem(service.request("GET", PAIR, headers=HANDSHAKE), 429, "too-many-streams")
        assert_problem(service.request("GET", "/v1/frames", headers=HANDSHAKE), 429, "too-many-streams")
    wait_until(lambda: service.curl("-N", path="/v1/frames?for=1ms").status == 200, "there is room again")


def test_channels_with_several_units_do_not_mix(service):
    with (
        UdsResponder("vcan0", 0x7E8, 0x7E0), UdsResponder("vcan0", 0x7E9, 0x7E1),
        websocket(service, PAIR) as first, websocket(service, ISOTP + "?tx_id=7E1&rx_id=7E9") as second,
    ):
        sent(first, "22F190", 1)
        sent(second, "3E00", 1)
        assert first.until_type("pdu")["data"] == VIN and second.until_type("pdu")["data"] == "7E00"


def test_a_client_that_leaves_in_the_middle_leaves_nothing_and_holds_up_nobody(service):
    with websocket(service, PAIR):
        pass
    wait_until(lambda: listeners("vcan0") == [], "the socket is closed")
    before = service.descriptors()
    # Others with the same identifiers would wait until the kernel has closed their sockets.
    identifiers = itertools.count(0x600)

    def slowest():
        numbers = [next(identifiers) for _ in range(5)]
        with contextlib.ExitStack() as stack, Misbehaving("vcan0", rx=numbers[-1]) as partner:
            for number in numbers:
                path = f"{ISOTP}?tx_id={number:03X}&rx_id={number + 0x80:03X}"
                say(stack.enter_context(websocket(service, path)), pdu(20))
            partner.hear("1014")
        took = [0]
        # The kernel takes about a second to close each of them.
        while listeners("vcan0"):
            took.append(Stopwatch(lambda: service.get("/v1")).read()[1])
        return max(took)

    on_time(slowest, 0, 0.5)
    wait_until(lambda: service.descriptors() <= before, "the descriptors are given back")


def test_it_ends_properly_when_the_service_stops(start):
    stopping = start()
    with websocket(stopping, PAIR) as idle, contextlib.closing(
            WebSocketReader(stopping, ISOTP + "?tx_id=7E1&rx_id=7E9")) as busy:
        assert busy.next()["type"] == "open"
        say(busy, pdu(20))
        status, took = stopping.stop()
        assert status == 0 and took < 10
        assert idle.close_code() == 1001 and busy.close_code() == 1001
    assert listeners("vcan0") == []
