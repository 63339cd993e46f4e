"""Wrong input where interfaces are made and changed: each with its status, code and field; and nothing is changed."""
import json

import pytest

from links import change, controller, link, make, settings
from service import assert_problem
from witnesses import ip_json

WRONG, MALFORMED, UNSUPPORTED = (
    (422, "invalid-interface-setting"), (400, "malformed-request"), (501, "not-supported"))
NEW, OTHER = "wrong0", "wrong1"
TIMING = {"brp": 1, "prop_seg": 6, "phase_seg1": 7, "phase_seg2": 2}


@pytest.fixture(scope="module", autouse=True)
def unchanged():
    """No request of this file changes anything."""
    before = {name: settings(name) for name in ("vcan0", "can0", "can1")}
    names = {entry["ifname"] for entry in ip_json("link", "show")}
    yield
    assert {name: settings(name) for name in before} == before
    # Other tests' interfaces are gone by then, none has come.
    assert {entry["ifname"] for entry in ip_json("link", "show")} <= names


def assert_refused(answer, what, field, **members):
    problem = assert_problem(answer, *what, **members)
    if field:
        assert problem["field"] == field, problem
    return problem


# Making: the body, what it is, the field.
MAKING = {
    "no name": ({"kind": "vcan"}, WRONG, "name"),
    "no kind": ({"name": NEW}, WRONG, "kind"),
    "nothing": ({}, WRONG, None),
    "an empty name": ({"name": "", "kind": "vcan"}, WRONG, "name"),
    "a name of 16 bytes": ({"name": "sixteen-letters-", "kind": "vcan"}, WRONG, "name"),
    "a name of 8 letters and 16 bytes": ({"name": "ä" * 8, "kind": "vcan"}, WRONG, "name"),
    "the folder itself": ({"name": ".", "kind": "vcan"}, WRONG, "name"),
    "the folder above": ({"name": "..", "kind": "vcan"}, WRONG, "name"),
    "a slash": ({"name": "vcan/99", "kind": "vcan"}, WRONG, "name"),
    "a colon": ({"name": "vcan99:1", "kind": "vcan"}, WRONG, "name"),
    "a blank": ({"name": "vcan 99", "kind": "vcan"}, WRONG, "name"),
    "a tabulator": ({"name": "vcan\t99", "kind": "vcan"}, WRONG, "name"),
    "an end of line": ({"name": "vcan99\n", "kind": "vcan"}, WRONG, "name"),
    # The kernel would take it for a pattern and make vcan2 of it.
    "a pattern": ({"name": "vcan%d", "kind": "vcan"}, WRONG, "name"),
    "a name that is a number": ({"name": 99, "kind": "vcan"}, MALFORMED, "name"),
    "a name that is null": ({"name": None, "kind": "vcan"}, MALFORMED, "name"),
    "a controller": ({"name": NEW, "kind": "can"}, WRONG, "kind"),
    "a serial line": ({"name": NEW, "kind": "slcan"}, WRONG, "kind"),
    "another network": ({"name": NEW, "kind": "dummy"}, WRONG, "kind"),
    "a kind in capitals": ({"name": NEW, "kind": "VCAN"}, WRONG, "kind"),
    "an empty kind": ({"name": NEW, "kind": ""}, WRONG, "kind"),
    "a kind that is a list": ({"name": NEW, "kind": ["vcan"]}, MALFORMED, "kind"),
    "a pair without the other end": ({"name": NEW, "kind": "vxcan"}, WRONG, "peer"),
    "a pair whose ends have one name": ({"name": NEW, "kind": "vxcan", "peer": NEW}, WRONG, "peer"),
    "a pair with a wrong name": ({"name": NEW, "kind": "vxcan", "peer": "vcan/98"}, WRONG, "peer"),
    "a pair with an empty name": ({"name": NEW, "kind": "vxcan", "peer": ""}, WRONG, "peer"),
    "a pair with a pattern": ({"name": NEW, "kind": "vxcan", "peer": "vcan%d"}, WRONG, "peer"),
    "another end that is a number": ({"name": NEW, "kind": "vxcan", "peer": 98}, MALFORMED, "peer"),
    "a single one with another end": ({"name": NEW, "kind": "vcan", "peer": OTHER}, WRONG, "peer"),
    "up as a text": ({"name": NEW, "kind": "vcan", "up": "true"}, MALFORMED, "up"),
    "up as a number": ({"name": NEW, "kind": "vcan", "up": 1}, MALFORMED, "up"),
    "an mtu as a text": ({"name": NEW, "kind": "vcan", "mtu": "72"}, MALFORMED, "mtu"),
    "an mtu as a fraction": ({"name": NEW, "kind": "vcan", "mtu": 72.0}, MALFORMED, "mtu"),
    "a queue's length as a fraction": ({"name": NEW, "kind": "vcan", "txqueuelen": 1.5}, MALFORMED, "txqueuelen"),
    "a queue of less than nothing": ({"name": NEW, "kind": "vcan", "txqueuelen": -1}, WRONG, "txqueuelen"),
    "a queue of 32768": ({"name": NEW, "kind": "vcan", "txqueuelen": 32768}, WRONG, "txqueuelen"),
    "a queue of 33 bits": ({"name": NEW, "kind": "vcan", "txqueuelen": (1 << 32) + 10}, WRONG, "txqueuelen"),
    "an unknown field": ({"name": NEW, "kind": "vcan", "mtuu": 72}, MALFORMED, "mtuu"),
    "what only a controller has": ({"name": NEW, "kind": "vcan", "bitrate": 500000}, MALFORMED, "bitrate"),
    "what only a change has": ({"name": NEW, "kind": "vcan", "cycle": True}, MALFORMED, "cycle"),
}


@pytest.mark.parametrize("what", MAKING)
def test_an_interface_is_not_made(service, what):
    body, problem, field = MAKING[what]
    assert_refused(service.request("POST", "/v1/interfaces", json_body=body), problem, field)


@pytest.mark.parametrize("mtu", [0, 15, 17, 71, 73, 75, 2061, 65536 + 72, (1 << 32) + 72, -1, -72])
def test_an_mtu_that_no_can_interface_has(service, mtu):
    problem = assert_refused(make(service, NEW, mtu=mtu), WRONG, "mtu", allowed=[16, 72])
    assert str(mtu) in problem["detail"]
    assert_refused(change(service, "vcan0", mtu=mtu), WRONG, "mtu", allowed=[16, 72])


def test_the_kinds_that_can_be_made_are_named(service):
    problem = make(service, NEW, kind="can").json
    assert set(problem["allowed"]) == {"vcan", "vxcan"}


# Changing: the interface, the body, what it is, the field.
CHANGES = {
    "nothing": ("vcan0", {}, WRONG, None),
    "only how": ("vcan0", {"cycle": True}, WRONG, None),
    "only how, for a controller": ("can0", {"cycle": False}, WRONG, None),
    "an unknown field": ("vcan0", {"upp": True}, MALFORMED, "upp"),
    "a name": ("vcan0", {"name": NEW}, MALFORMED, "name"),
    "a kind": ("vcan0", {"kind": "vxcan"}, MALFORMED, "kind"),
    "up as a number": ("vcan0", {"up": 0}, MALFORMED, "up"),
    "up as a text": ("vcan0", {"up": "false"}, MALFORMED, "up"),
    "up as null": ("vcan0", {"up": None}, MALFORMED, "up"),
    "cycle as a number": ("vcan0", {"mtu": 16, "cycle": 1}, MALFORMED, "cycle"),
    "an mtu as a text": ("vcan0", {"mtu": "16"}, MALFORMED, "mtu"),
    "an mtu as a fraction": ("vcan0", {"mtu": 16.5}, MALFORMED, "mtu"),
    "a queue of less than nothing": ("vcan0", {"txqueuelen": -1}, WRONG, "txqueuelen"),
    "a queue of 32768": ("vcan0", {"txqueuelen": 32768}, WRONG, "txqueuelen"),
    "a queue's length as a text": ("vcan0", {"txqueuelen": "10"}, MALFORMED, "txqueuelen"),
    "no bit rate": ("can0", {"bitrate": 0}, WRONG, "bitrate"),
    "a bit rate below nothing": ("can0", {"bitrate": -500000}, WRONG, "bitrate"),
    "a bit rate of 33 bits": ("can0", {"bitrate": (1 << 32) + 500000}, WRONG, "bitrate"),
    "a bit rate as a text": ("can0", {"bitrate": "500000"}, MALFORMED, "bitrate"),
    "a bit rate as a fraction": ("can0", {"bitrate": 500000.0}, MALFORMED, "bitrate"),
    "a bit rate that is true": ("can0", {"bitrate": True}, MALFORMED, "bitrate"),
    "sampled at the beginning": ("can0", {"bitrate": 500000, "sample_point": 0}, WRONG, "sample_point"),
    "sampled at the end": ("can0", {"bitrate": 500000, "sample_point": 1}, WRONG, "sample_point"),
    "sampled after the end": ("can0", {"sample_point": 1.5}, WRONG, "sample_point"),
    "sampled before the beginning": ("can0", {"sample_point": -0.5}, WRONG, "sample_point"),
    "sampled at a percentage": ("can0", {"bitrate": 500000, "sample_point": 87.5}, WRONG, "sample_point"),
    # In the kernel's thousandths it is 0, which would mean that any will do.
    "sampled next to the beginning": ("can0", {"sample_point": 0.0001}, WRONG, "sample_point"),
    "sampled next to the end": ("can0", {"sample_point": 0.9999}, WRONG, "sample_point"),
    "a sample point as a text": ("can0", {"sample_point": "0.8"}, MALFORMED, "sample_point"),
    "a restart before the end": ("can0", {"restart_ms": -1}, WRONG, "restart_ms"),
    "a restart after 33 bits": ("can0", {"restart_ms": 1 << 32}, WRONG, "restart_ms"),
    "a restart's delay as a text": ("can0", {"restart_ms": "100"}, MALFORMED, "restart_ms"),
    "modes as a list": ("can0", {"modes": ["listen_only"]}, MALFORMED, "modes"),
    "modes as a text": ("can0", {"modes": "listen_only"}, MALFORMED, "modes"),
    "a timing as a number": ("can0", {"bit_timing": 16}, MALFORMED, "bit_timing"),
    "a timing as null": ("can0", {"bit_timing": None}, MALFORMED, "bit_timing"),
}


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("cycle", [False, True])
def test_an_interface_is_not_changed(service, what, cycle):
    name, body, problem, field = CHANGES[what]
    # Also one that may take the interface down does not, for a request that is wrong.
    body = body | ({"cycle": True} if cycle and "cycle" not in body else {})
    told = assert_refused(service.request("PATCH", f"/v1/interfaces/{name}", json_body=body), problem, field)
    if problem == WRONG and field:
        assert str(body[field]) in told["detail"], told


def test_what_could_be_changed_is_named(service):
    problem = assert_problem(change(service, "can0"), *WRONG)
    assert set(problem["allowed"]) >= {
        "up", "mtu", "txqueuelen", "bitrate", "sample_point", "data_bitrate", "data_sample_point", "bit_timing",
        "data_bit_timing", "restart_ms", "modes", "termination_ohm"}


@pytest.mark.parametrize("timing, field", [
    ({"tq": 125}, "bit_timing.brp"), ({"brp": None}, "bit_timing.brp"),
    ({"prop_seg": None}, "bit_timing.prop_seg"), ({"phase_seg1": None}, "bit_timing.phase_seg1"),
    ({"phase_seg2": None}, "bit_timing.phase_seg2"), ({"phase_seg2": 0}, "bit_timing.phase_seg2"),
    ({"phase_seg2": "greatest"}, "bit_timing.phase_seg2"), ({"phase_seg1": "greatest"}, "bit_timing.phase_seg1"),
    ({"prop_seg": "greatest"}, "bit_timing.prop_seg"), ({"prop_seg": -1}, "bit_timing.prop_seg"),
    ({"sjw": "greatest"}, "bit_timing.sjw"), ({"sjw": -1}, "bit_timing.sjw"),
    ({"brp": 0}, "bit_timing.brp"), ({"brp": "greatest"}, "bit_timing.brp"), ({"brp": (1 << 32) + 1}, "bit_timing.brp"),
    ({"brp": None, "tq": 0}, "bit_timing.tq"), ({"brp": None, "tq": -125}, "bit_timing.tq"),
    ({"brp": None, "tq": (1 << 32) + 125}, "bit_timing.tq"),
])
def test_a_bit_timing_out_of_the_controllers_bounds(service, timing, field):
    """What stands for "greatest" is one more than the controller takes; None leaves the field out."""
    bounds = controller("can0")["bittiming_const"]
    beyond = {"phase_seg2": bounds["tseg2"]["max"] + 1, "phase_seg1": bounds["tseg1"]["max"] + 1,
              "prop_seg": bounds["tseg1"]["max"] + 1, "sjw": bounds["sjw"]["max"] + 1, "brp": bounds["brp"]["max"] + 1}
    asked = {name: beyond[name] if value == "greatest" else value for name, value in (TIMING | timing).items()}
    asked = {name: value for name, value in asked.items() if value is not None}
    problem = assert_problem(change(service, "can0", bit_timing=asked, cycle=True), *WRONG)
    if field in ("bit_timing.phase_seg1", "bit_timing.prop_seg"):
        # The bound is one of their sum.
        assert problem["field"] in ("bit_timing.phase_seg1", "bit_timing.prop_seg"), problem
    elif field in ("bit_timing.brp", "bit_timing.tq") and ("tq" in asked) == ("brp" in asked):
        # One is missing, or one too many: either may be named.
        assert problem["field"] in ("bit_timing", "bit_timing.brp", "bit_timing.tq"), problem
    else:
        assert problem["field"] == field, problem


@pytest.mark.parametrize("timing, field", [
    (TIMING | {"phase_seg2": 2.0}, "phase_seg2"), (TIMING | {"brp": "1"}, "brp"), (TIMING | {"sample": 3}, "sample"),
    (TIMING | {"bitrate": 500000}, "bitrate"),
])
def test_a_bit_timing_that_cannot_be_understood(service, timing, field):
    problem = assert_problem(change(service, "can0", bit_timing=timing, cycle=True), *MALFORMED)
    assert problem["field"] in (field, f"bit_timing.{field}"), problem


@pytest.mark.parametrize("other", [
    {"bitrate": 250000}, {"sample_point": 0.8}, {"bitrate": 250000, "sample_point": 0.8}])
def test_a_bit_timing_says_all_and_goes_with_nothing_else(service, other):
    problem = assert_problem(change(service, "can0", bit_timing=TIMING, cycle=True, **other), *WRONG)
    assert problem["field"] in ("bit_timing", *other), problem


@pytest.mark.parametrize("modes, wrong", [
    ({"turbo": True}, "turbo"), ({"listen-only": True}, "listen-only"), ({"LOOPBACK": True}, "LOOPBACK"),
    ({"listen_only": 1}, "listen_only"), ({"listen_only": "on"}, "listen_only"), ({"listen_only": None}, "listen_only"),
    ({"listen_only": True, "turbo": False}, "turbo"),
])
def test_a_mode_that_cannot_be_understood(service, modes, wrong):
    problem = assert_problem(change(service, "can0", modes=modes, cycle=True), *MALFORMED)
    assert problem["field"] in (wrong, f"modes.{wrong}"), problem
    assert wrong in problem["detail"]


# What a kind of interface has not.
@pytest.mark.parametrize("settings, field", [
    ({"bitrate": 500000}, "bitrate"), ({"sample_point": 0.8}, "sample_point"), ({"bit_timing": TIMING}, "bit_timing"),
    ({"data_bitrate": 2000000}, "data_bitrate"), ({"data_sample_point": 0.8}, "data_sample_point"),
    ({"data_bit_timing": TIMING}, "data_bit_timing"), ({"restart_ms": 100}, "restart_ms"),
    ({"modes": {"listen_only": True}}, "modes"), ({"termination_ohm": 120}, "termination_ohm"),
])
@pytest.mark.parametrize("cycle", [{}, {"cycle": True}])
def test_a_virtual_interface_has_no_controller(service, settings, field, cycle):
    problem = assert_problem(change(service, "vcan0", **settings, **cycle), *UNSUPPORTED)
    assert problem["field"].split(".")[0] == field and "vcan" in problem["detail"]


def test_what_is_not_supported_is_not_done_in_part(service):
    assert_problem(change(service, "vcan0", txqueuelen=77, bitrate=500000), *UNSUPPORTED)
    assert link("vcan0").get("txqlen") != 77


@pytest.mark.parametrize("mode", ["fd", "fd_non_iso"])
def test_a_mode_that_the_driver_has_not(service, mode):
    assert mode.upper().replace("_", "-") not in controller("can0")["ctrlmode_supported"]
    assert_problem(change(service, "can0", modes={mode: True}, cycle=True), *UNSUPPORTED, field=f"modes.{mode}")
    # Also among others that it has, which are not switched on then.
    asked = {"listen_only": True, mode: True}
    assert_problem(change(service, "can0", modes=asked, cycle=True), *UNSUPPORTED, field=f"modes.{mode}")


@pytest.mark.parametrize("settings, field", [
    ({"data_bitrate": 2000000}, "data_bitrate"), ({"data_sample_point": 0.8}, "data_sample_point"),
    ({"data_bit_timing": TIMING}, "data_bit_timing"), ({"termination_ohm": 120}, "termination_ohm"),
    ({"modes": {"fd": True}, "bitrate": 500000, "data_bitrate": 2000000}, None),
])
def test_a_classic_controller_has_no_data_phase_and_no_termination(service, settings, field):
    problem = assert_problem(change(service, "can0", cycle=True, **settings), *UNSUPPORTED)
    assert problem["field"] in ([field] if field else ["modes.fd", "data_bitrate"]), problem


def test_a_classic_controller_takes_no_mtu_of_can_fd(service):
    answer = change(service, "can0", mtu=72, cycle=True)
    assert answer.status in (422, 501) and answer.json["field"] == "mtu", answer


# The request as a whole.

@pytest.mark.parametrize("method, path", [("POST", "/v1/interfaces"), ("PATCH", "/v1/interfaces/vcan0")])
@pytest.mark.parametrize("body", ["[]", "1", '"up"', "null", "", "{", '[{"up":true}]'])
def test_a_body_that_is_no_object(service, method, path, body):
    assert_problem(service.request(method, path, body), *MALFORMED)


@pytest.mark.parametrize("method, path", [
    ("POST", "/v1/interfaces"), ("PATCH", "/v1/interfaces/vcan0"), ("DELETE", "/v1/interfaces/vcan0"),
    ("POST", "/v1/interfaces/can0/restart")])
def test_these_calls_know_no_query(service, method, path):
    body = None if method == "DELETE" else "{}"
    assert_problem(service.request(method, path + "?force=true", body), *MALFORMED, field="force")


@pytest.mark.parametrize("method, path", [("POST", "/v1/interfaces"), ("PATCH", "/v1/interfaces/vcan0")])
def test_a_body_of_another_type(service, method, path):
    answer = service.request(method, path, json.dumps({"up": True}), type="text/plain")
    assert_problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize("body, field", [("[]", None), ('{"now":true}', "now"), ("restart", None)])
def test_a_restart_takes_nothing(service, body, field):
    assert_refused(service.request("POST", "/v1/interfaces/can0/restart", body), MALFORMED, field)
