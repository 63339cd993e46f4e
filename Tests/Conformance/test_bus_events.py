"""What becomes of an interface is told on every stream that shows it, and it is captured again when it is back."""
import fcntl
import socket
import struct
import threading
import time

import pytest

from exactness import on_time
from links import Adapter, changed, is_up, lasting, link, make, told_of
from periodic import ONE, becomes
from service import assert_problem, wait_until
from streams import websocket
from witnesses import RawSocket, cansend, ip, receivers

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
# How soon an interface is captured again that went and came back, in seconds.
SOON = 0.1


def switch_on(name):
    """Switches an interface on without the time that another program takes to begin; when it was on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sH14x", name.encode(), 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, asked))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", name.encode(), flags | IFF_UP))
        return time.time()


class Ticking(threading.Thread):
    """Sends a numbered frame each millisecond from the moment at which an interface can take one, until one was shown.

    Each goes out with two identifiers: 123, and before it 456.
    """

    def __init__(self, name):
        super().__init__(daemon=True)
        self._name = name
        self._shown = threading.Event()
        self._times = []
        self.start()

    def run(self):
        with RawSocket(self._name) as raw:
            while not self._shown.wait(0.001):
                number = len(self._times).to_bytes(4, "big")
                raw.send(0x456, number)
                before = time.time()
                raw.send(0x123, number)
                self._times.append((before, time.time()))

    def times(self, number):
        """When the frame of a number went out, which was shown: not before, not after. No more are sent."""
        self._shown.set()
        self.join()
        return self._times[number]


def first_shown(stream, ticking):
    """When the first frame went out that the stream shows."""
    frame = stream.until_type("frame", id="123")
    before, after = ticking.times(int(frame["data"], 16))
    # It is of this time of the interface's, and the stream says so by the kernel's own time.
    assert before - 0.001 <= frame["timestamp"] <= after + 0.001
    return before


# What is told

def test_each_change_is_told_with_the_interface_as_it_then_is(service, new_name):
    name, other = new_name(), new_name()
    with websocket(service, "/v1/frames?events=interface") as stream:
        for command, change_told, state in (
            (("add", name, "type", "vcan"), "added", {"up": False, "kind": "vcan"}),
            (("set", name, "mtu", "16"), "settings", {"mtu": 16, "fd": False}),
            (("set", name, "txqueuelen", "77"), "settings", {"txqueuelen": 77}),
            (("set", name, "up"), "up", {"up": True, "running": True, "mtu": 16}),
            (("set", name, "txqueuelen", "78"), "settings", {"up": True, "txqueuelen": 78}),
            (("set", name, "down"), "down", {"up": False, "running": False}),
            (("set", name, "name", other), "renamed", {"name": other, "txqueuelen": 78}),
        ):
            ip("link", *command)
            event = stream.until(lambda event: event.get("interface") in (name, other))
            assert (event["type"], event["change"]) == ("interface", change_told)
            assert event["interface"] == event["state"]["name"]
            assert {field: event["state"][field] for field in state} == state
            assert set(event) == {"type", "seq", "interface", "change", "state"} | (
                {"previous_name"} if change_told == "renamed" else set())
        assert event["previous_name"] == name
        # It is the resource, whole.
        assert lasting(event["state"]) == lasting(service.get(f"/v1/interfaces/{other}"))
        ip("link", "del", other)
        removed = stream.until(lambda event: event.get("interface") == other)
        assert {field: removed[field] for field in removed if field != "seq"} == {
            "type": "interface", "interface": other, "change": "removed"}
        numbers = [event["seq"] for event in stream.seen]
        assert numbers == sorted(set(numbers))


def test_what_is_done_over_http_is_told_like_what_others_do(service, new_name):
    name = new_name()
    with websocket(service, "/v1/frames?events=interface") as stream:
        make(service, name)
        changed(service, name, txqueuelen=88, mtu=16)
        changed(service, name, up=True)
        changed(service, name, up=False)
        service.request("DELETE", f"/v1/interfaces/{name}")
        stream.until_type("interface", interface=name, change="removed")
        events = [event for event in stream.seen if event.get("interface") == name]
        told = [event["change"] for event in events]
        assert told[0] == "added" and told[-3:] == ["up", "down", "removed"]
        # Each of the settings may be said by itself.
        assert set(told[1:-3]) == {"settings"}
        state = events[-4]["state"]
        assert (state["txqueuelen"], state["mtu"]) == (88, 16)


def test_a_stream_of_one_interface_is_told_of_that_one(service, make_interface):
    name, other = make_interface(), make_interface()
    with websocket(service, f"/v1/interfaces/{name}/frames") as stream:
        for which in (other, name):
            ip("link", "set", which, "down")
        event = stream.next()
        assert (event["interface"], event["change"]) == (name, "down")


@pytest.mark.parametrize("events", ["frame", "frame,error,job"])
def test_a_stream_without_these_events_is_told_nothing(service, make_interface, events):
    name = make_interface()
    with websocket(service, f"/v1/interfaces/{name}/frames?events={events}") as stream:
        for state in ("down", "up"):
            ip("link", "set", name, state)
        wait_until(lambda: service.get(f"/v1/interfaces/{name}")["up"], "the service knows")
        cansend(name, "123#")
        assert stream.next()["type"] == "frame"


def test_a_pair_that_gets_connected_is_in_another_state(service, new_name):
    near, far = new_name(), new_name()
    make(service, near, "vxcan", peer=far)
    with websocket(service, f"/v1/interfaces/{near}/frames") as stream:
        changed(service, near, up=True)
        # At the latest when the kernel has looked after its carrier, which it does once a second.
        stream.until(lambda event: event.get("change") in ("up", "state") and event["state"]["running"] is False)
        changed(service, far, up=True)
        assert stream.until_type("interface", change="state")["state"]["running"] is True
        changed(service, far, up=False)
        assert stream.until_type("interface", change="state")["state"]["running"] is False


def test_a_controllers_state_is_told(service, controllers):
    with websocket(service, "/v1/interfaces/can1/frames") as stream:
        ip("link", "set", "can1", "down")
        down = stream.until_type("interface", change="down")
        assert stream.until_type("interface", change="state")["state"]["state"] == "stopped"
        ip("link", "set", "can1", "up")
        up = stream.until_type("interface", change="up")
        assert stream.until_type("interface", change="state")["state"]["state"] == "error-active"
        assert down["seq"] < up["seq"]
        assert [what for _, what in told_of(stream.seen, "can1")] == ["down", "state", "up", "state"]


def test_what_another_program_sets_of_a_controller_that_is_down_is_told(service, controllers):
    """The kernel says nothing then: the service looks by itself every two seconds."""
    with websocket(service, "/v1/interfaces/can1/frames") as stream:
        ip("link", "set", "can1", "down")
        stream.until_type("interface", change="down")
        begin = time.monotonic()
        ip("link", "set", "can1", "type", "can", "bitrate", "250000", "restart-ms", "100")
        event = stream.until_type("interface", change="settings")
        assert time.monotonic() - begin < 8
        assert (event["state"]["bitrate"], event["state"]["restart_ms"]) == (250000, 100)
        assert event["state"]["up"] is False


def test_an_error_frame_that_changes_no_state_is_told_as_such_only(service, make_interface):
    """A virtual interface has no controller, whatever an error frame says."""
    name = make_interface()
    with websocket(service, f"/v1/interfaces/{name}/frames") as stream, RawSocket(name) as raw:
        raw.send(0x20000004, bytes.fromhex("0020000000000000"))
        raw.send(0x20000040, bytes(8))
        assert [stream.next()["classes"] for _ in range(2)] == [["controller"], ["bus-off"]]
        assert service.get(f"/v1/interfaces/{name}")["state"] is None
        cansend(name, "123#")
        assert stream.next()["type"] == "frame"


# What is captured

def test_an_interface_that_comes_back_is_captured_at_once_with_its_filters(service, make_interface):
    name = make_interface()
    filters = f"/v1/interfaces/{name}/filters"
    with websocket(service, f"/v1/interfaces/{name}/frames") as stream:
        wanted = service.request("PUT", filters, json_body={"filters": [{"id": "123", "extended": False}]}).json
        stream.until_type("filters")

        def measure():
            before = link(name)["ifindex"]
            ip("link", "del", name)
            stream.until_type("interface", change="removed")
            ip("link", "add", name, "type", "vcan")
            switched_on = switch_on(name)
            ticking = Ticking(name)
            up = stream.until_type("interface", change="up")
            took = first_shown(stream, ticking) - switched_on
            assert up["state"]["index"] == link(name)["ifindex"] != before
            assert receivers(name, "fil") == [(0x123, 0x800007FF)]
            assert service.get(filters) == wanted
            return took

        for _ in range(3):
            on_time(measure, 0, SOON)
        assert not any(event.get("id") == "456" for event in stream.seen)
        assert not any(event["type"] == "gap" for event in stream.seen)
    service.request("DELETE", filters)


def test_an_interface_that_is_made_and_up_in_one_is_captured_at_once(service, make_interface):
    name = make_interface()
    with websocket(service, f"/v1/interfaces/{name}/frames") as stream:
        def measure():
            seen = len(stream.seen)
            ip("link", "del", name)
            stream.until_type("interface", change="removed")
            ip("link", "add", name, "up", "type", "vcan")
            made = time.time()
            took = first_shown(stream, Ticking(name)) - made
            told = [what for _, what in told_of(stream.seen[seen:], name)]
            assert told in (["down", "removed", "added", "up"], ["down", "removed", "added"])
            assert is_up(name)
            return took

        on_time(measure, 0, SOON)


def test_nothing_is_missed_of_an_interface_that_was_only_off(service, make_interface):
    name = make_interface()
    with websocket(service, f"/v1/interfaces/{name}/frames") as stream:
        for _ in range(5):
            ip("link", "set", name, "down")
            switch_on(name)
            with RawSocket(name) as raw:
                raw.send(0x123)
            stream.until_type("frame")
            if stream.seen[-2].get("change") != "up":
                stream.until_type("interface", change="up")
        assert told_of(stream.seen, name) == [(name, "down"), (name, "up")] * 5


def test_a_stream_stays_with_the_name_when_an_interface_is_renamed(service, make_interface, new_name):
    name, other = make_interface(), new_name()
    frames = f"/v1/interfaces/{name}/frames"
    with websocket(service) as everything, websocket(service, frames) as stream:
        ip("link", "set", name, "down")
        ip("link", "set", name, "name", other)
        ip("link", "set", other, "up")
        # What comes before the service has taken note of the new name is still shown under the old one.
        everything.until_type("interface", interface=other, change="up")
        cansend(other, "123#")
        assert everything.until_type("frame", id="123")["interface"] == other
        assert_problem(service.request("GET", f"/v1/interfaces/{name}"), 404, "interface-not-found")
        # Another interface gets the name.
        make(service, name, up=True)
        cansend(name, "124#")
        assert stream.until_type("frame")["id"] == "124"
        assert everything.until_type("frame")["interface"] == name
        assert [event["previous_name"] for event in everything.seen if event.get("change") == "renamed"] == [name]


def test_the_filters_belong_to_the_name(service, make_interface, new_name):
    name, other = make_interface(), new_name()
    service.request("PUT", f"/v1/interfaces/{name}/filters", json_body={"filters": [{"id": "123", "extended": False}]})
    changed(service, name, up=False)
    ip("link", "set", name, "name", other)
    wait_until(lambda: receivers(other, "all") == [(0, 0)], "all is read of the other name")
    ip("link", "set", other, "name", name)
    wait_until(lambda: receivers(name, "fil") == [(0x123, 0x800007FF)], "the name's filters are in force again")
    service.request("DELETE", f"/v1/interfaces/{name}/filters")


def test_an_adapter_that_is_unplugged_and_plugged_in_again(service, controllers):
    adapter, before = Adapter("can1"), link("can1")["ifindex"]
    with websocket(service) as everything, websocket(service, "/v1/interfaces/can1/frames") as stream:
        try:
            adapter.unplug()
            stream.until_type("interface", change="removed")
            assert_problem(service.request("GET", "/v1/interfaces/can1"), 404, "interface-not-found")
            answer = service.request("POST", "/v1/interfaces/can1/frames", '{"id":"123"}')
            assert_problem(answer, 404, "interface-not-found")
        finally:
            adapter.plug_in()
        added = stream.until_type("interface", change="added")
        assert added["state"]["index"] != before and added["state"]["bitrate"] is None
        assert added["state"]["driver"] == "kvaser_pci"
        changed(service, "can1", bitrate=500000, up=True)
        for sender, direction in (("can0", "rx"), ("can1", "tx")):
            cansend(sender, "123#01")
            assert stream.until_type("frame")["direction"] == direction
        everything.until_type("frame", interface="can1", direction="tx")
        told = [what for _, what in told_of(everything.seen, "can1")]
        assert [what for what in told if what not in ("state", "settings")] == ["down", "removed", "added", "up"]


# What is sent

def test_jobs_end_and_come_back_with_an_interface_that_is_removed_and_made_over_http(
        service, wire, jobs, make_interface):
    name = make_interface()
    stays, ends = jobs(name, ONE, interval_ms=10, resume=True), jobs(name, [{"id": "124"}], interval_ms=10)
    assert service.request("DELETE", f"/v1/interfaces/{name}").status == 204
    for job in (stays, ends):
        becomes(service, job, "interface-gone")
    make(service, name, up=True)
    becomes(service, stays, "running")
    assert service.get(f"/v1/jobs/{ends['id']}")["state"] == "interface-gone"
    assert {frame.id for frame in wire.renewed().wait_for_count(name, 5)} == {"123"}
