"""Watches that are refused: each with its status, its code and the field that is wrong, and nothing is made."""
import json

import pytest

from service import assert_problem
from watching import make, watch_operations

WATCHES = "/v1/interfaces/vcan0/watches"
LONGEST = 34560000000
REPLY = {"id": "123", "data": "01"}


def invalid(field=None, **members):
    return 422, "invalid-watch", members | ({"field": field} if field else {})


def malformed(field=None):
    return 400, "malformed-request", {"field": field} if field else {}


WRONG = {
    "no identifier": ({}, invalid("id")),
    "an identifier above 7FF": ({"id": "800", "extended": False}, invalid("id")),
    "an identifier of neither kind": ({"id": "1234"}, invalid("id")),
    "an identifier above 1FFFFFFF": ({"id": "20000000"}, invalid("id")),
    "an identifier that is no number": ({"id": "12G"}, invalid("id")),
    "an identifier of no digits": ({"id": ""}, invalid("id")),
    "a negative identifier": ({"id": -1}, invalid("id")),
    "an identifier that is true": ({"id": True}, malformed("id")),
    "an identifier that is a fraction": ({"id": 1.5}, malformed("id")),
    "extended that is a text": ({"id": "123", "extended": "yes"}, malformed("extended")),
    "fd that is a number": ({"id": "123", "fd": 1}, malformed("fd")),
    "a mask of no byte": ({"id": "123", "mask": ""}, invalid("mask")),
    "a mask of half a byte": ({"id": "123", "mask": "F"}, invalid("mask")),
    "a mask of 9 bytes": ({"id": "123", "mask": "FF" * 9}, invalid("mask")),
    "a mask of 65 bytes": ({"id": "123", "fd": True, "mask": "FF" * 65}, invalid("mask")),
    "a mask that is no number": ({"id": "123", "mask": "XY"}, invalid("mask")),
    "a mask that is an integer": ({"id": "123", "mask": 255}, malformed("mask")),
    "messages without a mask": ({"id": "123", "mux": [{"value": "01"}]}, invalid()),
    "no message": ({"id": "123", "mask": "FF", "mux": []}, invalid("mux")),
    "messages that are an object": ({"id": "123", "mask": "FF", "mux": {"value": "01"}}, malformed("mux")),
    "a message that is a text": ({"id": "123", "mask": "FF", "mux": ["01"]}, malformed()),
    "a message without a value": ({"id": "123", "mask": "FF", "mux": [{"mask": "00FF"}]}, invalid()),
    "a message of half a byte": ({"id": "123", "mask": "FF", "mux": [{"value": "1"}]}, invalid()),
    "a message of 9 bytes": ({"id": "123", "mask": "FF", "mux": [{"value": "01" + "00" * 8}]}, invalid()),
    "a message's mask of 9 bytes": (
        {"id": "123", "mask": "FF", "mux": [{"value": "01", "mask": "FF" * 9}]}, invalid()),
    "a message that the mask does not show": (
        {"id": "123", "mask": "F0", "mux": [{"value": "10"}, {"value": "11"}]}, invalid()),
    "a message beyond the mask": ({"id": "123", "mask": "FF", "mux": [{"value": "0101"}]}, invalid()),
    "a message with an unknown field": (
        {"id": "123", "mask": "FF", "mux": [{"value": "01", "maks": "FF"}]}, malformed()),
    "a message whose value is an integer": ({"id": "123", "mask": "FF", "mux": [{"value": 1}]}, malformed()),
    "257 messages": ({"id": "123", "mask": "FFFF", "mux": [{"value": f"{n:04X}"} for n in range(257)]}, invalid("mux")),
    "1000 messages": (
        {"id": "123", "mask": "FFFF", "mux": [{"value": f"{n:04X}"} for n in range(1000)]}, invalid("mux")),
    "no silence": ({"id": "123", "timeout_ms": 0}, invalid("timeout_ms")),
    "a silence before its begin": ({"id": "123", "timeout_ms": -5}, invalid("timeout_ms")),
    "half a microsecond of silence": ({"id": "123", "timeout_ms": 0.0004}, invalid("timeout_ms")),
    "more than 400 days of silence": ({"id": "123", "timeout_ms": LONGEST + 1}, invalid("timeout_ms")),
    "400 days and a microsecond of silence": ({"id": "123", "timeout_ms": LONGEST + 0.001}, invalid("timeout_ms")),
    "an endless silence": ({"id": "123", "timeout_ms": 1e300}, invalid("timeout_ms")),
    "a silence that is a text": ({"id": "123", "timeout_ms": "100"}, malformed("timeout_ms")),
    "no throttle": ({"id": "123", "throttle_ms": 0}, invalid("throttle_ms")),
    "a throttle below zero": ({"id": "123", "throttle_ms": -0.001}, invalid("throttle_ms")),
    "more than 400 days of throttle": ({"id": "123", "throttle_ms": LONGEST + 1}, invalid("throttle_ms")),
    "a throttle that is a list": ({"id": "123", "throttle_ms": [1]}, malformed("throttle_ms")),
    "check_dlc that is a text": ({"id": "123", "check_dlc": "no"}, malformed("check_dlc")),
    "an unknown field": ({"id": "123", "timeout": 100}, malformed("timeout")),
    "a name": ({"id": "123", "name": "lamp"}, malformed("name")),
    "a reply that is a text": ({"id": "123", "reply": "123#01"}, malformed("reply")),
    "a reply without an identifier": ({"id": "123", "reply": {}}, invalid()),
    "a reply with a wrong identifier": ({"id": "123", "reply": {"id": "800", "extended": False}}, invalid()),
    "a reply with too much": ({"id": "123", "reply": {"id": "123", "data": "00" * 9}}, invalid()),
    "a reply with an unknown field": ({"id": "123", "reply": {"id": "123", "dta": ""}}, malformed()),
    "a reply that is an FD frame": ({"id": "123", "reply": {"id": "123", "fd": True}}, invalid()),
    "a reply and a mask": ({"id": "123", "reply": REPLY, "mask": "FF"}, invalid()),
    "a reply and messages": ({"id": "123", "reply": REPLY, "mask": "FF", "mux": [{"value": "01"}]}, invalid()),
    "a reply and silence": ({"id": "123", "reply": REPLY, "timeout_ms": 100}, invalid()),
    "a reply and a throttle": ({"id": "123", "reply": REPLY, "throttle_ms": 100}, invalid()),
    "a reply and check_dlc": ({"id": "123", "reply": REPLY, "check_dlc": True}, invalid()),
    "a reply to an FD frame": ({"id": "123", "reply": REPLY, "fd": True}, invalid()),
    "a list": ([], malformed()),
    "a text": ("123", malformed()),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_watch_is_refused(service, what):
    body, (status, code, members) = WRONG[what]
    problem = assert_problem(service.request("POST", WATCHES, json.dumps(body)), status, code, **members)
    if members.get("field"):
        assert members["field"] in problem["detail"]
    assert service.get("/v1/watches") == {"watches": []} and watch_operations() == []


@pytest.mark.parametrize("members, words", [
    ({"mask": "FFFF", "mux": [{"value": f"{number:04X}"} for number in range(257)]}, ["257", "256"]),
    ({"mask": "FF" * 9}, ["9", "8"]),
    ({"timeout_ms": LONGEST + 1}, ["400 days"]),
])
def test_the_problem_names_the_value_and_the_bound(service, members, words):
    problem = assert_problem(make(service, "vcan0", **members), 422, "invalid-watch")
    assert all(word in problem["detail"] for word in words), problem["detail"]


@pytest.mark.parametrize("members", [
    {"mask": "FF" * 8}, {"mask": "00"}, {"fd": True, "mask": "FF" * 64}, {"timeout_ms": LONGEST},
    {"throttle_ms": LONGEST}, {"timeout_ms": 0.001}, {"throttle_ms": 0.001}, {"check_dlc": False},
    {"reply": {"id": "124", "rtr": False}},
    {"id": 0}, {"id": "1FFFFFFF"}, {"mask": "FFFF", "mux": [{"value": f"{number:04X}"} for number in range(256)]},
    {"mask": "FF", "mux": [{"value": "00"}]},
    {"fd": True, "mask": "FF", "mux": [{"value": "01", "mask": "00" * 63 + "FF"}]},
])
def test_bounds_themselves_are_taken(watches, members):
    assert watches("vcan0", **{"identifier": "123"} | {
        "identifier" if name == "id" else name: value for name, value in members.items()})["state"] == "active"


@pytest.mark.parametrize("body", ["{", "", "{'id':'123'}", '{"id":"123"} x', "null"])
def test_what_is_no_json_object_is_told_so(service, body):
    assert_problem(service.request("POST", WATCHES, body), 400, "malformed-request")


def test_text_is_not_taken(service):
    answer = service.request("POST", WATCHES, "123#01", type="text/plain")
    assert_problem(answer, 415, "unsupported-media-type")


def test_an_fd_watch_needs_an_fd_interface(service, make_interface):
    name = make_interface("mtu", "16")
    for interface in (name, "can0"):
        problem = assert_problem(make(service, interface, fd=True), 422, "invalid-watch", field="fd")
        assert interface in problem["detail"]


@pytest.mark.parametrize("method, body", [("GET", None), ("POST", '{"id":"123"}')])
def test_interfaces_that_are_none(service, method, body):
    answer = service.request(method, "/v1/interfaces/can77/watches", body)
    assert_problem(answer, 404, "interface-not-found", errno="ENODEV")
    assert_problem(service.request(method, "/v1/interfaces/lo/watches", body), 422, "not-a-can-interface")


@pytest.mark.parametrize("name", ["w0", "w999999", "w99999999999999999999", "x", "123"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_there_is_no_such_watch(service, method, name):
    problem = assert_problem(service.request(method, f"/v1/watches/{name}"), 404, "watch-not-found")
    assert name in problem["detail"]


@pytest.mark.parametrize("method, path", [
    ("GET", "/v1/watches"), ("DELETE", "/v1/watches"), ("GET", WATCHES), ("POST", WATCHES), ("GET", "/v1/watches/w1")])
def test_no_call_takes_a_query_that_it_does_not_know(service, method, path):
    body = '{"id":"123"}' if method == "POST" else None
    assert_problem(service.request(method, path + "?limit=10", body), 400, "malformed-request", field="limit")


@pytest.mark.parametrize("method, path, allowed", [
    ("PATCH", "/v1/watches/w1", {"GET", "DELETE"}), ("PUT", WATCHES, {"GET", "POST"}),
    ("POST", "/v1/watches", {"GET", "DELETE"})])
def test_other_methods(service, method, path, allowed):
    answer = service.request(method, path, "{}")
    assert_problem(answer, 405, "method-not-allowed")
    assert allowed <= answer.names("Allow")
