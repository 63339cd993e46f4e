"""What is to end a job ends it, whatever else is asked of the service at that very moment."""
import json
import time

import pytest

from exactness import Stopwatch
from periodic import ONE, current, patch
from raw_http import Connection
from service import asleep, assert_problem
from streams import websocket
from witnesses import broadcast_operations, ip

CHANGES = {"another interval": {"interval_ms": 20}, "more frames": {"frames": [*ONE, {"id": "124"}]}}


@pytest.fixture
def told(service):
    """A stream of what becomes of jobs."""
    with websocket(service, "/v1/frames?events=job") as stream:
        yield stream


def changes(told, job):
    """What the stream has said of a job."""
    return [event["change"] for event in told.seen if event.get("job") == job["id"]]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("end, state", [("lease_ms", "lapsed"), ("duration_ms", "finished")])
def test_a_change_keeps_no_job_from_its_end(service, told, wire, jobs, end, state, change):
    """Several changes, one after the other, so that they come with the end, and before and after it is acted upon."""
    body = json.dumps(CHANGES[change])
    job = jobs("vcan0", ONE, interval_ms=10, **{end: 500})
    with Connection(service) as connection:
        with asleep(service):
            connection.write(8 * (
                f"PATCH /v1/jobs/{job['id']} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}"))
            time.sleep(0.6)
        answers = [connection.answer() for _ in range(8)]
    assert [(answer.status, answer.json["state"]) for answer in answers] == [(200, state)] * 8
    assert told.until_type("job", job=job["id"])["change"] == state
    ended = current(service, job)
    assert (ended["state"], ended["lease_remaining_ms"]) == (state, None)
    assert broadcast_operations() == []
    assert wire.renewed().stays_quiet("vcan0", 0.2)


def test_a_renewal_that_comes_too_late_renews_nothing(service, told, wire, jobs):
    job = jobs("vcan0", ONE, interval_ms=10, lease_ms=500)
    with Connection(service) as connection:
        with asleep(service):
            connection.write(
                f"POST /v1/jobs/{job['id']}/renew HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
            time.sleep(0.6)
        problem = assert_problem(connection.answer(), 422, "invalid-job", field="state")
    assert "lapsed" in problem["detail"]
    assert told.until_type("job", job=job["id"])["change"] == "lapsed"
    assert wire.renewed().stays_quiet("vcan0", 0.2)


def test_a_job_is_not_started_by_its_interface_when_its_lease_has_run_out(service, told, wire, jobs, make_interface):
    name = make_interface()
    job = jobs(name, ONE, interval_ms=10, lease_ms=1500, resume=True)
    ip("link", "set", name, "down")
    told.until_type("job", job=job["id"], change="interface-down")
    quiet = wire.renewed()
    with asleep(service):
        time.sleep(1.6)
        ip("link", "set", name, "up")
    told.until_type("job", job=job["id"], change="lapsed")
    assert changes(told, job) == ["interface-down", "lapsed"]
    assert quiet.stays_quiet(name, 0.2) and quiet.frames(name) == []
    assert current(service, job)["state"] == "lapsed"


# Jobs of limited duration whose interface goes.


def test_a_duration_goes_on_when_the_interface_comes_back(told, wire, jobs, make_interface):
    name = make_interface()
    watch = Stopwatch(lambda: jobs(name, ONE, interval_ms=20, duration_ms=5000, resume=True))
    job = watch.result
    # Two seconds; by so much later would it be over if its time began anew.
    wire.wait_for_count(name, 100)
    ip("link", "set", name, "down")
    told.until_type("job", job=job["id"], change="interface-down")
    ip("link", "set", name, "up")
    told.until_type("job", job=job["id"], change="finished")
    shortest, longest = watch.read()
    assert longest >= 4.999 and shortest < 6.9
    assert changes(told, job) == ["interface-down", "running", "finished"]
    assert wire.renewed().stays_quiet(name, 0.1)


@pytest.mark.parametrize("leave, state", [(("set", "{}", "down"), "interface-down"), (("del", "{}"), "interface-gone")])
def test_a_duration_is_over_while_the_interface_is_away(service, told, wire, jobs, make_interface, leave, state):
    name = make_interface()
    job = jobs(name, ONE, interval_ms=20, duration_ms=1500, resume=True)
    wire.wait_for_count(name, 3)
    ip("link", *(word.format(name) for word in leave))
    told.until_type("job", job=job["id"], change=state)
    told.until_type("job", job=job["id"], change="finished")
    if state == "interface-gone":
        ip("link", "add", name, "type", "vcan")
    ip("link", "set", name, "up")
    assert wire.renewed().stays_quiet(name, 0.2)
    # It is said once.
    assert [change for change in changes(told, job) if not change.startswith("interface-")] == ["finished"]
    assert current(service, job)["state"] == "finished"


def test_a_duration_begins_anew_when_the_job_is_told_to_run(service, told, jobs):
    job = jobs("vcan0", ONE, interval_ms=20, duration_ms=300)
    told.until_type("job", job=job["id"], change="finished")
    watch = Stopwatch(lambda: patch(service, job, state="running"))
    told.until_type("job", job=job["id"], change="finished")
    assert watch.read()[1] >= 0.299
    assert changes(told, job) == ["finished", "running", "finished"]


def test_a_job_that_ends_with_its_interface_is_not_finished_later(service, told, jobs, make_interface):
    name = make_interface()
    job = jobs(name, ONE, interval_ms=20, duration_ms=1500)
    ip("link", "set", name, "down")
    told.until_type("job", job=job["id"], change="interface-down")
    # Another one's time goes by meanwhile.
    other = jobs("vcan0", ONE, interval_ms=20, duration_ms=1600)
    told.until_type("job", job=other["id"], change="finished")
    assert changes(told, job) == ["interface-down"] and current(service, job)["state"] == "interface-down"
