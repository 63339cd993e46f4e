"""When jobs send, by the kernel's timestamps: interval, count, two intervals, changes on the way, duration."""
import collections
import itertools
import math
import statistics
import time

import pytest

from exactness import on_time
from periodic import ONE, becomes, current, patch
from service import wait_until
from streams import websocket


def gaps(frames):
    """The times between frames, in milliseconds."""
    return [1000 * (later.time - earlier.time) for earlier, later in zip(frames, frames[1:], strict=False)]


def test_a_job_of_10_ms_sends_95_to_101_frames_in_a_second(service, wire, jobs):
    """Never more; fewer only while the machine has something else to do, for which minutes are granted."""
    def counts(frames):
        seconds = collections.Counter(int(frame.time - frames[0].time) for frame in frames)
        # The last one is not over yet.
        return [seconds[second] for second in range(max(seconds, default=0))]

    jobs("vcan0", ONE, interval_ms=10)
    frames = wire.wait_for("vcan0", lambda frames: max(counts(frames), default=0) >= 95, "95 frames in a second", 300)
    assert max(counts(frames)) <= 101, counts(frames)


@pytest.mark.parametrize("interval", [{"interval_ms": 2.5}, {"interval_us": 2500}])
def test_an_interval_may_be_a_fraction_of_a_millisecond(service, wire, jobs, interval):
    job = jobs("vcan0", ONE, **interval)
    assert job["interval_ms"] == 2.5
    # A timer that is late stays so, and is never early; most are on time where the machine has nothing else to do.
    for _ in range(20):
        between = sorted(gaps(wire.renewed().wait_for_count("vcan0", 200)))
        assert between[10] >= 2.3 and sum(between) >= 199 * 2.45
        if between[10] <= 3.2:
            return
    raise AssertionError(f"never on time: {between}")


@pytest.mark.parametrize("count", [1, 2, 25])
def test_a_count_is_exact_and_ends_the_job(service, wire, jobs, count):
    with websocket(service, "/v1/interfaces/vcan0/frames") as stream:
        job = jobs("vcan0", ONE, initial_interval_ms=10, count=count)
        # One frame is the edge: the kernel does not tell when its only frame is sent.
        event = stream.until_type("job")
        assert (event["job"], event["interface"], event["change"]) == (job["id"], "vcan0", "finished")
        # The kernel tells of the end before it sends the last frame, which may be seen after that.
        stream.frames(count - sum(event["type"] == "frame" for event in stream.seen))
        assert sum(event["type"] == "frame" for event in stream.seen) == count
    done = current(service, job)
    assert (done["state"], done["sent"], done["count"]) == ("finished", count, count)
    assert wire.renewed().stays_quiet("vcan0", 0.1)
    assert len(wire.frames("vcan0")) == count


def test_a_count_goes_through_the_sequence_in_turn(service, wire, jobs):
    job = jobs("vcan0", [{"id": "1"}, {"id": "2"}, {"id": "3"}], initial_interval_ms=5, count=7)
    becomes(service, job, "finished")
    frames = wire.wait_for_count("vcan0", 7)
    assert [frame.id for frame in frames] == ["001", "002", "003", "001", "002", "003", "001"]


def test_two_intervals_have_exact_counts(service, wire, jobs):
    """Five frames 20 ms apart, the first included, then one each three seconds."""
    job = jobs("vcan0", ONE, initial_interval_ms=20, count=5, interval_ms=3000)
    between = gaps(wire.wait_for_count("vcan0", 6))
    assert all(15 < gap < 2000 for gap in between[:4]), between
    # The fifth is the last of the first interval; the time after it is the second.
    assert between[4] > 2900, between
    assert current(service, job)["state"] == "running"


def test_new_content_does_not_move_the_rhythm(service, wire, jobs):
    jobs("vcan1", ONE, interval_ms=50)
    job = jobs("vcan0", ONE, interval_ms=400)
    values = itertools.count(2)

    def measure():
        """From the last frame with the old content to the first with the new one."""
        data, view = f"{next(values):02X}", wire.renewed()
        view.wait_for_count("vcan0", 1)
        # In the middle of an interval, by the beat of another job: a timer that began anew would make it much longer,
        # a frame sent at once much shorter.
        wire.renewed().wait_for_count("vcan1", 4)
        changed = time.time()
        patch(service, job, frames=[{"id": "123", "data": data}])
        *_, old, new = view.wait_for_text("vcan0", f"123#{data}")
        # A change right after a frame would show nothing.
        return new.time - old.time if changed - old.time > 0.12 else math.inf

    for _ in range(3):
        on_time(measure, 0.4, 0.1, early=0.05)
    sent = [frame.data for frame in wire.frames("vcan0")]
    assert sent == sorted(sent)


def test_another_identifier_is_content_too(service, wire, jobs):
    job = jobs("vcan0", ONE, interval_ms=20)
    wire.wait_for_count("vcan0", 2)
    assert patch(service, job, frames=[{"id": "18DAF110", "data": "02"}])["frames"] == [
        {"id": "18DAF110", "extended": True, "data": "02"}]
    wire.wait_for_text("vcan0", "18DAF110#02")
    assert {frame.text for frame in wire.renewed().wait_for_count("vcan0", 3)} == {"18DAF110#02"}


def test_a_sequence_shrinks_and_grows(service, wire, jobs):
    def sends(*identifiers):
        wanted = {f"{identifier}#" for identifier in identifiers}
        view = wire.renewed()
        view.wait_for("vcan0", lambda frames: {frame.text for frame in frames[-8:]} == wanted and len(frames) > 8,
                      f"{wanted} and nothing else")
        texts = [frame.id for frame in view.frames("vcan0")][-6:]
        # In turn, wherever it began.
        order = list(identifiers)
        begin = order.index(texts[0])
        assert texts == [order[(begin + number) % len(order)] for number in range(6)]

    job = jobs("vcan0", [{"id": identifier} for identifier in ("001", "002", "003")], interval_ms=10)
    sends("001", "002", "003")
    for identifiers in (["004", "005"], ["006"], ["007", "008"], ["001", "002", "003", "004"]):
        changed = patch(service, job, frames=[{"id": identifier} for identifier in identifiers])
        assert [frame["id"] for frame in changed["frames"]] == identifiers
        assert changed["state"] == "running"
        sends(*identifiers)


def test_a_sequence_grows_to_256_frames(service, wire, jobs):
    job = jobs("vcan0", ONE, interval_ms=1)
    patch(service, job, frames=[{"id": 0x100 + number} for number in range(256)])
    wire.wait_for_text("vcan0", "1FF#")
    assert current(service, job)["state"] == "running"


def test_another_interval_is_kept_from_then_on(service, wire, jobs):
    job = jobs("vcan0", ONE, interval_ms=500)
    changed = patch(service, job, interval_ms=20)
    assert changed["interval_ms"] == 20
    between = gaps(wire.renewed().wait_for_count("vcan0", 10))
    assert statistics.median(between) < 100, between
    assert patch(service, job, interval_us=250000)["interval_ms"] == 250
    between = gaps(wire.renewed().wait_for_count("vcan0", 3))
    assert between[-1] > 200


def test_a_finished_job_starts_anew(service, wire, jobs):
    job = jobs("vcan0", ONE, initial_interval_ms=5, count=4)
    becomes(service, job, "finished")
    assert patch(service, job, state="running")["state"] == "running"
    assert becomes(service, job, "finished")["sent"] == 8
    assert len(wire.wait_for_count("vcan0", 8)) == 8


def test_a_duration_ends_the_job(service, wire, jobs):
    with websocket(service, "/v1/interfaces/vcan0/frames") as stream:
        job = jobs("vcan0", ONE, interval_ms=10, duration_ms=1500)
        assert stream.until_type("job")["change"] == "finished"
    done = current(service, job)
    assert done["state"] == "finished"
    assert wire.renewed().stays_quiet("vcan0", 0.1)
    frames = wire.frames("vcan0")
    # Not at once; how exactly, the tests of leases measure.
    assert frames[-1].time - frames[0].time > 0.5
    assert done["sent"] == len(frames)


def test_changed_content_of_a_stopped_job_is_sent_when_it_starts(service, wire, jobs):
    job = jobs("vcan0", ONE, interval_ms=20, start=False)
    patch(service, job, frames=[{"id": "321"}, {"id": "322"}], interval_ms=10)
    assert wire.stays_quiet("vcan0", 0.1)
    patch(service, job, state="running")
    assert [frame.id for frame in wire.wait_for_count("vcan0", 4)] == ["321", "322", "321", "322"]


def test_one_patch_stops_and_changes(service, wire, jobs):
    job = jobs("vcan0", ONE, interval_ms=10)
    wire.wait_for_count("vcan0", 2)
    stopped = patch(service, job, state="stopped", frames=[{"id": "321"}])
    assert stopped["state"] == "stopped" and stopped["frames"][0]["id"] == "321"
    assert wire.renewed().stays_quiet("vcan0", 0.1)
    patch(service, job, state="running")
    assert wire.renewed().wait_for_count("vcan0", 1)[0].id == "321"


def test_many_jobs_run_side_by_side(service, wire, jobs):
    made = [jobs("vcan0", [{"id": 0x200 + number}], interval_ms=200) for number in range(20)]
    wire.wait_for(
        "vcan0", lambda frames: all(sum(frame.id == f"{0x200 + number:03X}" for frame in frames) >= 3
                                    for number in range(20)), "three frames of each")
    assert [job["id"] for job in service.get("/v1/jobs")["jobs"]] == [job["id"] for job in made]
    wait_until(lambda: all(job["sent"] >= 3 for job in service.get("/v1/jobs")["jobs"]), "all are counted")
