"""Virtual interfaces made, changed and removed over HTTP; what became of it is asked of `ip`."""
import contextlib
import fcntl
import os
import select
import struct
import subprocess
import termios
import threading
import tty

import pytest

from links import change, changed, is_up, lasting, link, make, settings, told_of
from service import PATIENCE, assert_problem, wait_until
from streams import websocket
from witnesses import cansend, ip, ip_json, receivers


def names():
    return {entry["ifname"] for entry in ip_json("link", "show")}


def mtu_is_taken(name, mtu):
    """Whether this kernel's virtual interfaces take an MTU; `name` is free for the trial."""
    ip("link", "add", name, "type", "vcan")
    tried = subprocess.run(["ip", "link", "set", name, "mtu", str(mtu)], capture_output=True, check=False)
    ip("link", "del", name)
    return tried.returncode == 0


# Making

def test_a_virtual_interface_is_made(service, new_name, make_interface):
    name, other = new_name(), make_interface(up=False)
    answer = make(service, name)
    assert answer.status == 201 and answer["Location"] == f"/v1/interfaces/{name}"
    assert lasting(answer.json) == lasting(service.get(f"/v1/interfaces/{name}"))
    assert (answer.json["name"], answer.json["kind"], answer.json["up"]) == (name, "vcan", False)
    shown, usual = link(name), link(other)
    assert shown["linkinfo"]["info_kind"] == "vcan" and "UP" not in shown["flags"]
    # What was not asked for is as the kernel has it.
    assert (shown["mtu"], shown.get("txqlen")) == (usual["mtu"], usual.get("txqlen"))
    assert name in [entry["name"] for entry in service.get("/v1/interfaces")["interfaces"]]


@pytest.mark.parametrize("mtu", [16, 72])
def test_a_virtual_interface_is_made_as_asked_for(service, new_name, mtu):
    name = new_name()
    answer = make(service, name, mtu=mtu, txqueuelen=123, up=True)
    assert answer.status == 201, answer
    told = answer.json
    assert (told["up"], told["mtu"], told["fd"], told["txqueuelen"]) == (True, mtu, mtu == 72, 123)
    assert (is_up(name), link(name)["mtu"], link(name)["txqlen"]) == (True, mtu, 123)


def test_curl_makes_and_removes_an_interface(service, new_name):
    name = new_name()
    made = service.curl("-d", f'{{"name":"{name}","kind":"vcan","up":true}}', path="/v1/interfaces")
    assert made.status == 201 and is_up(name)
    removed = service.curl("-X", "DELETE", path=made["Location"])
    assert (removed.status, removed.body) == (204, b"")
    assert link(name) is None


def test_an_interface_is_captured_when_its_making_is_answered(service, new_name, wire):
    name = new_name()
    with websocket(service) as stream:
        assert make(service, name, up=True).json["capture"]["active"] is True
        assert receivers(name, "all")
        cansend(name, "123#01")
        frame = stream.until_type("frame", interface=name)
        assert f"{frame['timestamp']:.6f}" == wire.wait_for_count(name, 1)[0].timestamp
        # It was made in two steps, which are two events; nothing else is said.
        assert told_of(stream.seen, name) == [(name, "added"), (name, "up")]


@pytest.mark.parametrize("name", ["a", "fifteen-letters", "bus_1.2@home", "who?"])
def test_a_name_may_be_whatever_the_kernel_takes(service, name):
    try:
        answer = make(service, name)
        assert answer.status == 201, answer
        assert answer.json["name"] == name and link(name)
        # Where it is can be asked as it stands there.
        assert service.get(answer["Location"])["name"] == name
        assert service.request("DELETE", answer["Location"]).status == 204
        assert link(name) is None
    finally:
        subprocess.run(["ip", "link", "del", "dev", name], capture_output=True, check=False)


def test_a_pair_is_a_bus_with_two_ends(service, new_name):
    near, far = new_name(), new_name()
    answer = make(service, near, "vxcan", peer=far, up=True)
    assert answer.status == 201 and answer["Location"] == f"/v1/interfaces/{near}"
    assert (answer.json["name"], answer.json["kind"], answer.json["up"]) == (near, "vxcan", True)
    for name in (near, far):
        assert link(name)["linkinfo"]["info_kind"] == "vxcan" and is_up(name)
    assert link(near)["link"] == far and link(far)["link"] == near
    with websocket(service, f"/v1/interfaces/{far}/frames") as stream:
        assert service.request("POST", f"/v1/interfaces/{near}/frames", '{"id":"123"}').status == 200
        assert stream.frames(1)[0]["direction"] == "rx"


def test_what_a_pair_is_asked_to_be_holds_for_both_ends(service, new_name):
    near, far = new_name(), new_name()
    assert make(service, near, "vxcan", peer=far, mtu=16, txqueuelen=55).status == 201
    for name in (near, far):
        assert (link(name)["mtu"], link(name)["txqlen"], is_up(name)) == (16, 55, False)


def test_an_mtu_of_can_xl_is_the_kernels_business(service, new_name):
    is_taken = mtu_is_taken(new_name(), 2060)
    name = new_name()
    answer = make(service, name, mtu=2060, up=True)
    if is_taken:
        assert answer.status == 201 and answer.json["xl"] is True and link(name)["mtu"] == 2060
    else:
        assert_problem(answer, 422, "invalid-interface-setting", field="mtu", errno="EINVAL")
        assert link(name) is None


# Names that are taken

@pytest.mark.parametrize("kind, members", [("vcan", {}), ("vxcan", {"peer": "other-end"})])
@pytest.mark.parametrize("name", ["vcan0", "can0", "lo"])
def test_a_name_that_is_taken_is_refused(service, name, kind, members):
    before = names()
    problem = assert_problem(make(service, name, kind, **members), 409, "interface-exists", field="name")
    assert name in problem["detail"]
    assert names() == before


@pytest.mark.parametrize("peer", ["vcan0", "lo"])
def test_a_pair_whose_other_name_is_taken_is_not_half_made(service, new_name, peer):
    before, name = names(), new_name()
    problem = assert_problem(
        make(service, name, "vxcan", peer=peer, up=True), 409, "interface-exists", field="peer")
    assert peer in problem["detail"]
    assert names() == before


def test_of_two_who_want_the_same_name_one_gets_it(service, new_name):
    name, answers = new_name(), []
    clients = [threading.Thread(target=lambda: answers.append(make(service, name, up=True))) for _ in range(4)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert is_up(name)


# Removing

def test_a_virtual_interface_is_removed(service, new_name):
    name = new_name()
    make(service, name, up=True)
    with websocket(service, f"/v1/interfaces/{name}/frames") as stream:
        answer = service.request("DELETE", f"/v1/interfaces/{name}")
        assert (answer.status, answer.body) == (204, b"")
        assert link(name) is None
        removed = stream.until_type("interface", change="removed")
        assert removed["interface"] == name and "state" not in removed
    for method in ("GET", "DELETE"):
        assert_problem(service.request(method, f"/v1/interfaces/{name}"), 404, "interface-not-found")
    assert name not in [entry["name"] for entry in service.get("/v1/interfaces")["interfaces"]]


def test_an_interface_that_another_program_made_is_removed_too(service, make_interface):
    name = make_interface()
    assert service.request("DELETE", f"/v1/interfaces/{name}").status == 204
    assert link(name) is None


def test_both_ends_of_a_pair_are_removed_at_once(service, new_name):
    near, far = new_name(), new_name()
    make(service, near, "vxcan", peer=far, up=True)
    with websocket(service, f"/v1/frames?interface={near}&interface={far}") as stream:
        assert service.request("DELETE", f"/v1/interfaces/{far}").status == 204
        for _ in range(2):
            stream.until_type("interface", change="removed")
        removed = {name for name, what in told_of(stream.seen, near, far) if what == "removed"}
        assert removed == {near, far}
    assert link(near) is None and link(far) is None


def test_hardware_is_not_removed(service):
    """The kernel would say yes, and do nothing."""
    before = settings("can0")
    problem = assert_problem(
        service.request("DELETE", "/v1/interfaces/can0"), 422, "invalid-interface-setting", field="kind")
    assert "can0" in problem["detail"]
    assert settings("can0") == before
    with websocket(service, "/v1/interfaces/can1/frames") as stream:
        cansend("can0", "123#01")
        assert stream.next()["data"] == "01"


@pytest.mark.parametrize("method, action, body", [
    ("GET", "", None), ("PATCH", "", '{"up":false}'), ("DELETE", "", None), ("POST", "/restart", None)])
def test_what_is_no_can_interface_is_left_alone(service, method, action, body):
    assert_problem(service.request(method, f"/v1/interfaces/can77{action}", body), 404, "interface-not-found")
    before = link("lo")
    assert_problem(service.request(method, f"/v1/interfaces/lo{action}", body), 422, "not-a-can-interface")
    assert link("lo") == before


# Changing

def test_an_interface_is_switched_off_and_on(service, make_interface):
    name = make_interface()
    frames = f"/v1/interfaces/{name}/frames"
    with websocket(service, frames) as stream:
        told = changed(service, name, up=False)
        assert told["up"] is False and told["running"] is False and not is_up(name)
        assert_problem(service.request("POST", frames, '{"id":"123"}'), 409, "interface-down")
        told = changed(service, name, up=True)
        assert told["up"] is True and is_up(name)
        assert service.request("POST", frames, '{"id":"123"}').status == 200
        stream.until_type("frame", id="123")
        assert told_of(stream.seen, name) == [(name, "down"), (name, "up")]


def test_the_transmit_queues_length_is_changed_at_any_time(service, make_interface):
    name = make_interface()
    with websocket(service, f"/v1/interfaces/{name}/frames") as stream:
        assert changed(service, name, txqueuelen=321)["txqueuelen"] == 321
        assert link(name)["txqlen"] == 321 and is_up(name)
        event = stream.next()
        assert (event["type"], event["change"], event["state"]["txqueuelen"]) == ("interface", "settings", 321)
        changed(service, name, up=False)
        assert changed(service, name, txqueuelen=20)["txqueuelen"] == 20
        assert link(name)["txqlen"] == 20


@pytest.mark.parametrize("length", [0, 1, 32767])
def test_the_bounds_of_a_queues_length_are_taken(service, make_interface, length):
    name = make_interface()
    assert changed(service, name, txqueuelen=length)["txqueuelen"] == length
    assert link(name).get("txqlen", 0) == length


@pytest.mark.parametrize("kind", ["vcan", "vxcan"])
def test_an_mtu_is_changed_while_the_interface_is_down(service, make_interface, make_pair, kind):
    name = make_interface(up=False) if kind == "vcan" else make_pair()[0]
    changed(service, name, up=False)
    for mtu in (16, 72):
        told = changed(service, name, mtu=mtu)
        assert (told["mtu"], told["fd"], told["up"]) == (mtu, mtu == 72, False)
        assert link(name)["mtu"] == mtu


def test_an_mtu_is_not_changed_while_the_interface_is_up(service, make_interface):
    name = make_interface()
    before = settings(name)
    assert_problem(change(service, name, mtu=16), 409, "interface-busy", field="mtu")
    # Nothing of the request is done.
    assert_problem(change(service, name, mtu=16, txqueuelen=33), 409, "interface-busy", field="mtu")
    assert_problem(change(service, name, mtu=16, up=True), 409, "interface-busy", field="mtu")
    assert_problem(change(service, name, mtu=16, cycle=False), 409, "interface-busy", field="mtu")
    assert settings(name) == before


def test_an_mtu_is_changed_by_a_request_that_also_switches_off(service, make_interface):
    name = make_interface()
    told = changed(service, name, mtu=16, up=False)
    assert (told["mtu"], told["up"]) == (16, False)
    assert link(name)["mtu"] == 16 and not is_up(name)


def test_with_cycle_an_mtu_is_changed_and_the_interface_is_up_again(service, make_interface):
    name = make_interface()
    with websocket(service, f"/v1/interfaces/{name}/frames") as stream:
        told = changed(service, name, mtu=16, cycle=True)
        assert (told["mtu"], told["up"]) == (16, True)
        assert link(name)["mtu"] == 16 and is_up(name)
        cansend(name, "123#")
        stream.until_type("frame", id="123")
        told = [what for _, what in told_of(stream.seen, name)]
        assert sorted(told) == ["down", "settings", "up"] and told.index("down") < told.index("up")


@pytest.mark.parametrize("wanted", [{}, {"up": False}])
def test_with_cycle_an_interface_that_is_to_be_down_stays_down(service, make_interface, wanted):
    name = make_interface(up="up" in wanted)
    assert changed(service, name, mtu=16, cycle=True, **wanted)["up"] is False
    assert link(name)["mtu"] == 16 and not is_up(name)


def test_several_things_are_changed_at_once(service, make_interface):
    name = make_interface(up=False)
    told = changed(service, name, mtu=16, txqueuelen=50, up=True)
    assert (told["mtu"], told["txqueuelen"], told["up"]) == (16, 50, True)
    assert (link(name)["mtu"], link(name)["txqlen"], is_up(name)) == (16, 50, True)


@pytest.mark.parametrize("asked", [
    {"up": True}, {"mtu": 72}, {"txqueuelen": 44}, {"up": True, "mtu": 72, "txqueuelen": 44},
    {"mtu": 72, "cycle": True}, {"txqueuelen": 45, "mtu": 72, "cycle": True}])
def test_what_is_already_so_is_no_change(service, make_interface, asked):
    name = make_interface("mtu", "72", "txqueuelen", "44")
    wait_until(lambda: receivers(name, "all"), "it is captured")
    before = service.get(f"/v1/interfaces/{name}")
    with websocket(service, f"/v1/interfaces/{name}/frames") as stream:
        told = changed(service, name, **asked)
        wanted = {setting: value for setting, value in asked.items() if setting != "cycle"}
        assert lasting(told) == lasting(before) | wanted
        cansend(name, "123#")
        stream.until_type("frame", id="123")
        # Only what is different is changed, and nothing of that needs the interface down.
        assert told_of(stream.seen, name) == ([(name, "settings")] if asked.get("txqueuelen") == 45 else [])


def test_the_ends_of_a_pair_are_changed_one_by_one(service, make_pair):
    near, far = make_pair()
    assert changed(service, near, up=False)["up"] is False
    assert is_up(far) and not is_up(near)
    assert changed(service, near, up=True)["up"] is True
    wait_until(lambda: service.get(f"/v1/interfaces/{far}")["running"], "the pair is connected again")


# Serial lines

# The line discipline, for which Python has no name (linux/tty.h).
N_SLCAN = 17


@contextlib.contextmanager
def serial_line():
    """An interface of a serial line, and the end of the line at which its adapter would be."""
    adapter, line = os.openpty()
    before, made = names(), set()
    try:
        tty.setraw(line)
        fcntl.ioctl(line, termios.TIOCSETD, struct.pack("i", N_SLCAN))
        made = names() - before
        yield made.copy().pop(), adapter
    finally:
        os.close(line)
        os.close(adapter)
        wait_until(lambda: not made & names(), "it is gone")


def test_a_serial_lines_interface_is_recognised_and_used(service):
    with websocket(service) as everything, serial_line() as (name, adapter):
        added = everything.until_type("interface", interface=name, change="added")
        assert added["state"]["kind"] == "slcan"
        # The bit rate is the adapter's business, so that there is none to set first.
        told = changed(service, name, up=True)
        assert (told["kind"], told["up"], told["bitrate"], told["bus_load"]) == ("slcan", True, None, None)
        assert is_up(name)
        assert service.request("POST", f"/v1/interfaces/{name}/frames", '{"id":"123","data":"AB"}').status == 200
        assert select.select([adapter], [], [], PATIENCE)[0] and os.read(adapter, 100) == b"t1231AB\r"
        os.write(adapter, b"t12420102\r")
        frame = everything.until_type("frame", id="124")
        assert (frame["interface"], frame["direction"], frame["data"]) == (name, "rx", "0102")
        assert_problem(change(service, name, bitrate=500000, cycle=True), 501, "not-supported", field="bitrate")
        answer = service.request("DELETE", f"/v1/interfaces/{name}")
        assert_problem(answer, 422, "invalid-interface-setting", field="kind")
        assert is_up(name)
    # The line is cut, as when an adapter is unplugged.
    assert_problem(service.request("GET", f"/v1/interfaces/{name}"), 404, "interface-not-found")
