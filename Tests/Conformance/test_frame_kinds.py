"""Every kind of frame, both ways, byte for byte: what is sent is on the wire, what is on the wire is in the stream."""
import json
import struct

import pytest

from service import PATIENCE
from streams import CurlReader
from witnesses import BRS, CLASSIC, ESI, EXTENDED, FLEXIBLE, REMOTE, RawSocket, cansend

LONG = "".join(f"{byte:02X}" for byte in range(64))
EIGHT = "0011223344556677"


def standard(id, **members):
    return {"id": id, "extended": False} | members


def extended(id, **members):
    return {"id": id, "extended": True} | members


def classic(identifier, data="", length=None, raw_dlc=0):
    payload = bytes.fromhex(data)
    return struct.pack(CLASSIC, identifier, len(payload) if length is None else length, raw_dlc, payload)


def flexible(identifier, data="", flags=0):
    payload = bytes.fromhex(data)
    return struct.pack(FLEXIBLE, identifier, len(payload), flags, payload)


# In cansend's notation, in JSON as it comes out (which is also taken in), and in the kernel's structure.
KINDS = {
    "standard": ("123#DEADBEEF", standard("123", data="DEADBEEF"), classic(0x123, "DEADBEEF")),
    "one byte": ("7FF#01", standard("7FF", data="01"), classic(0x7FF, "01")),
    "eight bytes": (f"001#{EIGHT}", standard("001", data=EIGHT), classic(1, EIGHT)),
    "empty": ("000#", standard("000", data=""), classic(0)),
    "extended": ("18DAF110#0102", extended("18DAF110", data="0102"), classic(EXTENDED | 0x18DAF110, "0102")),
    "small extended": ("00000123#01", extended("00000123", data="01"), classic(EXTENDED | 0x123, "01")),
    "greatest extended": ("1FFFFFFF#", extended("1FFFFFFF", data=""), classic(EXTENDED | 0x1FFFFFFF)),
    "remote": ("123#R", standard("123", rtr=True, length=0), classic(REMOTE | 0x123)),
    "remote for 4": ("123#R4", standard("123", rtr=True, length=4), classic(REMOTE | 0x123, length=4)),
    "extended remote": (
        "18DAF110#R8", extended("18DAF110", rtr=True, length=8), classic(EXTENDED | REMOTE | 0x18DAF110, length=8)),
    "FD": ("456##0AABB", standard("456", data="AABB", fd=True), flexible(0x456, "AABB")),
    "empty FD": ("456##0", standard("456", data="", fd=True), flexible(0x456)),
    "FD with bit rate switch": ("456##101", standard("456", data="01", fd=True, brs=True), flexible(0x456, "01", BRS)),
    "FD from an error-passive sender": (
        "456##201", standard("456", data="01", fd=True, esi=True), flexible(0x456, "01", ESI)),
    "FD with both flags": (
        "456##301", standard("456", data="01", fd=True, brs=True, esi=True), flexible(0x456, "01", BRS | ESI)),
    "FD of 12 bytes": (f"456##0{LONG[:24]}", standard("456", data=LONG[:24], fd=True), flexible(0x456, LONG[:24])),
    "FD of 64 bytes": (
        f"18DAF110##1{LONG}", extended("18DAF110", data=LONG, fd=True, brs=True),
        flexible(EXTENDED | 0x18DAF110, LONG, BRS)),
}
# Frames that can-utils before 2021 neither write nor show in full.
RAW_DLC = {
    "raw DLC 9": (f"123#{EIGHT}_9", standard("123", data=EIGHT, dlc=9), classic(0x123, EIGHT, raw_dlc=9)),
    "raw DLC 15": (
        f"18DAF110#{EIGHT}_F", extended("18DAF110", data=EIGHT, dlc=15),
        classic(EXTENDED | 0x18DAF110, EIGHT, raw_dlc=15)),
    "remote with raw DLC": (
        "123#R8_C", standard("123", rtr=True, length=8, dlc=12), classic(REMOTE | 0x123, length=8, raw_dlc=12)),
}
ALL = KINDS | RAW_DLC


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
