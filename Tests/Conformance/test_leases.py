"""Leases: a job that nobody renews stops, in time and whatever else goes on; and jobs of limited duration."""
import pytest

from exactness import Stopwatch, on_time
from periodic import ONE, becomes, current, patch
from service import assert_problem
from streams import websocket
from witnesses import broadcast_operations, ip

FRAMES = "/v1/interfaces/vcan0/frames"
# How late a lease may lapse, in seconds.
LATE = 0.05


def renew(service, job, body=None):
    return service.request("POST", f"/v1/jobs/{job['id']}/renew", json_body=body)


def renewed(service, job):
    answer = renew(service, job)
    assert answer.status == 200, answer
    return answer.json


@pytest.fixture
def told(service):
    """A stream of what becomes of jobs."""
    with websocket(service, FRAMES + "?events=job") as stream:
        yield stream


def lapse(told, job):
    """Waits until a job's lease is over, and fails where anything else becomes of it before."""
    event = told.until_type("job", job=job["id"])
    assert {name: event[name] for name in ("interface", "change")} == {
        "interface": job["interface"], "change": "lapsed"}
    return event


def test_a_job_without_a_lease_says_so(jobs):
    job = jobs("vcan0", ONE, interval_ms=1000)
    assert (job["lease_ms"], job["lease_remaining_ms"], job["connection"]) == (None, None, False)


def test_a_job_tells_its_lease_and_what_is_left_of_it(service, jobs):
    job = jobs("vcan0", ONE, interval_ms=1000, lease_ms=60000.5)
    assert job["lease_ms"] == 60000.5 and 50000 < job["lease_remaining_ms"] <= 60000.5
    later = current(service, job)
    assert 50000 < later["lease_remaining_ms"] < job["lease_remaining_ms"] and later["lease_ms"] == 60000.5
    assert service.get("/v1/jobs")["jobs"][0]["lease_remaining_ms"] < later["lease_remaining_ms"]


def test_a_lease_lapses_at_its_time_to_50_ms(service, told, wire, jobs):
    """By when the event comes, and by when the last frame was on the bus."""
    def event():
        watch = Stopwatch(lambda: jobs("vcan0", ONE, interval_ms=10, lease_ms=300))
        lapse(told, watch.result)
        return watch.read()

    def last_frame():
        view = wire.renewed()
        job = jobs("vcan0", ONE, interval_ms=10, lease_ms=400)
        lapse(told, job)
        assert view.renewed().stays_quiet("vcan0", 0.1)
        frames = view.frames("vcan0")
        assert current(service, job)["sent"] == len(frames)
        # It comes at most an interval before the end. Where its timer is late, the last ones may be missing.
        return abs(frames[-1].time - frames[0].time - 0.4)

    on_time(event, 0.3, LATE)
    on_time(last_frame, 0, LATE)


def test_a_job_whose_lease_lapsed_is_out_of_the_kernel(service, told, wire, jobs):
    job = jobs("vcan0", ONE, interval_ms=10, lease_ms=100)
    lapse(told, job)
    lapsed = current(service, job)
    assert (lapsed["state"], lapsed["lease_ms"], lapsed["lease_remaining_ms"]) == ("lapsed", 100, None)
    assert broadcast_operations() == []
    assert wire.renewed().stays_quiet("vcan0", 0.1)
    assert len(wire.frames("vcan0")) == current(service, job)["sent"] > 0
    # Its name and its place are kept until it is deleted.
    assert [entry["id"] for entry in service.get("/v1/jobs")["jobs"]] == [job["id"]]
    assert service.request("DELETE", f"/v1/jobs/{job['id']}").status == 204


def test_the_shortest_lease(told, jobs):
    lapse(told, jobs("vcan0", ONE, interval_ms=100, lease_ms=10))


def test_a_lease_that_is_renewed_in_time_does_not_lapse(service, told, wire, jobs):
    """By the beat of the job itself: 25 frames, an eighth of the lease, and again, for one and a half leases."""
    job = jobs("vcan0", ONE, interval_ms=20, lease_ms=4000)
    for _ in range(12):
        wire.renewed().wait_for_count("vcan0", 25)
        again = renewed(service, job)
        assert again["state"] == "running" and 2000 < again["lease_remaining_ms"] <= 4000
    watch = Stopwatch(lambda: renewed(service, job))
    lapse(told, job)
    _, longest = watch.read()
    assert longest >= 3.999


def test_the_last_renewal_counts_to_50_ms(service, told, jobs):
    def measure():
        job = jobs("vcan0", ONE, interval_ms=50, lease_ms=1500)
        watch = Stopwatch(lambda: renewed(service, job))
        lapse(told, job)
        return watch.read()

    on_time(measure, 1.5, LATE)


def test_only_renewing_renews(service, told, wire, jobs):
    """Content may change as often as it likes."""
    def measure():
        watch = Stopwatch(lambda: jobs("vcan0", ONE, interval_ms=20, lease_ms=3000))
        # For 0.4 s at least: by so much later would the lease lapse if this renewed it.
        for number in range(5):
            wire.renewed().wait_for_count("vcan0", 5)
            patch(service, watch.result, frames=[{"id": "123", "data": f"{number:02X}"}])
            current(service, watch.result)
        lapse(told, watch.result)
        return watch.read()

    on_time(measure, 3, 0.25)
    job = jobs("vcan0", ONE, interval_ms=20, lease_ms=60000)
    answer = service.request("PATCH", f"/v1/jobs/{job['id']}", json_body={"lease_ms": 1000})
    assert_problem(answer, 400, "malformed-request", field="lease_ms")


def test_a_job_whose_lease_lapsed_starts_with_a_fresh_one(service, told, wire, jobs):
    job = jobs("vcan0", ONE, interval_ms=10, lease_ms=100)
    lapse(told, job)
    again = patch(service, job, state="running")
    assert again["state"] == "running" and 0 < again["lease_remaining_ms"] <= 100
    assert told.until_type("job")["change"] == "running"
    lapse(told, job)
    assert wire.renewed().stays_quiet("vcan0", 0.1)
    assert current(service, job)["sent"] == len(wire.frames("vcan0"))


def test_a_lease_begins_when_the_job_does(service, told, jobs):
    job = jobs("vcan0", ONE, interval_ms=20, lease_ms=300, start=False)
    assert (job["state"], job["lease_ms"], job["lease_remaining_ms"]) == ("stopped", 300, None)
    # Another one's lease goes by meanwhile.
    lapse(told, jobs("vcan0", ONE, interval_ms=20, lease_ms=400))
    assert current(service, job)["state"] == "stopped"
    watch = Stopwatch(lambda: patch(service, job, state="running"))
    assert told.until_type("job", job=job["id"])["change"] == "running"
    lapse(told, job)
    assert watch.read()[1] >= 0.299


def test_a_job_that_was_stopped_has_no_lease_left(service, told, jobs):
    job = jobs("vcan0", ONE, interval_ms=20, lease_ms=2000)
    stopped = patch(service, job, state="stopped")
    assert (stopped["state"], stopped["lease_remaining_ms"]) == ("stopped", None)
    lapse(told, jobs("vcan0", ONE, interval_ms=20, lease_ms=2500))
    assert [event["change"] for event in told.seen if event.get("job") == job["id"]] == ["stopped"]
    assert current(service, job)["state"] == "stopped"


def test_each_lease_lapses_by_itself(service, told, jobs):
    """Fifty jobs, of which every other one is renewed."""
    made = [jobs("vcan0", ONE, interval_ms=1000, lease_ms=8000) for _ in range(50)]
    kept = made[::2]
    for job in kept:
        renewed(service, job)
    lapsed = [told.until_type("job", change="lapsed")["job"] for _ in made]
    assert sorted(lapsed) == sorted(job["id"] for job in made)
    # Those that were not renewed lapsed first, in the order in which they were made.
    assert lapsed == [job["id"] for job in (*made[1::2], *kept)]


def test_a_count_that_ends_before_the_lease_ends_the_job(service, told, jobs):
    job = jobs("vcan0", ONE, initial_interval_ms=10, count=3, lease_ms=2000)
    assert told.until_type("job", job=job["id"])["change"] == "finished"
    assert current(service, job)["lease_remaining_ms"] is None
    lapse(told, jobs("vcan0", ONE, interval_ms=20, lease_ms=2500))
    assert (current(service, job)["state"], current(service, job)["sent"]) == ("finished", 3)


@pytest.mark.parametrize("times, change", [
    ({"duration_ms": 200, "lease_ms": 2000}, "finished"), ({"duration_ms": 2000, "lease_ms": 200}, "lapsed")])
def test_the_shorter_of_lease_and_duration_ends_a_job(service, told, jobs, times, change):
    job = jobs("vcan0", ONE, interval_ms=20, **times)
    assert told.until_type("job", job=job["id"])["change"] == change
    assert current(service, job)["state"] == change


def test_a_job_ends_once_though_two_of_its_ends_come_together(service, told, jobs):
    made = [jobs("vcan0", ONE, interval_ms=50, duration_ms=200, lease_ms=200)["id"] for _ in range(10)]
    other = jobs("vcan0", ONE, interval_ms=50, duration_ms=1000)
    told.until_type("job", job=other["id"])
    ends = [event["job"] for event in told.seen if event["type"] == "job"]
    assert sorted(ends) == sorted(made + [other["id"]])


def test_a_duration_is_exact_to_50_ms_and_may_be_a_fraction(told, jobs):
    def measure():
        watch = Stopwatch(lambda: jobs("vcan0", ONE, interval_ms=10, duration_ms=300.5))
        assert told.until_type("job", job=watch.result["id"])["change"] == "finished"
        return watch.read()

    on_time(measure, 0.3, LATE)


# While the interface is away.


@pytest.mark.parametrize("leave, state", [(("set", "{}", "down"), "interface-down"), (("del", "{}"), "interface-gone")])
def test_a_lease_lapses_while_the_interface_of_a_job_that_may_resume_is_away(
        service, wire, jobs, make_interface, leave, state):
    name = make_interface()
    with websocket(service, "/v1/frames?events=job,interface") as told:
        watch = Stopwatch(lambda: jobs(name, ONE, interval_ms=20, lease_ms=4000, resume=True))
        job = watch.result
        wire.wait_for_count(name, 3)
        ip("link", *(word.format(name) for word in leave))
        away = becomes(service, job, state)
        assert 0 < away["lease_remaining_ms"] < 4000
        assert told.until_type("job", job=job["id"])["change"].startswith("interface-")
        told.until_type("job", job=job["id"], change="lapsed")
        shortest, longest = watch.read()
        assert longest >= 3.999 and shortest < 8
        assert current(service, job)["state"] == "lapsed"
        if state == "interface-gone":
            ip("link", "add", name, "type", "vcan")
        ip("link", "set", name, "up")
        told.until_type("interface", interface=name, change="up")
    assert wire.renewed().stays_quiet(name, 0.2)
    assert current(service, job)["state"] == "lapsed"


def test_a_lease_can_be_renewed_while_the_interface_is_away(service, told, wire, jobs, make_interface):
    name = make_interface()
    job = jobs(name, ONE, interval_ms=20, lease_ms=6000, resume=True)
    ip("link", "set", name, "down")
    becomes(service, job, "interface-down")
    # Another one's lease goes by meanwhile, twice.
    for _ in range(2):
        lapse(told, jobs("vcan0", ONE, interval_ms=20, lease_ms=3300))
        again = renewed(service, job)
        assert again["state"] == "interface-down" and 0 < again["lease_remaining_ms"] <= 6000
    ip("link", "set", name, "up")
    becomes(service, job, "running")
    wire.renewed().wait_for_count(name, 2)


def test_a_job_that_ended_with_its_interface_has_no_lease_left(service, jobs, make_interface):
    name = make_interface()
    job = jobs(name, ONE, interval_ms=20, lease_ms=60000)
    ip("link", "set", name, "down")
    assert becomes(service, job, "interface-down")["lease_remaining_ms"] is None
    assert_problem(renew(service, job), 422, "invalid-job", field="state")


# What is refused.


def test_what_has_no_lease_cannot_be_renewed(service, jobs):
    job = jobs("vcan0", ONE, interval_ms=1000)
    problem = assert_problem(renew(service, job), 422, "invalid-job", field="lease_ms")
    assert job["id"] in problem["detail"]
    assert current(service, job)["state"] == "running"


def test_a_lease_that_does_not_run_cannot_be_renewed(service, told, wire, jobs):
    lapsed = jobs("vcan0", ONE, interval_ms=10, lease_ms=20)
    lapse(told, lapsed)
    stopped = jobs("vcan0", ONE, interval_ms=10, lease_ms=60000)
    patch(service, stopped, state="stopped")
    finished = jobs("vcan0", ONE, initial_interval_ms=1, count=1, lease_ms=60000)
    becomes(service, finished, "finished")
    waiting = jobs("vcan0", ONE, interval_ms=10, lease_ms=60000, start=False)
    quiet = wire.renewed()
    for job, state in ((lapsed, "lapsed"), (stopped, "stopped"), (finished, "finished"), (waiting, "stopped")):
        problem = assert_problem(renew(service, job), 422, "invalid-job", field="state")
        assert state in problem["detail"]
        assert current(service, job)["state"] == state
    assert quiet.stays_quiet("vcan0", 0.1)


@pytest.mark.parametrize("body, field", [
    ({"lease_ms": 1000}, "lease_ms"), ({"state": "running"}, "state"), ([], None), ("now", None)])
def test_renewing_takes_nothing_but_an_empty_object(service, jobs, body, field):
    job = jobs("vcan0", ONE, interval_ms=1000, lease_ms=60000)
    assert renew(service, job, {}).status == 200
    before = current(service, job)["lease_remaining_ms"]
    assert_problem(renew(service, job, body), 400, "malformed-request", **({"field": field} if field else {}))
    assert current(service, job)["lease_remaining_ms"] <= before


def test_curl_renews_a_lease(service, jobs):
    job = jobs("vcan0", ONE, interval_ms=1000, lease_ms=60000)
    assert service.curl("-X", "POST", path=f"/v1/jobs/{job['id']}/renew").json["id"] == job["id"]


def test_there_is_nothing_to_renew_where_there_is_no_job(service):
    assert_problem(service.request("POST", "/v1/jobs/j999999/renew"), 404, "job-not-found")
    answer = service.request("GET", "/v1/jobs/j999999/renew")
    assert_problem(answer, 405, "method-not-allowed")
    assert "POST" in answer.names("Allow")


@pytest.mark.parametrize("lease, status, code", [
    (0, 422, "invalid-job"), (9.999, 422, "invalid-job"), (-1000, 422, "invalid-job"),
    (34560000000.001, 422, "invalid-job"), (34560000001, 422, "invalid-job"), (1e300, 422, "invalid-job"),
    ("1000", 400, "malformed-request"), (True, 400, "malformed-request"), ([], 400, "malformed-request"),
])
def test_a_lease_out_of_bounds_makes_no_job(service, lease, status, code):
    body = {"frames": ONE, "interval_ms": 10, "lease_ms": lease}
    answer = service.request("POST", "/v1/interfaces/vcan0/jobs", json_body=body)
    assert_problem(answer, status, code, field="lease_ms")
    assert service.get("/v1/jobs") == {"jobs": []}


@pytest.mark.parametrize("lease", [10, 10.5, 34560000000])
def test_leases_that_may_be(jobs, lease):
    assert jobs("vcan0", ONE, interval_ms=1000, lease_ms=lease, start=False)["lease_ms"] == lease
