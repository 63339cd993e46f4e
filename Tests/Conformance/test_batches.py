"""`batch=true`: a WebSocket message is an array of events, many where many are there; what they say is the same."""
import contextlib

import pytest

from commands import acknowledged, command
from service import assert_problem
from streams import websocket
from traffic import ENDLESS, OVERRUN, Sender, accounted, gaps
from transports import BatchReader, narrow
from witnesses import ERROR, RawSocket, cansend

FRAMES = "/v1/interfaces/vcan0/frames"


@contextlib.contextmanager
def batches(service, path=FRAMES + "?batch=true", connection=None):
    with contextlib.closing(BatchReader(service, path, connection=connection)) as reader:
        assert reader.status == 101
        reader.opened = reader.next()
        yield reader


def alone(reader, *types):
    """Whether each event of these types is in an array of its own."""
    return all(len(message) == 1 for message in reader.messages for event in message if event["type"] in types)


def test_a_burst_comes_in_few_messages_and_complete(service, wire):
    with batches(service) as stream, websocket(service, FRAMES) as single:
        assert stream.messages == [[stream.opened]] and stream.opened["type"] == "open"
        lines = "\n".join(f"123#{number:08X}" for number in range(2000))
        assert service.request("POST", FRAMES, lines, type="text/plain").json == {"sent": 2000}
        assert stream.frames(2000) == single.frames(2000)
        # The open one, and far less than one for each frame.
        assert len(stream.messages) < 1000
        assert len(wire.wait_for_count("vcan0", 2000)) == 2000


def test_one_frame_does_not_wait_for_another(service):
    with batches(service) as stream:
        for number in range(20):
            cansend("vcan0", f"123#{number:02X}")
            assert int(stream.next()["data"], 16) == number
        assert [len(message) for message in stream.messages] == [1] * 21


def test_errors_and_frames_share_an_array_answers_and_heartbeats_stand_alone(service):
    with batches(service, FRAMES + "?batch=true&heartbeat=1") as stream, RawSocket("vcan0") as raw:
        acknowledged(stream, "ping")
        raw.send(ERROR | 0x40, bytes(8))
        cansend("vcan0", "123#")
        assert [stream.news()["type"], stream.news()["type"]] == ["error", "frame"]
        stream.until_type("heartbeat")
        acknowledged(stream, "filter", filters=["123:7FF"])
        assert command(stream, "dance")["code"] == "malformed-request"
        assert alone(stream, "open", "ack", "problem", "heartbeat")


def test_answers_stand_at_their_place_among_the_batches(service):
    with batches(service) as stream, Sender("vcan0", ENDLESS, 1000) as sender:
        for _ in range(30):
            ack = acknowledged(stream, "ping")
            assert stream.messages[-1] == [ack]
            stream.until(lambda event, ack=ack: event["seq"] >= ack["seq"] + 20)
        sender.stop()
        cansend("vcan0", "7FE#")
        stream.until_type("frame", id="7FE")
        passed = [event["seq"] for message in stream.messages for event in message]
        assert passed == sorted(passed) and alone(stream, "ack")


def test_a_gap_stands_alone(start):
    service = start("--log-bytes", "262144")
    with batches(service, connection=narrow(service)) as stream:
        with websocket(service, FRAMES + "?filter=7FE:7FF") as marker:
            with Sender("vcan0", OVERRUN, 4000, length=64, last=0x7FE) as sender:
                sender.finish()
            marker.until_type("frame")
        stream.until_type("frame", id="7FE")
    assert gaps(stream.seen, "server") and alone(stream, "gap")
    assert accounted(stream.seen) == OVERRUN + 1


def test_count_ends_a_batch(service):
    with batches(service, FRAMES + "?batch=true&count=3") as stream:
        service.request("POST", FRAMES, "\n".join(["123#"] * 10), type="text/plain")
        assert len(stream.rest()) == 3 and stream.closed == 1000


def test_batch_false_is_as_without(service):
    with websocket(service, FRAMES + "?batch=false") as stream:
        cansend("vcan0", "123#")
        assert stream.next()["id"] == "123"


@pytest.mark.parametrize("format", ["ndjson", "sse", "candump", "pcap"])
def test_only_websockets_have_batches(service, format):
    answer = service.curl(path=f"{FRAMES}?batch=true&format={format}")
    assert_problem(answer, 400, "malformed-request", field="batch")
