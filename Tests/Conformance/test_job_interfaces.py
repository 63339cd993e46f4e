"""What becomes of a job when its interface goes down, is removed, and comes back."""
import itertools
import os
import resource
import time

import pytest

from periodic import ONE, becomes, current, patch
from service import asleep, assert_problem, wait_until
from streams import websocket
from witnesses import broadcast_operations, ip


def assert_counted(job, seen):
    """Fails unless all that was seen is counted, and little more.

    While an interface is being switched off, the kernel takes what is sent, counts it, and drops it: until all
    processors have taken note, which a busy machine may put off for seconds, its queue is one that says yes to
    everything (noop_qdisc).
    """
    assert len(seen) <= job["sent"] <= len(seen) + 1000


@pytest.fixture
def name(make_interface):
    return make_interface()


def test_a_job_ends_when_its_interface_goes_down(service, wire, jobs, name):
    with websocket(service, f"/v1/interfaces/{name}/frames?filter=0~0") as stream:
        job = jobs(name, ONE, interval_ms=10)
        wire.wait_for_count(name, 3)
        ip("link", "set", name, "down")
        event = stream.until_type("job")
        assert (event["job"], event["change"]) == (job["id"], "interface-down")
        ended = current(service, job)
        assert ended["state"] == "interface-down"
        assert_counted(ended, wire.frames(name))
        # It is out of the kernel, which would go on by itself.
        assert broadcast_operations() == []
        ip("link", "set", name, "up")
        stream.until_type("interface", change="up")
        assert wire.renewed().stays_quiet(name, 0.2)
        assert current(service, job)["state"] == "interface-down"
        assert patch(service, job, state="running")["state"] == "running"
        wire.renewed().wait_for_count(name, 3)


def test_a_job_that_may_resume_goes_on_when_the_interface_is_up_again(service, wire, jobs, name):
    job = jobs(name, ONE, interval_ms=10, resume=True)
    wire.wait_for_count(name, 3)
    ip("link", "set", name, "down")
    becomes(service, job, "interface-down")
    assert broadcast_operations() == []
    ip("link", "set", name, "up")
    becomes(service, job, "running")
    wire.renewed().wait_for_count(name, 3)
    stopped = patch(service, job, state="stopped")
    assert wire.renewed().stays_quiet(name, 0.1)
    assert_counted(stopped, wire.frames(name))


@pytest.mark.parametrize("lease", [{}, {"lease_ms": 60000}])
def test_a_job_that_may_resume_is_stopped_while_its_interface_is_down(service, wire, jobs, name, lease):
    job = jobs(name, ONE, interval_ms=10, resume=True, **lease)
    ip("link", "set", name, "down")
    becomes(service, job, "interface-down")
    stopped = patch(service, job, state="stopped")
    assert (stopped["state"], stopped["lease_remaining_ms"]) == ("stopped", None)
    with websocket(service, f"/v1/interfaces/{name}/frames") as stream:
        ip("link", "set", name, "up")
        stream.until_type("interface", change="up")
    assert wire.renewed().stays_quiet(name, 0.2)
    assert current(service, job)["state"] == "stopped"


def test_a_job_that_may_resume_is_told_to_run_when_its_interface_has_just_come_back(service, jobs, name):
    """The service may not have heard of that yet; the job is started once."""
    with websocket(service, f"/v1/interfaces/{name}/frames?events=job") as stream:
        job = jobs(name, ONE, interval_ms=60000, resume=True)
        for _ in range(10):
            ip("link", "set", name, "down")
            stream.until_type("job", change="interface-down")
            ip("link", "set", name, "up")
            assert patch(service, job, state="running")["state"] == "running"
        ip("link", "set", name, "down")
        stream.until_type("job", change="interface-down")
    assert [event["change"] for event in stream.seen if event["type"] == "job"] == (
        ["interface-down", "running"] * 10 + ["interface-down"])


def test_a_job_ends_when_its_interface_is_removed(service, wire, jobs, name):
    with websocket(service) as stream:
        job = jobs(name, ONE, interval_ms=10)
        wire.wait_for_count(name, 3)
        ip("link", "del", name)
        stream.until_type("job", job=job["id"], change="interface-gone")
    assert current(service, job)["state"] == "interface-gone"
    # It is listed still, though its interface is gone.
    assert [entry["id"] for entry in service.get("/v1/jobs")["jobs"]] == [job["id"]]
    assert_problem(service.request("GET", f"/v1/interfaces/{name}/jobs"), 404, "interface-not-found")
    answer = service.request("PATCH", f"/v1/jobs/{job['id']}", json_body={"state": "running"})
    assert_problem(answer, 404, "interface-not-found")
    # An interface of the same name is its interface again, when it is told to.
    ip("link", "add", name, "type", "vcan")
    ip("link", "set", name, "up")
    assert wire.renewed().stays_quiet(name, 0.2)
    assert patch(service, job, state="running")["state"] == "running"
    wire.renewed().wait_for_count(name, 3)


def test_a_job_that_may_resume_goes_on_when_the_interface_is_back(service, wire, jobs, name):
    job = jobs(name, ONE, interval_ms=10, resume=True)
    wire.wait_for_count(name, 3)
    ip("link", "del", name)
    becomes(service, job, "interface-gone")
    ip("link", "add", name, "type", "vcan")
    assert current(service, job)["state"] != "running"
    ip("link", "set", name, "up")
    becomes(service, job, "running")
    wire.renewed().wait_for_count(name, 3)


def test_what_a_job_has_sent_is_known_when_its_interface_is_gone(service, wire, jobs, name):
    """Also what the kernel sent while the service did not ask."""
    job = jobs(name, ONE, interval_ms=10)
    wire.wait_for_count(name, 3)
    before = current(service, job)["sent"]
    with asleep(service):
        wire.renewed().wait_for_count(name, 20)
        ip("link", "del", name)
    gone = becomes(service, job, "interface-gone")
    assert gone["sent"] >= before + 20
    assert_counted(gone, wire.frames(name))
    # It goes on from there.
    ip("link", "add", name, "type", "vcan")
    ip("link", "set", name, "up")
    assert patch(service, job, state="running")["sent"] >= gone["sent"] + 1


def test_a_job_goes_on_waiting_for_an_interface_that_was_back_for_a_moment(service, wire, jobs, name):
    """The service hears that it is up when it is gone again."""
    with websocket(service, "/v1/frames?events=job,interface") as told:
        job = jobs(name, ONE, interval_ms=10, resume=True)
        ip("link", "del", name)
        told.until_type("job", job=job["id"], change="interface-gone")
        with asleep(service):
            ip("link", "add", name, "type", "vcan")
            ip("link", "set", name, "up")
            ip("link", "del", name)
        told.until_type("interface", interface=name, change="removed")
        assert current(service, job)["state"] == "interface-gone"
        ip("link", "add", name, "type", "vcan")
        ip("link", "set", name, "up")
        told.until_type("job", job=job["id"], change="running")
    wire.renewed().wait_for_count(name, 3)


def unused_descriptor(service):
    """The first number that no descriptor of a service has, once it has closed what it closes in its own time."""
    def numbers():
        return {int(number) for number in os.listdir(f"/proc/{service.pid}/fd")}

    def settled():
        before = numbers()
        time.sleep(0.3)
        return before == numbers() and before

    used = wait_until(settled, "the service opens and closes nothing")
    return next(number for number in itertools.count() if number not in used)


def test_a_job_that_could_not_be_started_for_want_of_descriptors_is_started_later(start, wire, name):
    service = start()
    with websocket(service, "/v1/frames?events=job,interface") as told:
        answer = service.request(
            "POST", f"/v1/interfaces/{name}/jobs", json_body={"frames": ONE, "interval_ms": 10, "resume": True})
        assert answer.status == 201
        ip("link", "del", name)
        told.until_type("job", job=answer.json["id"], change="interface-gone")
        soft, hard = resource.prlimit(service.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(service.pid, resource.RLIMIT_NOFILE, (unused_descriptor(service), hard))
        ip("link", "add", name, "type", "vcan")
        ip("link", "set", name, "up")
        told.until_type("interface", interface=name, change="up")
        assert wire.renewed().stays_quiet(name, 0.2)
        resource.prlimit(service.pid, resource.RLIMIT_NOFILE, (soft, hard))
        assert told.until_type("job", job=answer.json["id"])["change"] == "running"
        wire.renewed().wait_for_count(name, 3)


@pytest.mark.parametrize("resume", [False, True])
def test_a_stopped_job_stays_stopped(service, wire, jobs, name, resume):
    job = jobs(name, ONE, interval_ms=10, resume=resume, start=False)
    with websocket(service, f"/v1/interfaces/{name}/frames") as stream:
        for state in ("down", "up"):
            ip("link", "set", name, state)
            stream.until_type("interface", change=state)
    assert wire.stays_quiet(name, 0.2)
    assert current(service, job)["state"] == "stopped"


def test_other_interfaces_jobs_go_on(service, wire, jobs, name):
    here, there = jobs(name, ONE, interval_ms=10), jobs("vcan1", ONE, interval_ms=10)
    ip("link", "set", name, "down")
    becomes(service, here, "interface-down")
    wire.renewed().wait_for_count("vcan1", 5)
    assert current(service, there)["state"] == "running"


def test_a_job_whose_interface_is_gone_can_be_deleted(service, jobs, name):
    job = jobs(name, ONE, interval_ms=10)
    ip("link", "del", name)
    becomes(service, job, "interface-gone")
    assert service.request("DELETE", f"/v1/jobs/{job['id']}").status == 204
    assert service.get("/v1/jobs") == {"jobs": []}


def test_a_controllers_job_ends_when_it_is_switched_off(service, wire, jobs):
    job = jobs("can0", ONE, interval_ms=20)
    try:
        wire.wait_for_count("can1", 3)
        ip("link", "set", "can0", "down")
        becomes(service, job, "interface-down")
        assert broadcast_operations() == []
    finally:
        ip("link", "set", "can0", "up")
