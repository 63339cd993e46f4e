"""Every kind of frame, both ways, byte for byte: what is sent is on the wire, what is on the wire is in the stream."""
import json

import pytest

from kinds import ALL, EIGHT, KINDS, RAW_DLC
from service import PATIENCE
from streams import CurlReader
from witnesses import RawSocket, cansend


@pytest.fixture
def socket():
    with RawSocket("vcan0") as raw:
        yield raw


@pytest.fixture(scope="module")
def stream(common):
    """One stream for the module; each test reads on where the one before it stopped."""
    reader = CurlReader(common.get().base + "/v1/interfaces/vcan0/frames")
    assert reader.next()["type"] == "open"
    yield reader
    reader.close()


def fields(event):
    """What the frame is made of."""
    return {name: event[name] for name in event if name not in ("type", "seq", "timestamp", "interface", "direction")}


@pytest.mark.parametrize("kind", KINDS)
def test_text_that_is_sent_is_what_candump_sees(service, wire, kind):
    text, _, _ = KINDS[kind]
    answer = service.request("POST", "/v1/interfaces/vcan0/frames", text, type="text/plain")
    assert (answer.status, answer.json) == (200, {"sent": 1})
    assert wire.wait_for_count("vcan0", 1)[0].text == text


@pytest.mark.parametrize("kind", ALL)
def test_text_that_is_sent_has_these_bytes(service, socket, kind):
    text, _, structure = ALL[kind]
    answer = service.request("POST", "/v1/interfaces/vcan0/frames", text, type="text/plain")
    assert (answer.status, answer.json) == (200, {"sent": 1})
    assert socket.receive() == structure


@pytest.mark.parametrize("kind", ALL)
def test_json_that_is_sent_has_these_bytes(service, socket, kind):
    _, frame, structure = ALL[kind]
    answer = service.request("POST", "/v1/interfaces/vcan0/frames", json_body=frame)
    assert (answer.status, answer.json) == (200, {"sent": 1})
    assert socket.receive() == structure


@pytest.mark.parametrize("kind", ALL)
def test_what_the_service_sends_is_in_its_own_stream(service, stream, kind):
    _, frame, _ = ALL[kind]
    # What other tests of this file sent lies before it in the stream.
    service.request("POST", "/v1/interfaces/vcan0/frames", "1F0F0F0F#", type="text/plain")
    stream.until_type("frame", id="1F0F0F0F")
    assert service.request("POST", "/v1/interfaces/vcan0/frames", json_body=frame).status == 200
    event = stream.frames(1)[0]
    assert fields(event) == frame
    assert (event["interface"], event["direction"]) == ("vcan0", "tx")


@pytest.mark.parametrize("kind", KINDS)
def test_what_cansend_sends_is_what_the_stream_says(service, stream, kind):
    text, frame, _ = KINDS[kind]
    service.request("POST", "/v1/interfaces/vcan0/frames", "1F0F0F0F#", type="text/plain")
    stream.until_type("frame", id="1F0F0F0F")
    cansend("vcan0", text)
    assert fields(stream.frames(1)[0]) == frame


@pytest.mark.parametrize("kind", RAW_DLC)
def test_a_raw_dlc_from_another_program_is_what_the_stream_says(service, stream, socket, kind):
    _, frame, structure = RAW_DLC[kind]
    service.request("POST", "/v1/interfaces/vcan0/frames", "1F0F0F0F#", type="text/plain")
    stream.until_type("frame", id="1F0F0F0F")
    socket.socket.send(structure)
    assert fields(stream.frames(1)[0]) == frame


def test_an_event_is_compact_json_with_its_type_first(service, stream):
    service.request("POST", "/v1/interfaces/vcan0/frames", "123#DEADBEEF", type="text/plain")
    event = stream.frames(1)[0]
    line = stream.raw[-1]
    assert line.startswith('{"type":"frame","seq":')
    # Six digits at most: a time of 2025 in seconds and microseconds needs 16 digits, and 17 would show noise.
    timestamp = line.split('"timestamp":')[1].split(",")[0]
    assert timestamp == repr(event["timestamp"]) and len(timestamp.partition(".")[2]) <= 6
    assert line == json.dumps(event, separators=(",", ":"))


def test_two_controllers_talk_across_their_bus(service, wire):
    """The frame that leaves can0 enters can1, and the other way round."""
    # QEMU's controllers lose step after a remote request for more than nothing.
    sent = ["123#DEADBEEF", "18DAF110#0102", "7FF#R", "000#", f"321#{EIGHT}"]
    reader = CurlReader(service.base + "/v1/frames?interface=can0&interface=can1")
    try:
        assert sorted(reader.next()["interfaces"]) == ["can0", "can1"]
        for source, target in (("can0", "can1"), ("can1", "can0")):
            answer = service.request("POST", f"/v1/interfaces/{source}/frames", "\n".join(sent), type="text/plain")
            assert (answer.status, answer.json) == (200, {"sent": len(sent)})
            events = reader.frames(2 * len(sent), PATIENCE)
            for interface, direction in ((source, "tx"), (target, "rx")):
                heard = [event for event in events if event["interface"] == interface]
                assert {event["direction"] for event in heard} == {direction}
                assert [event["id"] for event in heard] == ["123", "18DAF110", "7FF", "000", "321"]
                assert heard[2]["rtr"] is True and heard[2]["length"] == 0
                assert wire.wait_for_count(interface, len(sent))[-1].text == sent[-1]
                assert wire.texts(interface)[:len(sent)] == sent
            wire = wire.renewed()
    finally:
        reader.close()
