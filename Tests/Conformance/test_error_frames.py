"""Error frames, written to a virtual interface as a controller's driver would, arrive as `error` events."""
import pytest

from streams import websocket
from witnesses import ERROR, RawSocket, cansend

FRAMES = "/v1/interfaces/vcan0/frames"


@pytest.mark.parametrize("bits, data, classes, counters", [
    (0x001, "0000000000000000", ["tx-timeout"], None),
    (0x002, "0500000000000000", ["lost-arbitration"], None),
    (0x004, "0020000000000000", ["controller"], None),
    (0x008, "0000040300000000", ["protocol"], None),
    (0x010, "0000000004000000", ["transceiver"], None),
    (0x020, "0000000000000000", ["no-ack"], None),
    (0x040, "0000000000000000", ["bus-off"], None),
    (0x080, "0000000000000000", ["bus-error"], None),
    (0x100, "0000000000000000", ["restarted"], None),
    (0x200, "0000000000008001", ["counters"], {"tx": 128, "rx": 1}),
    (0x204, "0008000000006000", ["controller", "counters"], {"tx": 96, "rx": 0}),
    # Some drivers fill these bytes without saying so; without the class they are not decoded.
    (0x004, "0008000000006061", ["controller"], None),
    (0x3FF, "0102030405060708", [
        "tx-timeout", "lost-arbitration", "controller", "protocol", "transceiver", "no-ack", "bus-off", "bus-error",
        "restarted", "counters"], {"tx": 7, "rx": 8}),
])
def test_an_error_frame_is_decoded(service, wire, bits, data, classes, counters):
    with websocket(service, FRAMES) as stream, RawSocket("vcan0") as raw:
        raw.send(ERROR | bits, bytes.fromhex(data))
        event = stream.next()
    assert event["type"] == "error" and event["interface"] == "vcan0"
    assert event["id"] == f"{ERROR | bits:08X}" and event["data"] == data
    assert event["classes"] == classes
    assert event.get("error_counters") == counters
    details = {"error_counters", "controller", "protocol", "transceiver", "lost_arbitration_bit"}
    assert set(event) - details == {"type", "seq", "timestamp", "interface", "classes", "id", "data"}
    seen = wire.wait_for_count("vcan0", 1)[0]
    assert (seen.text, seen.timestamp) == (f"{event['id']}#{data}", f"{event['timestamp']:.6f}")


def test_error_frames_do_not_count_as_frames(service):
    with websocket(service, FRAMES + "?count=1") as stream, RawSocket("vcan0") as raw:
        raw.send(ERROR | 0x40, bytes(8))
        cansend("vcan0", "123#")
        assert [event["type"] for event in stream.rest()] == ["error", "frame"]


def test_an_error_of_no_known_class_is_an_event_all_the_same(service):
    with websocket(service, FRAMES) as stream, RawSocket("vcan0") as raw:
        raw.send(ERROR | 0x10000000, bytes(8))
        event = stream.next()
    assert (event["type"], event["classes"], event["id"]) == ("error", [], "30000000")
