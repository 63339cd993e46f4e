"""Sending: the forms that are taken, order, checking first, dry runs."""
import json
import pathlib

import pytest

from processors import on_one_processor, until_all_is_seen
from service import assert_problem
from streams import websocket
from witnesses import ip

FRAMES = "/v1/interfaces/vcan0/frames"


def texts(frames):
    return [frame.text for frame in frames]


def test_curl_sends_a_line_as_it_is(service, wire):
    answer = service.curl("-d", "123#DEADBEEF", path=FRAMES)
    assert (answer.status, answer.json) == (200, {"sent": 1})
    assert answer["Content-Type"] == "application/json"
    assert texts(wire.wait_for_count("vcan0", 1)) == ["123#DEADBEEF"]


def test_curl_sends_json_as_it_is(service, wire):
    frames = [{"id": "123", "data": "01"}, {"id": "18DAF110", "data": "02"}]
    assert service.curl("-d", json.dumps(frames), path=FRAMES).json == {"sent": 2}
    assert service.curl("-d", json.dumps(frames[0]), path=FRAMES).json == {"sent": 1}
    assert service.curl("--json", json.dumps(frames), path=FRAMES).json == {"sent": 2}
    assert texts(wire.wait_for_count("vcan0", 5)) == [
        "123#01", "18DAF110#02", "123#01", "123#01", "18DAF110#02"]


def test_curl_sends_a_file_of_lines(service, wire, tmp_path):
    file: pathlib.Path = tmp_path / "frames.txt"
    file.write_text("123#01\n\n  18daf110#02  \r\n456##1aabb\n7FF#R2\n123#11.22.33\n", encoding="ascii")
    answer = service.curl("--data-binary", f"@{file}", "-H", "Content-Type: text/plain", path=FRAMES)
    assert (answer.status, answer.json) == (200, {"sent": 5})
    assert texts(wire.wait_for_count("vcan0", 5)) == [
        "123#01", "18DAF110#02", "456##1AABB", "7FF#R2", "123#112233"]


@pytest.mark.parametrize("body, type", [
    ('{"id":"123","data":"01"}', "application/json"),
    ('{"id":"123","data":"01"}', "application/json; charset=utf-8"),
    (' \n{"id":"123","data":"01"}\n', "application/json"),
    ('[{"id":"123","data":"01"}]', "application/x-www-form-urlencoded"),
    ("123#01", "text/plain; charset=utf-8"),
    ("123#01", "TEXT/PLAIN"),
    ("123#01\n", "application/x-www-form-urlencoded"),
])
def test_a_body_is_taken_by_its_type(service, wire, body, type):
    assert service.request("POST", FRAMES, body, type=type).json == {"sent": 1}
    assert texts(wire.wait_for_count("vcan0", 1)) == ["123#01"]


@pytest.mark.parametrize("frame, text", [
    ({"id": "7f"}, "07F#"),
    ({"id": 291, "data": "ab"}, "123#AB"),
    ({"id": 0}, "000#"),
    ({"id": 2047}, "7FF#"),
    ({"id": 291, "extended": True}, "00000123#"),
    ({"id": 536870911, "extended": True}, "1FFFFFFF#"),
    ({"id": "1", "extended": True}, "00000001#"),
    ({"id": "1234", "extended": True}, "00001234#"),
    ({"id": "00000123", "extended": False}, "123#"),
    ({"id": "00000123"}, "00000123#"),
    ({"id": "18daf110", "data": "deadBEEF"}, "18DAF110#DEADBEEF"),
    ({"id": "123", "rtr": True}, "123#R"),
    ({"id": "123", "rtr": False, "fd": False, "data": "01"}, "123#01"),
    ({"id": "123", "fd": True, "data": "01" * 9, "pad": True}, "123##0" + "01" * 9 + "00" * 3),
    ({"id": "123", "fd": True, "data": "01" * 33, "pad": True}, "123##0" + "01" * 33 + "00" * 15),
    ({"id": "123", "fd": True, "data": "01" * 12, "pad": True}, "123##0" + "01" * 12),
])
def test_json_is_understood_as_written(service, wire, frame, text):
    answer = service.request("POST", FRAMES, json_body=frame)
    assert (answer.status, answer.json) == (200, {"sent": 1})
    assert texts(wire.wait_for_count("vcan0", 1)) == [text]


def test_a_batch_goes_out_in_its_order(service, wire):
    batch = [{"id": 0x700 - number, "data": f"{number:04X}"} for number in range(500)]
    with on_one_processor(service.pid):
        answer = service.request("POST", FRAMES, json_body=batch)
    assert (answer.status, answer.json) == (200, {"sent": 500})
    assert texts(wire.wait_for_count("vcan0", 500)) == [f"{frame['id']:03X}#{frame['data']}" for frame in batch]


def test_a_request_holds_4096_frames_and_no_more(service, wire):
    lines = [f"123#{number:04X}" for number in range(4097)]
    with on_one_processor(service.pid):
        answer = service.request("POST", FRAMES, "\n".join(lines[:4096]), type="text/plain")
    assert (answer.status, answer.json) == (200, {"sent": 4096})
    until_all_is_seen()
    answer = service.request("POST", FRAMES, "\n".join(lines), type="text/plain")
    assert_problem(answer, 422, "invalid-frame", field="frames")
    answer = service.request("POST", FRAMES, json_body=[{"id": "123"}] * 4097)
    assert_problem(answer, 422, "invalid-frame", field="frames")
    service.request("POST", FRAMES, "7FF#", type="text/plain")
    assert texts(wire.wait_for_text("vcan0", "7FF#")) == [*lines[:4096], "7FF#"]


@pytest.mark.parametrize("bad", range(3))
@pytest.mark.parametrize("as_text", [False, True], ids=["json", "text"])
def test_nothing_of_a_batch_with_a_bad_frame_is_sent(service, wire, bad, as_text):
    if as_text:
        lines = ["123#01", "123#02", "123#03"]
        lines[bad] = "123#0102030405060708AA"
        answer = service.request("POST", FRAMES, "\n".join(lines), type="text/plain")
    else:
        frames = [{"id": "123", "data": "01"} for _ in range(3)]
        frames[bad] = {"id": "123", "data": "01" * 9}
        answer = service.request("POST", FRAMES, json_body=frames)
    assert_problem(answer, 422, "invalid-frame", index=bad)
    assert service.request("POST", FRAMES, "7FF#", type="text/plain").status == 200
    assert texts(wire.wait_for_count("vcan0", 1)) == ["7FF#"]


def test_empty_lines_count_for_nothing_in_the_index(service):
    answer = service.request("POST", FRAMES, "123#01\n\n\n123#0\n", type="text/plain")
    assert_problem(answer, 422, "invalid-frame", index=1)


def test_a_dry_run_checks_and_sends_nothing(service, wire):
    batch = "123#01\n18DAF110#02\n456##1AA"
    answer = service.request("POST", FRAMES + "?dry_run=true", batch, type="text/plain")
    assert (answer.status, answer.json) == (200, {"sent": 0, "valid": 3})
    answer = service.request("POST", FRAMES + "?dry_run=true", batch + "\n800#", type="text/plain")
    assert_problem(answer, 422, "invalid-frame", index=3)
    assert service.request("POST", FRAMES + "?dry_run=false", "7FF#", type="text/plain").json == {"sent": 1}
    assert texts(wire.wait_for_count("vcan0", 1)) == ["7FF#"]


def test_a_dry_run_looks_at_the_mtu_and_not_at_whether_the_interface_is_up(service, make_interface):
    name = make_interface("mtu", "16", up=False)
    path = f"/v1/interfaces/{name}/frames?dry_run=true"
    assert service.request("POST", path, "123#01", type="text/plain").json == {"sent": 0, "valid": 1}
    assert_problem(service.request("POST", path, "123##0", type="text/plain"), 422, "invalid-frame")


def test_an_interface_that_is_down_takes_nothing(service, make_interface, wire):
    name = make_interface(up=False)
    path = f"/v1/interfaces/{name}/frames"
    with websocket(service, f"/v1/interfaces/{name}/frames") as stream:
        answer = service.request("POST", path, "123#01\n123#02", type="text/plain")
        assert_problem(answer, 409, "interface-down", errno="ENETDOWN", sent=0)
        ip("link", "set", name, "up")
        stream.until_type("interface", change="up")
        # The first request after up succeeds, and what was refused before does not come.
        assert service.request("POST", path, "123#03", type="text/plain").json == {"sent": 1}
        assert texts(wire.wait_for_count(name, 1)) == ["123#03"]
        ip("link", "set", name, "down")
        assert_problem(service.request("POST", path, "123#04", type="text/plain"), 409, "interface-down")


def test_a_request_right_after_the_interface_came_up_succeeds(service, make_interface, wire):
    name = make_interface(up=False)
    path = f"/v1/interfaces/{name}/frames"
    for number in range(3):
        assert_problem(service.request("POST", path, "123#", type="text/plain"), 409, "interface-down")
        ip("link", "set", name, "up")
        assert service.request("POST", path, f"123#0{number}", type="text/plain").json == {"sent": 1}
        ip("link", "set", name, "down")
    assert texts(wire.wait_for_count(name, 3)) == ["123#00", "123#01", "123#02"]
