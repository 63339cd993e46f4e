"""Periodic jobs: what they are, what they send, how they are changed, stopped and forgotten."""
import json

import pytest

from periodic import ONE, current, patch
from service import assert_problem
from streams import websocket
from witnesses import broadcast_operations


def test_a_job_is_what_was_asked_for(service):
    asked = {"frames": [{"id": "123", "data": "0a"}, {"id": 0x18DAF110, "extended": True, "rtr": True, "length": 4}],
             "interval_ms": 100, "initial_interval_us": 1500, "count": 7, "duration_ms": 60000.5, "name": "wake-up.1",
             "start": False, "resume": True}
    answer = service.request("POST", "/v1/interfaces/vcan0/jobs", json_body=asked)
    assert answer.status == 201
    job = answer.json
    path = f"/v1/jobs/{job['id']}"
    assert answer["Location"] == path
    assert job.pop("created") == pytest.approx(service.get("/v1")["now"], abs=10)
    assert job == {
        "id": job["id"], "name": "wake-up.1", "interface": "vcan0",
        "frames": [{"id": "123", "extended": False, "data": "0A"},
                   {"id": "18DAF110", "extended": True, "rtr": True, "length": 4}],
        "interval_ms": 100, "initial_interval_ms": 1.5, "count": 7, "duration_ms": 60000.5,
        "lease_ms": None, "lease_remaining_ms": None, "resume": True, "connection": False,
        "state": "stopped", "sent": 0}
    listed = service.get("/v1/interfaces/vcan0/jobs")["jobs"]
    assert [entry["id"] for entry in listed] == [job["id"]] and listed == service.get("/v1/jobs")["jobs"]
    assert service.get("/v1/interfaces/vcan1/jobs") == {"jobs": []}
    assert service.request("DELETE", path).status == 204
    assert_problem(service.request("GET", path), 404, "job-not-found")
    assert_problem(service.request("DELETE", path), 404, "job-not-found")
    assert service.get("/v1/jobs") == {"jobs": []}


def test_curl_makes_changes_and_removes_a_job(service, wire):
    made = service.curl("-d", '{"frames":[{"id":"123","data":"01"}],"interval_ms":20}',
                        path="/v1/interfaces/vcan0/jobs")
    assert made.status == 201 and made.json["state"] == "running"
    wire.wait_for_count("vcan0", 3)
    changed = service.curl("-X", "PATCH", "-d", '{"frames":[{"id":"123","data":"02"}]}', path=made["Location"])
    assert changed.status == 200 and changed.json["frames"][0]["data"] == "02"
    wire.wait_for_text("vcan0", "123#02")
    assert service.curl("-X", "DELETE", path=made["Location"]).status == 204
    assert wire.renewed().stays_quiet("vcan0", 0.2)


def test_frames_are_sent_in_turn(service, wire, jobs):
    jobs("vcan0", [{"id": "100", "data": "01"}, {"id": "18DAF110"}, {"id": "102", "rtr": True, "length": 2}],
         interval_ms=10)
    texts = [frame.text for frame in wire.wait_for_count("vcan0", 9)]
    assert texts == ["100#01", "18DAF110#", "102#R2"] * 3


def test_a_sequence_has_up_to_256_frames(service, wire, jobs):
    job = jobs("vcan0", [{"id": 0x100 + number, "data": f"{number:02X}"} for number in range(256)], interval_ms=1)
    texts = [frame.text for frame in wire.wait_for_count("vcan0", 600)]
    assert texts == [f"{0x100 + number % 256:03X}#{number % 256:02X}" for number in range(600)]
    assert len(current(service, job)["frames"]) == 256


def test_a_job_of_fd_frames(service, wire, jobs):
    job = jobs("vcan0", [{"id": "456", "fd": True, "brs": True, "data": "AA" * 64},
                         {"id": "456", "fd": True, "data": "BB" * 9, "pad": True}], interval_ms=10)
    texts = [frame.text for frame in wire.wait_for_count("vcan0", 4)]
    assert texts == ["456##1" + "AA" * 64, "456##0" + "BB" * 9 + "00" * 3] * 2
    patch(service, job, frames=[{"id": "18DAF110", "fd": True, "data": "CC"}])
    wire.wait_for_text("vcan0", "18DAF110##0CC")
    # The kernel keeps operations of FD frames apart; this one is gone all the same.
    assert service.request("DELETE", f"/v1/jobs/{job['id']}").status == 204
    assert broadcast_operations() == []


def test_a_job_changes_from_classic_to_fd_frames(service, wire, jobs):
    job = jobs("vcan0", ONE, interval_ms=10)
    wire.wait_for_count("vcan0", 2)
    patch(service, job, frames=[{"id": "456", "fd": True, "data": "DD"}])
    wire.wait_for_text("vcan0", "456##0DD")
    assert {frame.text for frame in wire.renewed().wait_for_count("vcan0", 3)} == {"456##0DD"}
    assert len(broadcast_operations()) == 1


def test_two_jobs_may_send_the_same_identifier(service, wire, jobs):
    first = jobs("vcan0", [{"id": "123", "data": "01"}], interval_ms=20)
    second = jobs("vcan0", [{"id": "123", "data": "02"}], interval_ms=20)
    wire.wait_for("vcan0", lambda frames: min(sum(frame.data == data for frame in frames) for data in ("01", "02")) > 3,
                  "both are sent")
    assert service.request("DELETE", f"/v1/jobs/{first['id']}").status == 204
    rest = wire.renewed().wait_for_count("vcan0", 5)
    assert {frame.data for frame in rest} == {"02"}
    assert [job["id"] for job in service.get("/v1/jobs")["jobs"]] == [second["id"]]


def test_sent_is_what_candump_saw(service, wire, jobs):
    job = jobs("vcan0", ONE, interval_ms=5)
    wire.wait_for_count("vcan0", 40)
    stopped = patch(service, job, state="stopped")
    assert stopped["state"] == "stopped"
    assert wire.renewed().stays_quiet("vcan0", 0.1)
    assert len(wire.frames("vcan0")) == stopped["sent"] == current(service, job)["sent"]


def test_sent_goes_on_over_stops_and_longer_sequences(service, wire, jobs):
    job = jobs("vcan0", ONE, interval_ms=10)
    wire.wait_for_count("vcan0", 5)
    patch(service, job, frames=[*ONE, {"id": "124"}])
    wire.wait_for_text("vcan0", "124#")
    patch(service, job, state="stopped")
    patch(service, job, state="running")
    wire.renewed().wait_for_count("vcan0", 3)
    sent = patch(service, job, state="stopped")["sent"]
    assert wire.renewed().stays_quiet("vcan0", 0.1)
    assert len(wire.frames("vcan0")) == sent


def test_the_first_frame_goes_out_at_once(service, wire, jobs):
    jobs("vcan0", ONE, interval_ms=60000)
    # Long before the minute is over.
    wire.wait_for_count("vcan0", 1)


def test_jobs_are_stopped_and_started(service, wire, jobs):
    job = jobs("vcan0", ONE, interval_ms=10, start=False)
    assert job["state"] == "stopped" and broadcast_operations() == []
    assert wire.stays_quiet("vcan0", 0.1)
    with websocket(service, "/v1/interfaces/vcan0/frames?filter=0~0") as stream:
        for state in ("running", "stopped", "running"):
            assert patch(service, job, state=state)["state"] == state
            event = stream.next()
            assert {name: event[name] for name in ("type", "job", "interface", "change")} == {
                "type": "job", "job": job["id"], "interface": "vcan0", "change": state}
            if state == "running":
                wire.renewed().wait_for_count("vcan0", 2)
            else:
                assert wire.renewed().stays_quiet("vcan0", 0.1)
        # Running already: nothing changes, and nothing is said.
        assert patch(service, job, state="running")["state"] == "running"
        patch(service, job, state="stopped")
        assert stream.next()["change"] == "stopped"


def test_delete_ends_all_jobs(service, wire, jobs):
    for interface in ("vcan0", "vcan1"):
        jobs(interface, ONE, interval_ms=10)
    wire.wait_for_count("vcan0", 2)
    wire.wait_for_count("vcan1", 2)
    answer = service.request("DELETE", "/v1/jobs")
    assert (answer.status, answer.body) == (204, b"")
    quiet = wire.renewed()
    assert service.get("/v1/jobs") == {"jobs": []}
    assert broadcast_operations() == []
    assert quiet.stays_quiet("vcan0", 0.1) and not quiet.frames("vcan1")


def test_a_name_is_taken_once(service, jobs):
    job = jobs("vcan0", ONE, interval_ms=1000, name="lamp")
    answer = service.request(
        "POST", "/v1/interfaces/vcan1/jobs", json_body={"frames": ONE, "interval_ms": 1000, "name": "lamp"})
    assert_problem(answer, 409, "job-exists", field="name")
    assert service.request("DELETE", f"/v1/jobs/{job['id']}").status == 204
    # Names may be used again, identifiers never are.
    again = jobs("vcan1", ONE, interval_ms=1000, name="lamp")
    assert again["id"] != job["id"]


def test_an_interface_that_is_down_is_refused_unless_the_job_waits(service, make_interface):
    name = make_interface(up=False)
    path = f"/v1/interfaces/{name}/jobs"
    body = {"frames": ONE, "interval_ms": 10}
    assert_problem(service.request("POST", path, json_body=body), 409, "interface-down", errno="ENETDOWN")
    assert service.get("/v1/jobs") == {"jobs": []}
    answer = service.request("POST", path, json_body=body | {"start": False})
    assert answer.status == 201
    started = service.request("PATCH", answer["Location"], json_body={"state": "running"})
    assert_problem(started, 409, "interface-down", errno="ENETDOWN")
    assert service.get(answer["Location"])["state"] == "stopped"
    assert service.request("DELETE", answer["Location"]).status == 204


BAD = {"id": "123", "data": "01" * 9}
WRONG = [
    ({"interval_ms": 10}, 422, "invalid-job", {"field": "frames"}),
    ({"frames": [], "interval_ms": 10}, 422, "invalid-job", {"field": "frames"}),
    ({"frames": ONE * 257, "interval_ms": 10}, 422, "invalid-job", {"field": "frames"}),
    ({"frames": ONE}, 422, "invalid-job", {}),
    ({"frames": ONE, "interval_ms": 0}, 422, "invalid-job", {"field": "interval_ms"}),
    ({"frames": ONE, "interval_us": 0}, 422, "invalid-job", {"field": "interval_us"}),
    ({"frames": ONE, "interval_ms": -1}, 422, "invalid-job", {"field": "interval_ms"}),
    ({"frames": ONE, "interval_ms": 0.099}, 422, "invalid-job", {"field": "interval_ms"}),
    ({"frames": ONE, "interval_us": 99}, 422, "invalid-job", {"field": "interval_us"}),
    ({"frames": ONE, "interval_ms": 34560000001}, 422, "invalid-job", {"field": "interval_ms"}),
    ({"frames": ONE, "initial_interval_us": 99, "count": 3}, 422, "invalid-job", {"field": "initial_interval_us"}),
    ({"frames": ONE, "interval_ms": 10, "interval_us": 10000}, 422, "invalid-job", {}),
    ({"frames": ONE, "interval_ms": 10, "count": 3}, 422, "invalid-job", {}),
    ({"frames": ONE, "interval_ms": 10, "initial_interval_ms": 3}, 422, "invalid-job", {}),
    ({"frames": ONE, "initial_interval_ms": 3, "count": 0}, 422, "invalid-job", {"field": "count"}),
    ({"frames": ONE, "initial_interval_ms": 3, "count": 4294967296}, 422, "invalid-job", {"field": "count"}),
    ({"frames": ONE, "interval_ms": 10, "duration_ms": 0}, 422, "invalid-job", {"field": "duration_ms"}),
    ({"frames": ONE, "interval_ms": 10, "name": "a lamp"}, 422, "invalid-job", {"field": "name"}),
    ({"frames": ONE, "interval_ms": 10, "name": ""}, 422, "invalid-job", {"field": "name"}),
    ({"frames": ONE, "interval_ms": 10, "name": "x" * 65}, 422, "invalid-job", {"field": "name"}),
    ({"frames": [*ONE, BAD], "interval_ms": 10}, 422, "invalid-job", {"index": 1, "field": "data"}),
    ({"frames": [{"id": "800", "extended": False}], "interval_ms": 10}, 422, "invalid-job",
     {"index": 0, "field": "id"}),
    ({"frames": [*ONE, {"id": "1", "fd": True}], "interval_ms": 10}, 422, "invalid-job", {}),
    ({"frames": ONE, "interval_ms": "10"}, 400, "malformed-request", {"field": "interval_ms"}),
    ({"frames": ONE, "interval_us": 1000.5}, 400, "malformed-request", {"field": "interval_us"}),
    ({"frames": ONE, "initial_interval_ms": 3, "count": 3.0}, 400, "malformed-request", {"field": "count"}),
    ({"frames": ONE, "interval_ms": 10, "start": "no"}, 400, "malformed-request", {"field": "start"}),
    ({"frames": ONE, "interval_ms": 10, "intervall_ms": 10}, 400, "malformed-request", {"field": "intervall_ms"}),
    ({"frames": "123#01", "interval_ms": 10}, 400, "malformed-request", {"field": "frames"}),
    ({"frames": [*ONE, {"id": "1", "dta": ""}], "interval_ms": 10}, 400, "malformed-request",
     {"index": 1, "field": "dta"}),
    ([], 400, "malformed-request", {}),
]


@pytest.mark.parametrize("body, status, code, members", WRONG)
def test_a_wrong_job_is_refused(service, body, status, code, members):
    answer = service.request("POST", "/v1/interfaces/vcan0/jobs", json.dumps(body))
    assert_problem(answer, status, code, **members)
    assert service.get("/v1/jobs") == {"jobs": []}


@pytest.mark.parametrize("changes, status, code, members", [
    ({}, 422, "invalid-job", {}),
    ({"interval_ms": 0}, 422, "invalid-job", {"field": "interval_ms"}),
    ({"frames": []}, 422, "invalid-job", {"field": "frames"}),
    ({"frames": [BAD]}, 422, "invalid-job", {"index": 0, "field": "data"}),
    ({"count": 3}, 422, "invalid-job", {}),
    ({"state": "finished"}, 422, "invalid-job", {"field": "state"}),
    ({"state": 1}, 400, "malformed-request", {"field": "state"}),
    ({"name": "other"}, 400, "malformed-request", {"field": "name"}),
    ({"interval_ms": 10, "interval_us": 10000}, 422, "invalid-job", {}),
])
def test_a_wrong_change_leaves_the_job_as_it_was(service, jobs, changes, status, code, members):
    job = jobs("vcan0", ONE, interval_ms=500)
    answer = service.request("PATCH", f"/v1/jobs/{job['id']}", json_body=changes)
    assert_problem(answer, status, code, **members)
    after = current(service, job)
    assert {name: after[name] for name in after if name != "sent"} == {
        name: job[name] for name in job if name != "sent"}


def test_fd_jobs_need_an_fd_interface(service):
    body = {"frames": [{"id": "123", "fd": True}], "interval_ms": 10}
    problem = assert_problem(
        service.request("POST", "/v1/interfaces/can0/jobs", json_body=body), 422, "invalid-job", index=0)
    assert problem["field"] == "fd"
