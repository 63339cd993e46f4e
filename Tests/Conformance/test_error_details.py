"""What the bytes of an error frame say, by name: every class and every value, written to a virtual interface."""
import pytest

from streams import websocket
from witnesses import ERROR, RawSocket

FRAMES = "/v1/interfaces/vcan0/frames?events=error"
# The classes that have a byte or two of their own (linux/can/error.h).
LOST_ARBITRATION, CONTROLLER, PROTOCOL, TRANSCEIVER, COUNTERS = 0x2, 0x4, 0x8, 0x10, 0x200
ALL_CLASSES = 0x3FF

CONTROLLER_BITS = {
    0x01: "rx-overflow", 0x02: "tx-overflow", 0x04: "rx-warning", 0x08: "tx-warning", 0x10: "rx-passive",
    0x20: "tx-passive", 0x40: "active"}
PROTOCOL_BITS = {
    0x01: "bit", 0x02: "form", 0x04: "stuff", 0x08: "bit0", 0x10: "bit1", 0x20: "overload", 0x40: "active",
    0x80: "tx"}
LOCATIONS = {
    0x03: "sof", 0x02: "id28-21", 0x06: "id20-18", 0x04: "srtr", 0x05: "ide", 0x07: "id17-13", 0x0F: "id12-5",
    0x0E: "id4-0", 0x0C: "rtr", 0x0D: "res1", 0x09: "res0", 0x0B: "dlc", 0x0A: "data", 0x08: "crc-sequence",
    0x18: "crc-delimiter", 0x19: "ack-slot", 0x1B: "ack-delimiter", 0x1A: "eof", 0x12: "intermission",
    0x11: "active-error-flag", 0x13: "tolerate-dominant-bits", 0x16: "passive-error-flag", 0x17: "error-delimiter"}
HIGH_LINE = {
    0x04: "canh-no-wire", 0x05: "canh-short-to-bat", 0x06: "canh-short-to-vcc", 0x07: "canh-short-to-gnd"}
LOW_LINE = {
    0x40: "canl-no-wire", 0x50: "canl-short-to-bat", 0x60: "canl-short-to-vcc", 0x70: "canl-short-to-gnd",
    0x80: "canl-short-to-canh"}
# What the bytes say beside the raw data, which every error event has.
DETAILS = {"controller", "protocol", "transceiver", "lost_arbitration_bit", "error_counters"}


def shown(service, frames):
    """The events of error frames, each given by its class bits and its data."""
    with websocket(service, FRAMES) as stream, RawSocket("vcan0") as raw:
        events = []
        for bits, data in frames:
            raw.send(ERROR | bits, bytes(data))
            events.append(stream.next())
    for event, (bits, data) in zip(events, frames):
        assert event["type"] == "error"
        assert (event["id"], event["data"]) == (f"{ERROR | bits:08X}", bytes(data).hex().upper())
    return events


def with_byte(index, values=range(256)):
    """The data of an error frame for each value of one byte, in which all others are set too, to no effect."""
    return [[value if place == index else 0xFF for place in range(8)] for value in values]


def named(bits, value):
    return [name for bit, name in bits.items() if value & bit]


def test_where_arbitration_was_lost(service):
    for value, event in enumerate(shown(service, [(LOST_ARBITRATION, data) for data in with_byte(0)])):
        assert set(event) & DETAILS == ({"lost_arbitration_bit"} if value else set())
        # 0 is what a controller has to say that cannot tell.
        assert event.get("lost_arbitration_bit") == (value or None)


def test_what_the_controller_reports(service):
    for value, event in enumerate(shown(service, [(CONTROLLER, data) for data in with_byte(1)])):
        assert set(event) & DETAILS <= {"controller"}
        assert event.get("controller", []) == named(CONTROLLER_BITS, value)


def test_how_the_protocol_was_violated(service):
    frames = [(PROTOCOL, [0xFF, 0xFF, value, 0, 0xFF, 0xFF, 0xFF, 0xFF]) for value in range(256)]
    for value, event in enumerate(shown(service, frames)):
        assert set(event) & DETAILS <= {"protocol"}
        protocol = event.get("protocol", {"types": []})
        assert protocol == {"types": named(PROTOCOL_BITS, value)}


def test_where_the_protocol_was_violated(service):
    frames = [(PROTOCOL, [0xFF, 0xFF, 0x04, value, 0xFF, 0xFF, 0xFF, 0xFF]) for value in range(256)]
    for value, event in enumerate(shown(service, frames)):
        location = {"location": LOCATIONS[value]} if value in LOCATIONS else {}
        assert event["protocol"] == {"types": ["stuff"]} | location


def test_what_the_transceiver_reports(service):
    for value, event in enumerate(shown(service, [(TRANSCEIVER, data) for data in with_byte(4)])):
        assert set(event) & DETAILS <= {"transceiver"}
        names = event.get("transceiver", [])
        high, low = value & 0x0F, value & 0xF0
        if high in {0, *HIGH_LINE} and low in {0, *LOW_LINE}:
            assert names == [line[bits] for line, bits in ((HIGH_LINE, high), (LOW_LINE, low)) if bits]
        else:
            # What has no meaning in linux/can/error.h gets no name that it does not have.
            assert set(names) <= {*HIGH_LINE.values(), *LOW_LINE.values()}


@pytest.mark.parametrize("transmit, receive", [(0, 0), (1, 255), (96, 0), (128, 127), (255, 255)])
def test_the_error_counters(service, transmit, receive):
    event = shown(service, [(COUNTERS, [0xFF] * 6 + [transmit, receive])])[0]
    assert set(event) & DETAILS == {"error_counters"}
    assert event["error_counters"] == {"tx": transmit, "rx": receive}


@pytest.mark.parametrize("bits", [0x001, 0x020, 0x040, 0x080, 0x100, 0x161, 0x1000])
def test_a_class_without_a_byte_of_its_own_has_no_details(service, bits):
    """Whatever a driver has left in the bytes."""
    event = shown(service, [(bits, [0x55] * 8)])[0]
    assert set(event) == {"type", "seq", "timestamp", "interface", "classes", "id", "data"}


def test_all_at_once(service):
    event = shown(service, [(ALL_CLASSES, [0x05, 0x24, 0x84, 0x19, 0x74, 0xFF, 0x81, 0x02])])[0]
    assert len(event["classes"]) == 10
    assert {name: event[name] for name in DETAILS} == {
        "lost_arbitration_bit": 5, "controller": ["rx-warning", "tx-passive"],
        "protocol": {"types": ["stuff", "tx"], "location": "ack-slot"},
        "transceiver": ["canh-no-wire", "canl-short-to-gnd"], "error_counters": {"tx": 129, "rx": 2}}


def test_details_do_not_decide_what_is_shown(service):
    """An error mask of a filter is one of classes."""
    path = "/v1/interfaces/vcan0/frames?filter=%2300000004"
    with websocket(service, path) as stream, RawSocket("vcan0") as raw:
        raw.send(ERROR | PROTOCOL, bytes([0, 0x20, 0x04, 0, 0, 0, 0, 0]))
        raw.send(ERROR | CONTROLLER, bytes([0, 0x20, 0x04, 0, 0, 0, 0, 0]))
        event = stream.next()
    assert (event["classes"], event["controller"]) == (["controller"], ["tx-passive"])
    assert "protocol" not in event


def test_the_numbers_of_every_class_are_in_the_raw_data(service):
    """For a driver that says more than has a name here."""
    event = shown(service, [(0x1FFFFFFF, range(0xA1, 0xA9))])[0]
    assert event["data"] == "A1A2A3A4A5A6A7A8" and event["id"] == "3FFFFFFF"
