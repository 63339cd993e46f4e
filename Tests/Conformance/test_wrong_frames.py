"""Frames that are refused: each with its status, code, field and what would be valid; nothing is ever masked or cut."""
import json

import pytest

from service import assert_problem

FRAMES = "/v1/interfaces/vcan0/frames"
EIGHT = "0011223344556677"

INVALID = {
    "no identifier": ({"data": "01"}, "id"),
    "a standard identifier of 12 bits": ({"id": "800", "extended": False}, "id"),
    "three digits over 7FF": ({"id": "FFF"}, "id"),
    "an extended identifier of 30 bits": ({"id": "20000000"}, "id"),
    "an extended identifier of 30 bits, said to be extended": ({"id": "20000000", "extended": True}, "id"),
    "an identifier of 32 bits": ({"id": "FFFFFFFF", "extended": True}, "id"),
    "four digits of neither kind": ({"id": "1234"}, "id"),
    "seven digits of neither kind": ({"id": "0000123"}, "id"),
    "eight digits said to be standard": ({"id": "18DAF110", "extended": False}, "id"),
    "nine digits": ({"id": "000000123", "extended": True}, "id"),
    "no digits": ({"id": ""}, "id"),
    "no hexadecimal digits": ({"id": "12G"}, "id"),
    "a prefix": ({"id": "0x123", "extended": True}, "id"),
    "a sign": ({"id": "-12"}, "id"),
    "a blank": ({"id": " 12"}, "id"),
    "a number of 12 bits": ({"id": 2048}, "id"),
    "a number of 30 bits": ({"id": 536870912, "extended": True}, "id"),
    "a negative number": ({"id": -1}, "id"),
    "an odd number of digits": ({"id": "123", "data": "ABC"}, "data"),
    "data that is not hexadecimal": ({"id": "123", "data": "GG"}, "data"),
    "data with blanks": ({"id": "123", "data": "AA BB"}, "data"),
    "nine bytes": ({"id": "123", "data": "00" * 9}, "data"),
    "a FD length between two": ({"id": "123", "fd": True, "data": "00" * 9}, "data"),
    "65 bytes": ({"id": "123", "fd": True, "data": "00" * 65}, "data"),
    "65 bytes to be filled": ({"id": "123", "fd": True, "data": "00" * 65, "pad": True}, "data"),
    "a remote request with data": ({"id": "123", "rtr": True, "data": "00"}, None),
    "a remote request for 9 bytes": ({"id": "123", "rtr": True, "length": 9}, "length"),
    "a remote request for less than nothing": ({"id": "123", "rtr": True, "length": -1}, "length"),
    "a FD remote request": ({"id": "123", "rtr": True, "fd": True}, None),
    "a length without a remote request": ({"id": "123", "length": 4}, "length"),
    "a bit rate switch without FD": ({"id": "123", "brs": True}, "brs"),
    "an error state without FD": ({"id": "123", "esi": True}, "esi"),
    "filling without FD": ({"id": "123", "data": "00", "pad": True}, "pad"),
    "a raw DLC with 7 bytes": ({"id": "123", "data": EIGHT[:14], "dlc": 9}, "dlc"),
    "a raw DLC without data": ({"id": "123", "dlc": 9}, "dlc"),
    "a raw DLC of 8": ({"id": "123", "data": EIGHT, "dlc": 8}, "dlc"),
    "a raw DLC of 16": ({"id": "123", "data": EIGHT, "dlc": 16}, "dlc"),
    "a raw DLC with FD": ({"id": "123", "data": EIGHT, "dlc": 9, "fd": True}, "dlc"),
    "a raw DLC with a remote request for 4": ({"id": "123", "rtr": True, "length": 4, "dlc": 9}, "dlc"),
    "a forged error frame": ({"id": "20000040", "extended": True, "data": "00" * 8}, "id"),
}


@pytest.mark.parametrize("what", INVALID)
def test_a_frame_against_the_rules_is_refused(service, what):
    frame, field = INVALID[what]
    problem = assert_problem(service.request("POST", FRAMES, json_body=frame), 422, "invalid-frame")
    if field:
        assert problem["field"] == field
    # In a batch it is also said which one it was.
    answer = service.request("POST", FRAMES, json_body=[{"id": "123"}, frame])
    problem = assert_problem(answer, 422, "invalid-frame", index=1)
    if field:
        assert problem["field"] == field


@pytest.mark.parametrize("length, allowed", [
    (9, [8, 12]), (13, [12, 16]), (25, [24, 32]), (33, [32, 48]), (63, [48, 64])])
def test_the_nearest_fd_lengths_are_named(service, length, allowed):
    answer = service.request("POST", FRAMES, json_body={"id": "123", "fd": True, "data": "00" * length})
    problem = assert_problem(answer, 422, "invalid-frame", field="data", allowed=allowed)
    assert str(length) in problem["detail"]


MALFORMED = {
    "an unknown field": ({"id": "123", "dta": "01"}, "dta"),
    "an identifier that is true": ({"id": True}, "id"),
    "an identifier that is null": ({"id": None}, "id"),
    "an identifier that is a fraction": ({"id": 1.5}, "id"),
    "an identifier that is a whole fraction": ({"id": 291.0}, "id"),
    "an identifier that is a list": ({"id": ["123"]}, "id"),
    "data that is a number": ({"id": "123", "data": 1}, "data"),
    "data that is a list": ({"id": "123", "data": [1, 2]}, "data"),
    "a flag that is a text": ({"id": "123", "rtr": "true"}, "rtr"),
    "a flag that is a number": ({"id": "123", "fd": 1}, "fd"),
    "a kind that is a text": ({"id": "123", "extended": "no"}, "extended"),
    "a length that is a text": ({"id": "123", "rtr": True, "length": "4"}, "length"),
    "a length that is a fraction": ({"id": "123", "rtr": True, "length": 4.0}, "length"),
    "a DLC that is a text": ({"id": "123", "data": EIGHT, "dlc": "9"}, "dlc"),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_frame_that_cannot_be_understood_is_refused(service, what):
    frame, field = MALFORMED[what]
    problem = assert_problem(service.request("POST", FRAMES, json_body=frame), 400, "malformed-request", field=field)
    assert f"{field}" in problem["detail"]
    answer = service.request("POST", FRAMES, json_body=[{"id": "123"}, frame])
    assert_problem(answer, 400, "malformed-request", field=field, index=1)


def test_an_unknown_field_is_told_which_are_known(service):
    problem = service.request("POST", FRAMES, json_body={"id": "123", "dta": "01"}).json
    assert set(problem["allowed"]) == {"id", "extended", "data", "rtr", "length", "fd", "brs", "esi", "dlc", "pad"}


@pytest.mark.parametrize("body, line, column", [
    ("", 1, None),
    ("{", 1, None),
    ('{"id":"123",}', 1, 13),
    ('{"id":"123"} x', 1, None),
    ('[{"id":"123"},\n {"id":"123" "data":""}]', 2, None),
    ("{'id':'123'}", 1, 2),
    ('{"id":"123"', 1, None),
    (b'{"id":"\xff"}', 1, None),
    ("123#01", 1, None),
])
def test_what_is_not_json_is_told_where(service, body, line, column):
    problem = assert_problem(service.request("POST", FRAMES, body), 400, "malformed-request")
    assert f"line {line}" in problem["detail"] and "column " in problem["detail"]
    if column:
        assert f"column {column}" in problem["detail"]


@pytest.mark.parametrize("body", ["1", '"123#01"', "null", "true", '[["123"]]', "[1]", '[{"id":"123"},null]'])
def test_json_of_another_shape_is_refused(service, body):
    assert_problem(service.request("POST", FRAMES, body), 400, "malformed-request")


def test_json_nested_without_end_is_refused(service):
    assert_problem(service.request("POST", FRAMES, "[" * 100000), 400, "malformed-request")


@pytest.mark.parametrize("body, type", [
    ("[]", "application/json"), ("", "text/plain"), ("\n \r\n", "text/plain"),
    ("", "application/x-www-form-urlencoded"), ("[]", "application/x-www-form-urlencoded"),
])
def test_an_empty_batch_is_refused(service, body, type):
    assert_problem(service.request("POST", FRAMES, body, type=type), 422, "invalid-frame")


@pytest.mark.parametrize("line", [
    "123", "#01", "12#01", "1234#01", "800#", "20000000#", "20000040#0000000000000000", "12G#", "123#0", "123#0G",
    "123#01 02", "123#..", "123#.01", "123#01.", f"123#{EIGHT}88", "123#R9", "123#RR", "123#R01", "123#R4_9",
    f"123#{EIGHT}_8", f"123#{EIGHT}_G", "123#01_9", f"123#{EIGHT}_", "123##", "123##8", "123##G01", "123##0" + "00" * 9,
    "123##0" + "00" * 65, "123##0R", f"123##0{EIGHT}_9", "123###", "0x123#", "123 #01", "123=01",
])
def test_a_line_against_cansends_grammar_is_refused(service, line):
    answer = service.request("POST", FRAMES, f"123#\n{line}\n", type="text/plain")
    assert_problem(answer, 422, "invalid-frame", index=1)


def test_text_that_is_not_text_is_refused(service):
    answer = service.request("POST", FRAMES, b"123#\xff\xfe", type="text/plain")
    assert answer.status in (400, 422) and answer.json["code"] in ("malformed-request", "invalid-frame")


@pytest.mark.parametrize("frame", [{"id": "123", "fd": True}, {"id": "123", "fd": True, "data": "00" * 12}])
@pytest.mark.parametrize("as_text", [False, True])
def test_an_fd_frame_on_a_classic_interface_is_refused(service, wire, frame, as_text):
    if as_text:
        answer = service.request(
            "POST", "/v1/interfaces/can0/frames", f"123#\n123##0{frame.get('data', '')}", type="text/plain")
        problem = assert_problem(answer, 422, "invalid-frame", index=1)
    else:
        answer = service.request("POST", "/v1/interfaces/can0/frames", json_body=[{"id": "123"}, frame])
        problem = assert_problem(answer, 422, "invalid-frame", index=1, field="fd")
    assert "can0" in problem["detail"]
    service.request("POST", "/v1/interfaces/can0/frames", "7FF#", type="text/plain")
    assert [seen.text for seen in wire.wait_for_count("can0", 1)] == ["7FF#"]


def test_the_wrong_field_of_a_long_batch_is_found(service):
    batch = [{"id": "123"} for _ in range(1000)] + [{"id": "123", "data": "0"}]
    answer = service.request("POST", FRAMES, json.dumps(batch))
    assert_problem(answer, 422, "invalid-frame", index=1000, field="data")
