"""Capture filters: what is read from an interface at all, seen by what arrives and in the kernel's own tables."""
import json

import pytest

from service import assert_problem, wait_until
from streams import websocket
from witnesses import LISTS, RawSocket, cansend, ip, receivers

CLASSES = ["tx-timeout", "lost-arbitration", "controller", "protocol", "transceiver", "no-ack", "bus-off", "bus-error",
           "restarted", "counters"]
EVERYTHING = {"filters": [{"id": "00000000", "mask": "00000000", "invert": False}], "join": False, "errors": CLASSES}
SENT = ["123#", "124#", "123#R", "00000123#", "523#", "18DAF110#", "18DAF110#R"]
END = "7FF"


class Interface:
    """An interface of the test's own, so that its entries in the kernel's tables are the service's."""

    def __init__(self, service, name):
        self.service, self.name = service, name
        self.path = f"/v1/interfaces/{name}/filters"

    def put(self, filters, **members):
        return self.service.request("PUT", self.path, json_body={"filters": filters} | members)

    def delete(self):
        assert self.service.request("DELETE", self.path).status == 204

    def lists(self):
        """The entries of those of the kernel's tables that have any; error frames apart."""
        tables = {which: sorted(receivers(self.name, which)) for which in LISTS if which != "err"}
        return {which: rows for which, rows in tables.items() if rows}

    def errors(self):
        return [mask for _, mask in receivers(self.name, "err")]


@pytest.fixture(scope="module")
def name():
    """An interface for the whole file: making one costs more than a test does."""
    ip("link", "add", "vcan19", "type", "vcan")
    ip("link", "set", "vcan19", "up")
    yield "vcan19"
    ip("link", "del", "vcan19")


@pytest.fixture
def interface(service, name):
    own = Interface(service, name)
    wait_until(lambda: own.lists() == {"all": [(0, 0)]}, "the service captures it")
    yield own
    own.delete()


def arriving(interface, frames=SENT, errors=()):
    """Which of these frames a stream without filters of its own shows; the filters are back to everything then."""
    with websocket(interface.service, f"/v1/interfaces/{interface.name}/frames") as stream, RawSocket(
            interface.name) as raw:
        sending = f"/v1/interfaces/{interface.name}/frames"
        assert interface.service.request("POST", sending, "\n".join(frames), type="text/plain").status == 200
        for error in errors:
            raw.send(0x20000000 | error, bytes(8))
        interface.delete()
        cansend(interface.name, END + "#")
        stream.until_type("frame", id=END)
        told = []
        for event in stream.seen[1:-1]:
            if event["type"] == "frame":
                told.append(event["id"] + ("#R" if "rtr" in event else "#"))
            elif event["type"] == "error":
                told.append(event["classes"])
    return told


# What is put; what the kernel then has; what arrives of the frames above.
FILTERS = {
    "identifier and mask": (
        [{"id": "120", "mask": "7F0", "extended": False}], {"fil": [(0x120, 0x800007F0)]}, ["123#", "124#", "123#R"]),
    "identifier alone": ([{"id": "123", "extended": False}], {"fil": [(0x123, 0x800007FF)]}, ["123#", "123#R"]),
    "identifier, no remote requests": (
        [{"id": "123", "extended": False, "rtr": False}], {"sff": [(0x123, 0xC00007FF)]}, ["123#"]),
    "extended identifier, no remote requests": (
        [{"id": "18DAF110", "extended": True, "rtr": False}], {"eff": [(0x98DAF110, 0xDFFFFFFF)]}, ["18DAF110#"]),
    "inverted": (
        [{"id": "123", "mask": "7FF", "extended": False, "invert": True}], {"inv": [(0x123, 0x800007FF)]},
        ["124#", "00000123#", "523#", "18DAF110#", "18DAF110#R"]),
    "extended only": (
        [{"id": "0", "mask": "0", "extended": True}], {"fil": [(0x80000000, 0x80000000)]},
        ["00000123#", "18DAF110#", "18DAF110#R"]),
    "standard only": (
        [{"id": "0", "mask": "0", "extended": False}], {"fil": [(0, 0x80000000)]}, ["123#", "124#", "123#R", "523#"]),
    "remote requests only": (
        [{"id": 0, "mask": 0, "rtr": True}], {"fil": [(0x40000000, 0x40000000)]}, ["123#R", "18DAF110#R"]),
    "either kind": ([{"id": "123"}], {"fil": [(0x123, 0x1FFFFFFF)]}, ["123#", "123#R", "00000123#"]),
    "several": (
        [{"id": "123", "extended": False}, {"id": "523", "extended": False}],
        {"fil": [(0x123, 0x800007FF), (0x523, 0x800007FF)]}, ["123#", "123#R", "523#"]),
    "one twice": (
        [{"id": "123", "extended": False}, {"id": "120", "mask": "7F0", "extended": False}],
        {"fil": [(0x120, 0x800007F0), (0x123, 0x800007FF)]}, ["123#", "124#", "123#R"]),
    "candump's grammar": (
        ["124:7FF", "18DAF110:9FFFFFFF"], {"fil": [(0x124, 0x7FF), (0x98DAF110, 0x9FFFFFFF)]},
        ["124#", "18DAF110#", "18DAF110#R"]),
    "candump's grammar, inverted": (
        ["123~7FF"], {"inv": [(0x123, 0x7FF)]}, ["124#", "523#", "18DAF110#", "18DAF110#R"]),
    "nothing": ([], {}, []),
    "a long mask of a standard identifier": (
        [{"id": "123", "mask": "1FFFF7FF", "extended": False}], {"fil": [(0x123, 0x800007FF)]}, ["123#", "123#R"]),
}


@pytest.mark.parametrize("kind", FILTERS)
def test_filters_are_installed_in_the_kernel(interface, kind):
    filters, lists, wanted = FILTERS[kind]
    answer = interface.put(filters)
    assert answer.status == 200, answer
    assert interface.lists() == lists
    assert arriving(interface) == wanted
    assert interface.lists() == {"all": [(0, 0)]}


def test_with_join_all_filters_must_match(interface):
    filters = [{"id": "120", "mask": "7F0", "extended": False}, {"id": "123", "extended": False, "invert": True}]
    answer = interface.put(filters, join=True)
    assert answer.json["join"] is True
    assert interface.lists() == {"fil": [(0x120, 0x800007F0)], "inv": [(0x123, 0x800007FF)]}
    # The kernel gives no error frames to a socket that joins two filters or more.
    assert arriving(interface, errors=[0x40]) == ["124#"]
    # Joined or not is part of what DELETE takes back.
    interface.put(filters[:1] + [{"id": "523", "extended": False}])
    assert arriving(interface) == ["123#", "124#", "123#R", "523#"]


def test_candumps_j_joins(interface):
    assert interface.put(["120:7F0", "123~7FF", "j"]).json["join"] is True
    assert arriving(interface) == ["124#"]


@pytest.mark.parametrize("errors, mask, wanted", [
    (["bus-off"], 0x40, [["bus-off"]]),
    (["controller", "counters"], 0x204, [["controller"], ["controller", "counters"]]),
    ([], None, []),
    (CLASSES, 0x3FF, [["bus-off"], ["controller"], ["controller", "counters"], ["no-ack"]]),
])
def test_errors_choose_which_error_frames_are_read(interface, errors, mask, wanted):
    answer = interface.put([], errors=errors)
    assert answer.json == {"filters": [], "join": False, "errors": errors}
    masks = interface.errors()
    assert [found & 0x3FF for found in masks] == ([] if mask is None else [mask])
    assert arriving(interface, ["123#"], errors=[0x40, 0x04, 0x204, 0x20]) == wanted


def test_without_errors_all_error_frames_are_read(interface):
    assert interface.put([]).json["errors"] == CLASSES
    assert arriving(interface, ["123#"], errors=[0x40, 0x04]) == [["bus-off"], ["controller"]]


def test_candumps_hash_chooses_error_frames(interface):
    assert interface.put(["123:7FF", "#00000044"]).json["errors"] == ["controller", "bus-off"]
    assert arriving(interface, ["123#", "124#"], errors=[0x40, 0x04, 0x20]) == ["123#", ["bus-off"], ["controller"]]


def test_512_filters_are_taken(interface):
    filters = [{"id": number, "extended": False} for number in range(1, 513)]
    assert interface.put(filters).status == 200
    assert sorted(interface.lists()["fil"]) == [(number, 0x800007FF) for number in range(1, 513)]
    assert arriving(interface, ["200#", "201#", "001#"]) == ["200#", "001#"]


def test_513_filters_change_nothing(interface):
    assert interface.put([{"id": "123", "extended": False}]).status == 200
    before = interface.service.get(interface.path)
    answer = interface.put([{"id": number, "extended": False} for number in range(513)])
    assert_problem(answer, 422, "invalid-filter", field="filters")
    assert interface.service.get(interface.path) == before
    assert interface.lists() == {"fil": [(0x123, 0x800007FF)]}


def test_what_is_in_force_is_shown_as_it_was_given(interface):
    assert interface.service.get(interface.path) == EVERYTHING
    filters = [
        {"id": "523", "mask": "7FF", "extended": False, "invert": False},
        {"id": "00000123", "mask": "1FFFFFFF", "extended": True, "invert": True, "rtr": False},
        {"id": "00000100", "mask": "00000700", "invert": False, "rtr": True},
    ]
    wanted = {"filters": filters, "join": False, "errors": ["controller", "bus-off"]}
    assert interface.put(filters, errors=["bus-off", "controller"]).json == wanted
    assert interface.service.get(interface.path) == wanted
    assert interface.service.get(f"/v1/interfaces/{interface.name}")["capture"]["filters"]
    interface.delete()
    assert interface.service.get(interface.path) == EVERYTHING
    assert interface.service.get(f"/v1/interfaces/{interface.name}")["capture"]["filters"] is None
    interface.delete()


def test_curl_puts_filters(interface):
    answer = interface.service.curl("-X", "PUT", "-d", '{"filters":["123:C00007FF"]}', path=interface.path)
    assert answer.status == 200
    assert answer.json["filters"] == [
        {"id": "123", "mask": "7FF", "extended": False, "invert": False, "rtr": False}]


def test_streams_are_told_of_new_filters(interface):
    with websocket(interface.service, f"/v1/interfaces/{interface.name}/frames") as stream:
        interface.put(["123:7FF", "#00000040"])
        event = stream.next()
        assert set(event) == {"type", "seq", "interface", "filters"}
        assert (event["type"], event["interface"]) == ("filters", interface.name)
        assert event["filters"] == interface.service.get(f"/v1/interfaces/{interface.name}")["capture"]["filters"]
        assert event["filters"][0] == "123:7FF" and event["filters"][1].startswith("#")
        cansend(interface.name, "124#")
        cansend(interface.name, "123#")
        assert stream.next()["id"] == "123"
        interface.delete()
        event = stream.next()
        assert (event["type"], event["filters"]) == ("filters", None)
        cansend(interface.name, "124#")
        assert stream.next()["id"] == "124"


def test_an_interface_that_is_down_can_be_filtered_and_keeps_it(service, make_interface):
    own = Interface(service, make_interface(up=False))
    wait_until(own.lists, "the service captures it")
    assert own.put([{"id": "123", "extended": False}]).status == 200
    ip("link", "set", own.name, "up")
    assert own.lists() == {"fil": [(0x123, 0x800007FF)]}
    assert arriving(own) == ["123#", "123#R"]


def test_other_interfaces_are_not_filtered(service, interface, make_interface):
    other = make_interface()
    interface.put([])
    with websocket(service, f"/v1/interfaces/{other}/frames") as stream:
        cansend(other, "123#")
        assert stream.frames(1)


@pytest.mark.parametrize("body, status, code, members", [
    ({}, 422, "invalid-filter", {"field": "filters"}),
    ({"filters": "123:7FF"}, 400, "malformed-request", {"field": "filters"}),
    ({"filters": [], "joined": True}, 400, "malformed-request", {"field": "joined"}),
    ({"filters": [], "join": 1}, 400, "malformed-request", {"field": "join"}),
    ({"filters": [], "errors": ["bus-on"]}, 422, "invalid-filter", {"field": "errors"}),
    ({"filters": [], "errors": [1]}, 400, "malformed-request", {"field": "errors"}),
    ({"filters": [{"id": "123", "mask": "7FF"}, {"mask": "7FF"}]}, 422, "invalid-filter", {"index": 1, "field": "id"}),
    ({"filters": [{"id": "800", "extended": False}]}, 422, "invalid-filter", {"index": 0, "field": "id"}),
    ({"filters": [{"id": "20000000", "extended": True}]}, 422, "invalid-filter", {"index": 0, "field": "id"}),
    ({"filters": [{"id": "12G"}]}, 422, "invalid-filter", {"index": 0, "field": "id"}),
    ({"filters": [{"id": "123", "mask": "FFFFFFFF"}]}, 422, "invalid-filter", {"index": 0, "field": "mask"}),
    ({"filters": [{"id": "123", "invert": "yes"}]}, 400, "malformed-request", {"index": 0, "field": "invert"}),
    ({"filters": [{"id": "123", "inverted": True}]}, 400, "malformed-request", {"index": 0, "field": "inverted"}),
    ({"filters": ["123:7FF", "123"]}, 422, "invalid-filter", {"index": 1}),
    ({"filters": ["123:XYZ"]}, 422, "invalid-filter", {"index": 0}),
    ({"filters": ["123:123456789"]}, 422, "invalid-filter", {"index": 0}),
    ({"filters": [True]}, 400, "malformed-request", {"index": 0}),
    ({"filters": ["#40"], "errors": ["controller"]}, 422, "invalid-filter", {}),
    ({"filters": ["j"], "join": False}, 422, "invalid-filter", {}),
    ([], 400, "malformed-request", {}),
])
def test_wrong_filters_are_refused_and_change_nothing(service, body, status, code, members):
    path = "/v1/interfaces/vcan0/filters"
    answer = service.request("PUT", path, json.dumps(body))
    assert_problem(answer, status, code, **members)
    assert service.get(path) == EVERYTHING
