"""How `confirm=true` is asked for: by a query, by a command, and what of it makes no sense."""
import pytest

from commands import acknowledged, assert_told, command
from confirming import ONE, assert_same_times, confirmed, frames_of
from service import assert_problem
from streams import websocket
from witnesses import cansend


def test_a_websocket_sends_with_confirmation(service):
    with websocket(service, frames_of("vcan0")) as stream:
        ack = acknowledged(stream, "send", frames=[ONE, {"id": "456", "fd": True}], confirm=True, confirm_ms=2000)
        assert ack["sent"] == 2 and len(ack["frames"]) == 2
        events = [event for event in stream.seen if event["type"] == "frame"]
        events += stream.frames(2 - len(events))
        assert_same_times([frame["timestamp"] for frame in ack["frames"]], [event["timestamp"] for event in events])
        assert "frames" not in acknowledged(stream, "send", frames=[ONE], confirm=False)


def test_without_it_nothing_is_said_of_times(service):
    answer = service.request("POST", frames_of("vcan0") + "?confirm=false", json_body=[ONE])
    assert (answer.status, answer.json) == (200, {"sent": 1})


def test_a_dry_run_is_one_though_confirmation_is_asked_for(service, wire):
    answer = confirmed(service, "vcan0", [ONE, ONE], "&dry_run=true&confirm_ms=10")
    assert (answer.status, answer.json) == (200, {"sent": 0, "valid": 2})
    cansend("vcan0", "7FE#")
    assert wire.wait_for_count("vcan0", 1)[0].text == "7FE#"


@pytest.mark.parametrize("query, field", [
    ("confirm=maybe", "confirm"), ("confirm=", "confirm"), ("confirm=1", "confirm"),
    ("confirm=true&confirm=true", "confirm"),
    ("confirm=true&confirm_ms=0", "confirm_ms"), ("confirm=true&confirm_ms=0.9", "confirm_ms"),
    ("confirm=true&confirm_ms=60001", "confirm_ms"), ("confirm=true&confirm_ms=60000.1", "confirm_ms"),
    ("confirm=true&confirm_ms=-1", "confirm_ms"), ("confirm=true&confirm_ms=", "confirm_ms"),
    ("confirm=true&confirm_ms=soon", "confirm_ms"), ("confirm=true&confirm_ms=NaN", "confirm_ms"),
    ("confirm=true&confirm_ms=100&confirm_ms=200", "confirm_ms"),
    ("confirm_ms=100", "confirm_ms"), ("confirm=false&confirm_ms=100", "confirm_ms"),
])
def test_a_query_that_makes_no_sense_sends_nothing(service, wire, query, field):
    answer = service.request("POST", f"{frames_of('vcan0')}?{query}", json_body=ONE)
    problem = assert_problem(answer, 400, "malformed-request", field=field)
    assert field in problem["detail"]
    cansend("vcan0", "7FE#")
    assert wire.wait_for_count("vcan0", 1)[0].text == "7FE#"


@pytest.mark.parametrize("confirm_ms", ["1", "1.5", "60000"])
def test_times_that_may_be(service, confirm_ms):
    assert service.request(
        "POST", f"{frames_of('vcan0')}?confirm=true&dry_run=true&confirm_ms={confirm_ms}", json_body=ONE).status == 200


@pytest.mark.parametrize("members, field", [
    ({"confirm": "true"}, "confirm"), ({"confirm": 1}, "confirm"), ({"confirm_ms": 100}, "confirm_ms"),
    ({"confirm": False, "confirm_ms": 100}, "confirm_ms"), ({"confirm": True, "confirm_ms": 0}, "confirm_ms"),
    ({"confirm": True, "confirm_ms": 60001}, "confirm_ms"), ({"confirm": True, "confirm_ms": "100"}, "confirm_ms"),
])
def test_a_command_that_makes_no_sense_sends_nothing(service, wire, members, field):
    with websocket(service, frames_of("vcan0")) as stream:
        problem = command(stream, "send", frames=[ONE], **members)
        assert_told(problem, 400, "malformed-request", op="send", field=field)
    cansend("vcan0", "7FE#")
    assert wire.wait_for_count("vcan0", 1)[0].text == "7FE#"


@pytest.mark.parametrize("frames, status, code, members", [
    ([ONE, {"id": "800"}], 422, "invalid-frame", {"index": 1, "field": "id"}),
    ([], 422, "invalid-frame", {}),
    ([{"id": "123", "fd": True}], 422, "invalid-frame", {"index": 0, "field": "fd"}),
])
def test_frames_are_checked_as_without(service, frames, status, code, members):
    assert_problem(confirmed(service, "can0", frames), status, code, **members)
