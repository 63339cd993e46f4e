"""Commands on a WebSocket: a stream's filters, sending, pausing, without a new connection; each answered, in its place.

The `seq` of an answer is exact: what the stream shows up to it obeys what was before, the rest obeys the command.
"""
import json
import time

import pytest
from websockets.sync.client import connect

from commands import acknowledged, answer, assert_told, command, send_command
from exactness import on_time
from kinds import ALL
from processors import on_one_processor
from service import PATIENCE, wait_until
from streams import PING, PONG, TEXT, websocket
from traffic import ENDLESS, OVERRUN, Sender, accounted, gaps, numbers, send_numbered
from witnesses import RawSocket, cansend

FRAMES = "/v1/interfaces/vcan0/frames"
EVERYTHING = {*range(0x100, 0x108), 0x7FE}
# Filters, and which of those identifiers they let through.
FILTERS = [
    (["100:7FF"], {0x100}), (["101:7FF", "102:7FF"], {0x101, 0x102}), ([], EVERYTHING),
    (["103~7FF"], EVERYTHING - {0x103}), (["104:7FC"], {0x104, 0x105, 0x106, 0x107}),
]


def frames(events):
    return [event for event in events if event["type"] == "frame"]


def test_filters_change_at_exactly_the_place_that_is_acknowledged(service):
    """While a thousand frames a second go by; a stream of everything tells where each one stands."""
    with websocket(service, FRAMES) as everything, websocket(service, FRAMES) as stream:
        changes = [(stream.opened["seq"], EVERYTHING)]
        with Sender("vcan0", ENDLESS, 1000, identifier=0x100, identifiers=8):
            stream.until_type("frame")
            for filters, shown in FILTERS * 6:
                place = acknowledged(stream, "filter", filters=filters)["seq"]
                changes.append((place, shown))
                # On to a place well behind it, so that every filter has something to show.
                stream.until(lambda event, place=place: event["seq"] > place + 20)
        changes.append((acknowledged(stream, "filter", filters=[])["seq"], EVERYTHING))
        cansend("vcan0", "7FE#")
        for reader in (stream, everything):
            reader.until_type("frame", id="7FE")
    changes.append((stream.seen[-1]["seq"], set()))
    expected = [
        event for event in frames(everything.seen)
        if any(low < event["seq"] <= high and int(event["id"], 16) in shown
               for (low, shown), (high, _) in zip(changes, changes[1:]))]
    assert frames(stream.seen) == expected
    # The answers stand at their places, too.
    passed = [event["seq"] for event in stream.seen]
    assert passed == sorted(passed)


def test_a_stream_says_nothing_of_the_filter_of_another(service):
    with websocket(service, FRAMES) as other, websocket(service, FRAMES + "?filter=124:7FF") as stream:
        acknowledged(stream, "filter", filters=["123:7FF"])
        for text in ("124#", "123#01"):
            cansend("vcan0", text)
        assert stream.next()["id"] == "123"
        assert [event["id"] for event in other.frames(2)] == ["124", "123"]
        acknowledged(stream, "filter", filters=[])
        cansend("vcan0", "124#")
        assert stream.next()["id"] == "124"


def test_ping_is_answered_at_its_place(service):
    with websocket(service, FRAMES) as stream:
        cansend("vcan0", "123#")
        last = stream.frames(1)[0]["seq"]
        ack = command(stream, "ping", ref="here")
        assert ack == {"type": "ack", "seq": ack["seq"], "op": "ping", "ref": "here"} and ack["seq"] >= last


@pytest.mark.parametrize("ref", ["", "x", "ü" * 64, 'a "quoted" \n name', 0, -5, 1 << 53])
def test_an_answer_repeats_the_name_of_the_command(service, ref):
    with websocket(service, FRAMES) as stream:
        assert command(stream, "ping", ref=ref)["ref"] == ref
        assert command(stream, "dance", ref=ref)["ref"] == ref


def test_a_command_needs_no_name(service):
    with websocket(service, FRAMES) as stream:
        stream.send(TEXT, b' {"op" : "ping"}\n')
        ack = stream.until_type("ack")
        assert set(ack) == {"type", "seq", "op"}


def test_a_command_may_come_in_fragments(service):
    with websocket(service, FRAMES) as stream:
        whole = json.dumps({"op": "ping", "ref": "Grüße"}, ensure_ascii=False).encode()
        cut = whole.index(b"\xc3") + 1
        # In the middle of a character, with a ping of the protocol between.
        stream.send(TEXT, whole[:cut], last=False)
        stream.send(PING, b"between")
        assert stream.answer(PONG) == b"between"
        stream.send(0, whole[cut:cut + 1], last=False)
        stream.send(0, whole[cut + 1:])
        assert answer(stream, "Grüße")["type"] == "ack"


def test_commands_are_answered_in_their_order(service):
    with websocket(service, FRAMES) as stream:
        names = [send_command(stream, op, **members) for op, members in (
            ("ping", {}), ("filter", {"filters": ["123:7FF"]}), ("dance", {}), ("pause", {}), ("ping", {}),
            ("resume", {}), ("filter", {"filters": ["x"]}), ("ping", {}))]
        answers = [stream.until(lambda event: event["type"] in ("ack", "problem")) for _ in names]
        assert [told["ref"] for told in answers] == names
        assert [told["type"] for told in answers] == ["ack", "ack", "problem", "ack", "ack", "ack", "problem", "ack"]


def test_what_is_sent_is_on_the_wire_and_acknowledged(service, wire):
    batch = [
        {"id": "123", "data": "DEADBEEF"}, {"id": "18DAF110", "data": "0102"}, {"id": "456", "fd": True, "brs": True}]
    with websocket(service, FRAMES) as stream:
        ack = command(stream, "send", interface="vcan0", frames=batch)
        assert (ack["type"], ack["op"], ack["sent"]) == ("ack", "send", 3)
        assert [seen.text for seen in wire.wait_for_count("vcan0", 3)] == ["123#DEADBEEF", "18DAF110#0102", "456##1"]
        # They come back like all that this host sends.
        cansend("vcan0", "7FE#")
        stream.until_type("frame", id="7FE")
        shown = [(event["id"], event["direction"]) for event in frames(stream.seen)]
        assert shown == [("123", "tx"), ("18DAF110", "tx"), ("456", "tx"), ("7FE", "tx")]


@pytest.mark.parametrize("kind", ALL)
def test_every_kind_of_frame_is_sent_as_by_post(service, kind):
    _, frame, structure = ALL[kind]
    with websocket(service, FRAMES) as stream, RawSocket("vcan0") as raw:
        assert command(stream, "send", frames=[frame])["sent"] == 1
        assert raw.receive() == structure


def test_4096_frames_go_out_in_their_order(service, wire):
    identifiers = [number % 2048 for number in range(4096)]
    with websocket(service, FRAMES) as stream, on_one_processor(service.pid):
        ack = command(stream, "send", frames=[{"id": identifier} for identifier in identifiers], timeout_ms=1000)
        assert ack["sent"] == 4096
    assert [int(seen.id, 16) for seen in wire.wait_for_count("vcan0", 4096)] == identifiers


def test_the_interface_may_be_left_out_where_there_is_one(service, wire):
    for path in (FRAMES, "/v1/frames?interface=vcan0"):
        with websocket(service, path) as stream:
            assert command(stream, "send", frames=[{"id": "123"}])["sent"] == 1
    assert len(wire.wait_for_count("vcan0", 2)) == 2
    for path in ("/v1/frames", "/v1/frames?interface=vcan0&interface=vcan1"):
        with websocket(service, path) as stream:
            problem = command(stream, "send", frames=[{"id": "123"}])
            assert_told(problem, 400, "malformed-request", op="send", field="interface")
            assert command(stream, "send", interface="vcan1", frames=[{"id": "123"}])["sent"] == 1
    assert len(wire.wait_for_count("vcan1", 2)) == 2


def test_a_paused_stream_says_nothing_and_then_everything(service):
    with websocket(service, FRAMES + "?heartbeat=1") as stream, RawSocket("vcan0") as raw:
        send_numbered(raw, 5)
        stream.frames(5)
        paused = acknowledged(stream, "pause")
        send_numbered(raw, 200, 5)
        quiet = [stream.next(), stream.next()]
        assert [event["type"] for event in quiet] == ["heartbeat"] * 2
        # What needs no event of the log works meanwhile; to pause once more is no mistake.
        assert acknowledged(stream, "ping")["seq"] == acknowledged(stream, "pause")["seq"] == paused["seq"]
        acknowledged(stream, "resume")
        assert numbers(stream.frames(200)) == list(range(5, 205))
        acknowledged(stream, "resume")
        assert not gaps(stream.seen)


def test_a_filter_that_changes_while_paused_holds_for_all_that_comes_then(service):
    with websocket(service, FRAMES) as stream:
        paused = acknowledged(stream, "pause")
        for text in ("123#01", "124#02", "123#03"):
            cansend("vcan0", text)
        ack = acknowledged(stream, "filter", filters=["124:7FF"])
        assert ack["seq"] == paused["seq"]
        cansend("vcan0", "124#04")
        acknowledged(stream, "resume")
        assert [event["data"] for event in stream.frames(2)] == ["02", "04"]


def test_frames_are_sent_while_the_stream_is_paused(service, wire):
    with websocket(service, FRAMES) as stream:
        acknowledged(stream, "pause")
        assert acknowledged(stream, "send", frames=[{"id": "123"}])["sent"] == 1
        assert wire.wait_for_count("vcan0", 1)
        acknowledged(stream, "resume")
        assert stream.until_type("frame")["id"] == "123"


def test_a_pause_that_outlasts_the_log_ends_in_a_gap(start):
    service = start("--log-bytes", "262144")
    with websocket(service, FRAMES) as stream, RawSocket("vcan0") as raw:
        send_numbered(raw, 5)
        stream.frames(5)
        acknowledged(stream, "pause")
        with websocket(service, FRAMES + "?filter=7FE:7FF") as marker:
            with Sender("vcan0", OVERRUN, 4000, length=64, last=0x7FE) as sender:
                sender.finish()
            marker.until_type("frame")
        acknowledged(stream, "resume")
        stream.until_type("frame", id="7FE")
        told = gaps(stream.seen)
    assert len(told) == 1 and (told[0]["where"], told[0]["exact"]) == ("server", True)
    assert accounted(stream.seen) == 5 + OVERRUN + 1


def test_the_python_client_filters_sends_and_pauses(service, wire):
    with connect(f"ws://{service.authority}{FRAMES}", max_queue=None) as client:
        def told(type):
            return wait_until(
                lambda: (event := json.loads(client.recv(PATIENCE)))["type"] == type and event, f"a {type} comes")

        def ask(**members):
            client.send(json.dumps(members))
            return told("ack")

        assert told("open")
        assert ask(op="filter", filters=["123:7FF"], ref=1)["ref"] == 1
        assert ask(op="send", frames=[{"id": "124"}, {"id": "123", "data": "01"}], ref="send")["sent"] == 2
        ask(op="pause")
        cansend("vcan0", "123#02")
        ask(op="resume")
        cansend("vcan0", "123#03")
        ask(op="ping")
        client.send("hello")
        assert told("problem")["code"] == "malformed-request"
    assert len(wire.wait_for_count("vcan0", 4)) == 4


def test_it_answers_within_a_moment_while_traffic_goes_by(service):
    with websocket(service, FRAMES + "?filter=0~0") as stream, Sender("vcan0", ENDLESS, 1000) as sender:

        def slowest():
            """How long the slowest of fifty answers takes, in seconds."""
            took = []
            for _ in range(50):
                begin = time.monotonic()
                acknowledged(stream, "ping")
                took.append(time.monotonic() - begin)
            return max(took)

        on_time(slowest, 0, 0.5)
        assert not sender.is_done
