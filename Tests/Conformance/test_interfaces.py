"""The list of interfaces against the kernel's own, and what streams say when one comes, goes or changes."""
import socket

import pytest

from service import asleep, assert_problem, wait_until
from streams import websocket
from traffic import numbers, send_numbered
from witnesses import RawSocket, cansend, ip, ip_json


def can_links():
    return {link["ifname"]: link for link in ip_json("link", "show") if link["link_type"] == "can"}


def test_every_can_interface_is_listed_and_no_other(service, make_interface):
    make_interface(up=False)
    listed = service.get("/v1/interfaces")["interfaces"]
    links = can_links()
    assert [interface["name"] for interface in listed] == sorted(links, key=lambda name: links[name]["ifindex"])
    indexes = {name: index for index, name in socket.if_nameindex()}
    for interface in listed:
        assert interface["index"] == indexes[interface["name"]]


def test_a_list_has_what_one_interface_has(service):
    for interface in service.get("/v1/interfaces")["interfaces"]:
        alone = service.get(f"/v1/interfaces/{interface['name']}")
        assert set(alone) == set(interface)
        assert {name: alone[name] for name in alone if name not in ("statistics", "capture")} == {
            name: interface[name] for name in interface if name not in ("statistics", "capture")}


def test_an_interface_is_as_ip_describes_it(service, make_interface, make_pair):
    make_interface("mtu", "16", up=False)
    pair = make_pair()
    wait_until(lambda: all(service.get(f"/v1/interfaces/{name}")["running"] for name in pair), "the pair is connected")
    for name, link in can_links().items():
        told = service.get(f"/v1/interfaces/{name}")
        assert told["up"] == ("UP" in link["flags"]), name
        assert told["running"] == ("LOWER_UP" in link["flags"]), name
        assert told["mtu"] == link["mtu"]
        assert told["fd"] == (link["mtu"] >= 72) and told["xl"] == (link["mtu"] >= 76)
        assert told["txqueuelen"] == link.get("txqlen", 0)
        assert told["kind"] == link["linkinfo"]["info_kind"]
        assert told["parent"] == link.get("parentdev")
        if told["kind"] != "can":
            for field in ("state", "bitrate", "bit_timing", "modes", "error_counters", "clock_hz", "restart_ms"):
                assert told[field] is None, (name, field)


@pytest.mark.parametrize("name", ["can0", "can1"])
def test_a_controller_is_as_ip_describes_it(service, name):
    link = can_links()[name]
    data, told = link["linkinfo"]["info_data"], service.get(f"/v1/interfaces/{name}")
    timing, limits = dict(data["bittiming"]), data["bittiming_const"]
    assert told["state"] == data["state"].lower()
    assert told["bitrate"] == timing.pop("bitrate") == 500000
    assert told["sample_point"] == float(timing.pop("sample_point"))
    assert told["bit_timing"] == timing
    assert told["bit_timing_limits"] == {
        "tseg1_min": limits["tseg1"]["min"], "tseg1_max": limits["tseg1"]["max"],
        "tseg2_min": limits["tseg2"]["min"], "tseg2_max": limits["tseg2"]["max"],
        "sjw_max": limits["sjw"]["max"], "brp_min": limits["brp"]["min"], "brp_max": limits["brp"]["max"],
        "brp_inc": limits["brp_inc"]}
    assert told["clock_hz"] == data["clock"]
    assert told["restart_ms"] == data["restart_ms"]
    assert told["error_counters"] == data["berr_counter"]
    assert told["modes"] and not any(told["modes"].values())
    assert told["data_bitrate"] is None and told["data_bit_timing"] is None
    modes = {mode.lower().replace("-", "_") for mode in data["ctrlmode_supported"]}
    assert set(told["supported_modes"]) == modes


def test_statistics_are_the_kernels(service):
    before = service.get("/v1/interfaces/can1")["statistics"]
    cansend("can0", "123#0102")
    cansend("can0", "123#03")
    after = wait_until(
        lambda: (now := service.get("/v1/interfaces/can1")["statistics"])["rx_frames"] == before["rx_frames"] + 2
        and now, "two frames are counted")
    assert after["rx_bytes"] == before["rx_bytes"] + 3
    kernel = ip_json("-statistics", "link", "show", "can1")[0]
    assert (after["rx_frames"], after["tx_frames"]) == (
        kernel["stats64"]["rx"]["packets"], kernel["stats64"]["tx"]["packets"])
    device = kernel["linkinfo"]["info_xstats"]
    assert (after["bus_errors"], after["bus_off"], after["restarts"], after["arbitration_lost"]) == (
        device["bus_error"], device["bus_off"], device["restarts"], device["arbitration_lost"])


def test_the_capture_counts_what_it_reads(service):
    before = service.get("/v1/interfaces/vcan0")["capture"]
    assert before["active"] is True and before["filters"] is None and before["kernel_dropped"] == 0
    assert before["receive_buffer_bytes"] >= 1000000
    with websocket(service, "/v1/interfaces/vcan0/frames") as stream:
        for _ in range(3):
            cansend("vcan0", "123#")
        stream.frames(3)
    assert service.get("/v1/interfaces/vcan0")["capture"]["received"] == before["received"] + 3


def test_what_is_no_can_interface_is_not_one(service):
    assert_problem(service.request("GET", "/v1/interfaces/lo"), 422, "not-a-can-interface")
    assert_problem(service.request("GET", "/v1/interfaces/can77"), 404, "interface-not-found")


def test_an_interface_made_while_the_service_runs_is_captured(service, make_interface, wire):
    with websocket(service) as stream:
        name = make_interface()
        added = stream.until_type("interface", interface=name, change="added")
        assert added["state"]["name"] == name and added["state"]["kind"] == "vcan"
        up = stream.until_type("interface", interface=name, change="up")
        assert up["state"]["up"] is True
        cansend(name, "123#01")
        frame = stream.until_type("frame", interface=name)
        assert frame["data"] == "01"
        assert f"{frame['timestamp']:.6f}" == wire.wait_for_count(name, 1)[0].timestamp
    assert name in [interface["name"] for interface in service.get("/v1/interfaces")["interfaces"]]
    assert service.get(f"/v1/interfaces/{name}")["capture"]["active"] is True


def test_streams_say_what_becomes_of_an_interface(service, make_interface):
    name = make_interface(up=False)
    other = name.replace("vcan", "bus")
    with websocket(service) as stream:
        for command, change, state in (
            (("set", name, "up"), "up", {"up": True}),
            (("set", name, "down"), "down", {"up": False}),
            (("set", name, "name", other), "renamed", {"name": other}),
            (("set", other, "up"), "up", {"name": other, "up": True}),
        ):
            ip("link", *command)
            event = stream.next()
            assert (event["type"], event["change"]) == ("interface", change)
            assert {field: event["state"][field] for field in state} == state
            assert event.get("previous_name") == (name if change == "renamed" else None)
            assert event["interface"] == event["state"]["name"]
        cansend(other, "123#")
        assert stream.frames(1)[0]["interface"] == other
        ip("link", "del", other)
        stream.until_type("interface", change="down")
        removed = stream.next()
        assert {name: removed[name] for name in removed if name != "seq"} == {
            "type": "interface", "interface": other, "change": "removed"}
    assert_problem(service.request("GET", f"/v1/interfaces/{other}"), 404, "interface-not-found")


def test_an_interface_of_the_same_name_is_captured_again(service, make_interface):
    name = make_interface()
    with websocket(service, f"/v1/interfaces/{name}/frames") as stream:
        ip("link", "del", name)
        stream.until_type("interface", change="removed")
        ip("link", "add", name, "type", "vcan")
        ip("link", "set", name, "up")
        stream.until_type("interface", change="up")
        cansend(name, "123#")
        assert stream.frames(1)[0]["id"] == "123"


def test_what_came_before_an_interface_was_removed_is_shown(service, make_interface):
    """Also what the service had no time to read until then."""
    name = make_interface()
    count = 500
    with websocket(service, f"/v1/interfaces/{name}/frames") as stream, RawSocket(name) as raw:
        with asleep(service):
            send_numbered(raw, count)
            ip("link", "del", name)
        stream.until_type("interface", change="removed")
        assert numbers(stream.seen) == list(range(count))


def test_a_controller_that_was_off_is_captured_again(service, wire):
    with websocket(service, "/v1/interfaces/can1/frames") as stream:
        try:
            ip("link", "set", "can1", "down")
            stream.until_type("interface", change="down")
            assert service.get("/v1/interfaces/can1")["state"] == "stopped"
        finally:
            ip("link", "set", "can1", "up")
        up = stream.until_type("interface", change="up")
        assert up["state"]["state"] == "error-active" and up["state"]["bitrate"] == 500000
        cansend("can0", "123#01")
        assert stream.frames(1)[0]["direction"] == "rx"


def test_another_program_may_capture_too(service, wire):
    """Reading through the service takes nothing away from others."""
    with websocket(service, "/v1/interfaces/vcan0/frames") as stream:
        cansend("vcan0", "123#")
        stream.frames(1)
    assert wire.wait_for_count("vcan0", 1)
