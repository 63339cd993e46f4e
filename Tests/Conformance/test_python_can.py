"""python-can's remote client (python-can-remote): `can.Bus("ws://…/v1/interfaces/vcan0/frames", interface="remote")`.

It sends, receives, filters and has periodic tasks, in both subprotocols; python-can's own socket is the witness.
"""
import itertools
import re
import socket
import statistics

import can_remote
import pytest
from can_remote.websocket import WebsocketClosed

from exactness import Stopwatch, on_time
from kinds import ALL, ERRORS
from remote_bus import (
    SUBPROTOCOLS, assert_same, local, message, receive, receive_until, remote, speak, take_little)
from service import PATIENCE, asleep, wait_until
from traffic import OVERRUN, overrun, send_numbered
from witnesses import RawSocket, broadcast_operations, cansend, ip


@pytest.fixture(params=SUBPROTOCOLS, autouse=True)
def subprotocol(request, monkeypatch):
    speak(monkeypatch, request.param)
    return request.param


def error_of(bus):
    """The error that the bus reports next."""
    with pytest.raises(can_remote.RemoteError) as error:
        receive(bus)
    return str(error.value)


def test_it_opens_and_says_what_it_is(service, subprotocol):
    with remote(service) as bus:
        assert bus.channel_info.startswith("canhttpd vcan0")
        assert bus.remote_protocol._ws.protocol == subprotocol


def test_the_client_as_it_is_agrees_on_binary(service, monkeypatch):
    monkeypatch.undo()
    with remote(service) as bus:
        assert bus.remote_protocol._ws.protocol == "can.binary+json.v1"


def test_every_kind_of_frame_is_received_as_from_a_socket(service):
    with remote(service) as bus, local() as witness, RawSocket("vcan0") as raw:
        for _, _, structure in ALL.values():
            raw.socket.send(structure)
        for identifier, data in ERRORS.values():
            raw.send(identifier, bytes.fromhex(data))
        count = len(ALL) + len(ERRORS)
        assert_same(receive(bus, count), receive(witness, count))


MESSAGES = {
    "123#DEADBEEF": message(0x123, b"\xde\xad\xbe\xef"),
    "000#": message(0),
    "7FF#0011223344556677": message(0x7FF, bytes.fromhex("0011223344556677")),
    "18DAF110#0102": message(0x18DAF110, b"\x01\x02", is_extended_id=True),
    "00000123#01": message(0x123, b"\x01", is_extended_id=True),
    "123#R4": message(0x123, is_remote_frame=True, dlc=4),
    "18DAF110#R": message(0x18DAF110, is_extended_id=True, is_remote_frame=True),
    "456##0AABB": message(0x456, b"\xaa\xbb", is_fd=True),
    "456##1" + "AA" * 64: message(0x456, b"\xaa" * 64, is_fd=True, bitrate_switch=True),
    "456##301": message(0x456, b"\x01", is_fd=True, bitrate_switch=True, error_state_indicator=True),
}


def test_every_kind_of_message_is_sent(service, wire):
    with remote(service) as bus:
        for sent in MESSAGES.values():
            bus.send(sent)
        assert [frame.text for frame in wire.wait_for_count("vcan0", len(MESSAGES))] == list(MESSAGES)


def test_five_hundred_at_once_arrive_in_their_order(service, wire):
    with remote(service) as bus, remote(service) as other:
        for number in range(500):
            bus.send(message(0x123, number.to_bytes(4, "big")))
        received = receive(other, 500)
        assert [int.from_bytes(found.data, "big") for found in received] == list(range(500))
        assert [f"{found.timestamp:.6f}" for found in received] == [
            frame.timestamp for frame in wire.wait_for_count("vcan0", 500)]


def test_its_own_messages_come_back_only_if_asked_for(service):
    with remote(service) as bus, remote(service, receive_own_messages=True) as echoing:
        bus.send(message(0x123))
        assert receive(echoing)[0].arbitration_id == 0x123
        echoing.send(message(0x124))
        assert receive(echoing)[0].arbitration_id == 0x124
        # What others on this machine send comes always.
        assert receive(bus)[0].arbitration_id == 0x124
        cansend("vcan0", "125#")
        assert receive(bus)[0].arbitration_id == receive(echoing)[0].arbitration_id == 0x125


# With one that lets the last frame through.
LAST = {"can_id": 0x7FE, "can_mask": 0x7FF, "extended": False}


@pytest.mark.parametrize("filters", [
    [{"can_id": 0x123, "can_mask": 0x7FF, "extended": False}],
    [{"can_id": 0x123, "can_mask": 0x1FFFFFFF, "extended": True}],
    [{"can_id": 0x123, "can_mask": 0x7FF}],
    [{"can_id": 0x120, "can_mask": 0x7F0, "extended": False}, {"can_id": 0x18DA0000, "can_mask": 0x1FFF0000}],
    [{"can_id": 0, "can_mask": 0}],
], ids=["standard", "extended", "either", "several", "all"])
def test_can_filters_at_opening_are_those_of_a_socket(service, filters):
    with remote(service, can_filters=[*filters, LAST]) as bus, local(can_filters=[*filters, LAST]) as witness:
        for text in ("123#01", "00000123#02", "124#03", "18DAF110#04", "123##1AA", "123#R4", "523#05", "10000123#06",
                     "7FE#"):
            cansend("vcan0", text)
        assert_same(receive_until(bus, 0x7FE), receive_until(witness, 0x7FE))


def test_an_empty_list_of_filters_is_none(service):
    with remote(service, can_filters=[]) as bus:
        cansend("vcan0", "123#")
        assert receive(bus)[0].arbitration_id == 0x123


@pytest.mark.parametrize("config, word", [
    ({"can_filters": [{"can_id": -1, "can_mask": 0}]}, "can_id"), ({"can_filters": [{"can_id": 1}]}, "can_mask"),
    ({"can_filters": "123:7FF"}, "can_filters"), ({"receive_own_messages": "perhaps"}, "receive_own_messages")])
def test_a_configuration_that_makes_no_sense_is_an_error(service, config, word):
    with pytest.raises(can_remote.RemoteError, match=word), remote(service, **config):
        pass


def test_other_settings_are_of_no_matter(service):
    """Programs that are made for hardware give a bit rate and more."""
    with remote(service, bitrate=500000, data_bitrate=2000000, fd=True, single_handle=True, app_name="x") as bus:
        cansend("vcan0", "123#")
        assert receive(bus)


@pytest.mark.parametrize("wrong, word", [
    (message(0x800), "800"), (message(0x123, bytes(9)), "9"), (message(0x123, bytes(9), is_fd=True), "9"),
    (message(0x20000000, is_extended_id=True), "20000000"), (message(4, bytes(8), is_error_frame=True), "error"),
], ids=["identifier", "nine bytes", "nine FD bytes", "extended identifier", "error frame"])
def test_a_wrong_message_is_an_error_and_the_bus_goes_on(service, wire, wrong, word):
    with remote(service, receive_own_messages=True) as bus:
        bus.send(wrong)
        assert word in error_of(bus)
        bus.send(message(0x7FE))
        assert receive(bus)[0].arbitration_id == 0x7FE
        assert [frame.text for frame in wire.wait_for_count("vcan0", 1)] == ["7FE#"]


def test_an_fd_message_on_a_classic_bus_is_an_error(service, make_interface):
    name = make_interface("mtu", "16")
    with remote(service, name) as bus:
        bus.send(message(0x123, is_fd=True))
        error = error_of(bus)
        assert name in error and "classic" in error


def test_a_bus_that_is_down_is_an_error_and_works_when_it_is_up(service, make_interface, wire):
    name = make_interface(up=False)
    with remote(service, name) as bus:
        bus.send(message(0x123))
        assert "down" in error_of(bus)
        ip("link", "set", name, "up")
        wait_until(lambda: service.get(f"/v1/interfaces/{name}")["up"], "it is up")
        bus.send(message(0x124))
        assert wire.wait_for_count(name, 1)[0].id == "124"


def assert_ends_after_gap(bus, sent):
    """Fails unless the bus ends with an error that says how many of the messages it did not receive."""
    received = 0
    with pytest.raises(can_remote.RemoteError) as error:
        while True:
            received += len(receive(bus))
    lost = [int(number) for number in re.findall(r"\d+", str(error.value))]
    assert 0 < received < sent and sent - received in lost, (str(error.value), received)
    # The client may be so late that the connection is gone when it answers.
    with pytest.raises((WebsocketClosed, OSError)) as closed:
        receive(bus)
    assert isinstance(closed.value, OSError) or closed.value.code == 1011


def test_what_the_kernel_dropped_ends_the_bus_with_the_number(start):
    service = start("--receive-buffer-bytes", "40000")
    with remote(service) as bus, RawSocket("vcan0") as raw:
        with asleep(service):
            send_numbered(raw, 1000)
        assert_ends_after_gap(bus, 1000)


def test_a_bus_that_is_read_too_slowly_ends_with_the_number(start, monkeypatch):
    """Up to the loss it was complete."""
    service = start("--log-bytes", "262144", "--receive-buffer-bytes", "500000")
    take_little(monkeypatch)
    with remote(service) as bus:
        overrun(service)
        bus.socket.settimeout(PATIENCE)
        received = []
        with pytest.raises(can_remote.RemoteError, match=r"\d"):
            while True:
                received += receive(bus)
        numbers = [int.from_bytes(found.data[:4], "big") for found in received]
        assert numbers == list(range(len(numbers))) and 0 < len(numbers) < OVERRUN
        # The client itself fails where the connection has ended before it could say goodbye.
        with pytest.raises((WebsocketClosed, OSError)):
            receive(bus)


def test_a_bus_that_was_shut_down_is_forgotten(service):
    with remote(service) as bus:
        port = bus.socket.getsockname()[1]

        def listed():
            return any(stream["peer"].endswith(f":{port}") for stream in service.get("/v1/streams")["streams"])

        wait_until(listed, "it is listed")
    wait_until(lambda: not listed(), "it is forgotten")


def running(service):
    return [job for job in service.get("/v1/jobs")["jobs"] if job["state"] == "running"]


def test_a_periodic_task_starts_changes_and_stops(service, wire):
    with remote(service) as bus:
        task = bus.send_periodic(message(0x123, b"\x01"), 0.02)
        times = [frame.time for frame in wire.wait_for_count("vcan0", 20)]
        assert 0.018 < statistics.median(later - earlier for earlier, later in itertools.pairwise(times)) < 0.04
        job, = running(service)
        assert (job["interface"], job["interval_ms"]) == ("vcan0", 20)
        assert [frame["id"] for frame in job["frames"]] == ["123"]
        # The same identifier once more changes what is sent; a second identifier is a second task.
        bus.send_periodic(message(0x123, b"\x02"), 0.02)
        wire.wait_for_text("vcan0", "123#02")
        wire.renewed().wait_for("vcan0", lambda frames: len(frames) > 10 and {frame.text for frame in frames} == {
            "123#02"}, "only what it was changed to")
        other = bus.send_periodic(message(0x124, is_extended_id=True), 0.05)
        wire.wait_for_text("vcan0", "00000124#")
        assert len(running(service)) == 2
        other.stop()
        wait_until(lambda: len(running(service)) == 1, "one is left")
        task.stop()
        wait_until(lambda: not running(service), "none is left")
        assert broadcast_operations() == [] and wire.renewed().stays_quiet("vcan0", 0.2)
        task.start()
        wire.renewed().wait_for_count("vcan0", 3)


def test_a_periodic_task_ends_after_its_duration(service, wire):
    identifiers = itertools.count(0x123)
    with remote(service) as bus:
        def measure():
            view, sent = wire.renewed(), message(next(identifiers), b"\x01")
            watch = Stopwatch(lambda: bus.send_periodic(sent, 0.02, duration=0.6))
            view.wait_for_count("vcan0", 1)
            wait_until(lambda: not running(service), "it ended")
            _, longest = watch.read()
            frames = view.frames("vcan0")
            assert wire.renewed().stays_quiet("vcan0", 0.2)
            return frames[-1].time - frames[0].time, longest

        on_time(measure, 0.6, 0.2)


@pytest.mark.parametrize("how", ["shut down", "cut"])
def test_periodic_tasks_end_with_their_connection(service, wire, how):
    with remote(service) as staying, remote(service) as bus:
        staying.send_periodic(message(0x124), 0.02)
        for identifier in (0x123, 0x125):
            bus.send_periodic(message(identifier), 0.02)
        wait_until(lambda: len(running(service)) == 3, "they run")
        if how == "shut down":
            bus.shutdown()
        else:
            bus.socket.shutdown(socket.SHUT_RDWR)
        wait_until(lambda: [job["frames"][0]["id"] for job in running(service)] == ["124"], "they ended")
        assert {frame.id for frame in wire.renewed().wait_for_count("vcan0", 5)} == {"124"}
    wait_until(lambda: not running(service), "all ended")
    assert broadcast_operations() == []


def test_a_periodic_task_of_a_wrong_message_is_an_error(service):
    with remote(service) as bus:
        bus.send_periodic(message(0x123, bytes(9)), 0.02)
        assert "9" in error_of(bus)
        bus.send_periodic(message(0x123), 0)
        assert "period" in error_of(bus)
        assert running(service) == []
