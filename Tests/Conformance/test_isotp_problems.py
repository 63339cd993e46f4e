"""Exchanges that are refused: each with its status, its code and the field that is wrong, and nothing is sent."""
import json

import pytest

from isotp_partners import exchange
from service import assert_problem
from streams import HANDSHAKE
from witnesses import cansend, ip

ISOTP = "/v1/interfaces/vcan0/isotp"
ONE = {"tx_id": "7E0", "rx_id": "7E8", "data": "3E00"}


def invalid(field=None, **members):
    return 422, "invalid-isotp", members | ({"field": field} if field else {})


def malformed(field=None):
    return 400, "malformed-request", {"field": field} if field else {}


def without(*names):
    return {name: None for name in names}


# Members beside those of a request that is right; None takes one away.
WRONG = {
    "no data": (without("data"), invalid("data")),
    "data of no byte": ({"data": ""}, invalid("data")),
    "data of half a byte": ({"data": "3E0"}, invalid("data")),
    "data that are no number": ({"data": "XY"}, invalid("data")),
    "data that are an integer": ({"data": 62}, malformed("data")),
    "data that are a list": ({"data": [62, 0]}, malformed("data")),
    "no identifier to send with": (without("tx_id"), invalid("tx_id")),
    "no identifier to receive with": (without("rx_id"), invalid("rx_id")),
    "none to receive with though nothing is awaited": ({"rx_id": None, "response": False}, invalid("rx_id")),
    "none to receive the answer with": ({"rx_id": None, "functional": True}, invalid("rx_id")),
    "the same identifier twice": ({"rx_id": "7E0"}, invalid()),
    "the same identifier twice in two forms": ({"tx_id": 0x7E8}, invalid()),
    "an identifier above 7FF": ({"tx_id": "800", "extended": False}, invalid("tx_id")),
    "an identifier above 1FFFFFFF": ({"rx_id": "20000000", "extended": True}, invalid("rx_id")),
    "an identifier of neither kind": ({"tx_id": "1234"}, invalid("tx_id")),
    "an identifier that is no number": ({"tx_id": "7EG"}, invalid("tx_id")),
    "a negative identifier": ({"rx_id": -1}, invalid("rx_id")),
    "an identifier that is true": ({"tx_id": True}, malformed("tx_id")),
    "an identifier that is a fraction": ({"rx_id": 2024.5}, malformed("rx_id")),
    "extended that is a number": ({"extended": 1}, malformed("extended")),
    "response that is a text": ({"response": "no"}, malformed("response")),
    "no time": ({"timeout_ms": 0}, invalid("timeout_ms")),
    "too much time": ({"timeout_ms": 60001}, invalid("timeout_ms")),
    "less than no time": ({"timeout_ms": -1}, invalid("timeout_ms")),
    "time that is a text": ({"timeout_ms": "1000"}, malformed("timeout_ms")),
    "a padding above 255": ({"tx_padding": 256}, invalid("tx_padding")),
    "a padding below 0": ({"rx_padding": -1}, invalid("rx_padding")),
    "a padding of half a byte": ({"tx_padding": "C"}, invalid("tx_padding")),
    "a padding of two bytes": ({"rx_padding": "CCCC"}, invalid("rx_padding")),
    "a padding that is true": ({"tx_padding": True}, malformed("tx_padding")),
    "a padding that is a fraction": ({"rx_padding": 0.5}, malformed("rx_padding")),
    "a block of 256": ({"block_size": 256}, invalid("block_size")),
    "a block of less than none": ({"block_size": -1}, invalid("block_size")),
    "a block that is a text": ({"block_size": "8"}, malformed("block_size")),
    "a block of a half": ({"block_size": 0.5}, malformed("block_size")),
    "a separation time above 127 ms": ({"st_min_us": 127001}, invalid("st_min_us")),
    "a separation time of 128 ms": ({"st_min_us": 128000}, invalid("st_min_us")),
    "a separation time below 0": ({"st_min_us": -100}, invalid("st_min_us")),
    "a separation time of 50 us": ({"st_min_us": 50}, invalid("st_min_us")),
    "a separation time of 950 us": ({"st_min_us": 950}, invalid("st_min_us")),
    "a separation time of 1.5 ms": ({"st_min_us": 1500}, invalid("st_min_us")),
    "a separation time that is a fraction": ({"st_min_us": 100.5}, malformed("st_min_us")),
    "fd that is a text": ({"fd": "true"}, malformed("fd")),
    "a bit rate switch without FD": ({"brs": True}, invalid("brs")),
    "a bit rate switch that is a number": ({"fd": True, "brs": 1}, malformed("brs")),
    "a long frame without FD": ({"tx_data_length": 64}, invalid("tx_data_length")),
    "a length that no frame has": ({"fd": True, "tx_data_length": 9}, invalid("tx_data_length")),
    "a frame of less than 8": ({"fd": True, "tx_data_length": 7}, invalid("tx_data_length")),
    "a frame of more than 64": ({"fd": True, "tx_data_length": 65}, invalid("tx_data_length")),
    "a length that is a text": ({"fd": True, "tx_data_length": "64"}, malformed("tx_data_length")),
    "functional that is a text": ({"functional": "yes"}, malformed("functional")),
    "pending that is a number": ({"pending": 1}, malformed("pending")),
    "a longest wait without pending": ({"max_wait_ms": 1000}, invalid("max_wait_ms")),
    "a longest wait of nothing": ({"pending": True, "max_wait_ms": 0}, invalid("max_wait_ms")),
    "a longest wait of too much": ({"pending": True, "max_wait_ms": 600001}, invalid("max_wait_ms")),
    "an unknown field": ({"timeout": 1000}, malformed("timeout")),
    "a flow control that nobody honours": ({"wftmax": 1}, malformed("wftmax")),
}


@pytest.fixture(autouse=True)
def nothing_is_sent(wire):
    """What is refused does not begin."""
    yield
    cansend("vcan0", "7FE#")
    assert [frame.text for frame in wire.wait_for_text("vcan0", "7FE#")] == ["7FE#"]


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_exchange_is_refused(service, what):
    members, (status, code, details) = WRONG[what]
    body = {name: value for name, value in (ONE | members).items() if value is not None}
    problem = assert_problem(service.request("POST", ISOTP, json.dumps(body)), status, code, **details)
    assert problem.get("errno") is None
    if details.get("field"):
        assert details["field"] in problem["detail"]


@pytest.mark.parametrize("members, allowed", [
    ({"st_min_us": 50}, [0, 100]), ({"st_min_us": 950}, [900, 1000]), ({"st_min_us": 1500}, [1000, 2000]),
    ({"fd": True, "tx_data_length": 9}, [8, 12, 16, 20, 24, 32, 48, 64]),
])
def test_what_would_go_is_named(service, members, allowed):
    problem = assert_problem(exchange(service, "3E00", **members), 422, "invalid-isotp")
    assert set(problem["allowed"]) & set(allowed), problem


@pytest.mark.parametrize("body", ["", "{", "[]", '"3E00"', "null", '{"data":"3E00"} x'])
def test_what_is_no_json_object_is_told_so(service, body):
    assert_problem(service.request("POST", ISOTP, body), 400, "malformed-request")


def test_text_is_not_taken(service):
    answer = service.request("POST", ISOTP, "7E0#023E00", type="text/plain")
    assert_problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_interfaces_that_are_none(service, method):
    def ask(name):
        if method == "GET":
            path = f"/v1/interfaces/{name}/isotp?tx_id=7E0&rx_id=7E8"
            return service.request("GET", path, headers=HANDSHAKE)
        return exchange(service, "3E00", name)

    assert_problem(ask("can77"), 404, "interface-not-found", errno="ENODEV")
    assert_problem(ask("lo"), 422, "not-a-can-interface")


def test_an_interface_that_is_down(service, make_interface):
    name = make_interface(up=False)
    problem = assert_problem(exchange(service, "3E00", name), 409, "interface-down")
    assert name in problem["detail"]
    ip("link", "set", name, "up")
    assert exchange(service, "3E00", name, response=False).status == 200


def test_a_query_is_not_taken(service):
    answer = service.request("POST", ISOTP + "?timeout_ms=100", json.dumps(ONE))
    assert_problem(answer, 400, "malformed-request", field="timeout_ms")


def test_other_methods(service):
    answer = service.request("PUT", ISOTP, json.dumps(ONE))
    assert_problem(answer, 405, "method-not-allowed")
    assert {"GET", "POST"} <= answer.names("Allow")
