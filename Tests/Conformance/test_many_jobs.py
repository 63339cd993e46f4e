"""A thousand jobs at once."""
import pytest

from keep_alive import KeptAlive
from service import wait_until
from witnesses import broadcast_operations

MANY = 1000


def frames(number):
    """Of every tenth job an FD frame; each job has an identifier of its own."""
    return [{"id": number, "data": f"{number:04X}"} | ({"fd": True} if number % 10 == 0 else {})]


@pytest.fixture
def thousand(service, jobs):
    """A thousand jobs of a frame each two seconds, as they were told when they were made."""
    # What the first job needs may stay.
    jobs("vcan0", frames(0), interval_ms=2000)
    assert service.request("DELETE", "/v1/jobs").status == 204
    with KeptAlive(service) as connection:
        answers = [connection.request("POST", "/v1/interfaces/vcan0/jobs",
                                      {"frames": frames(number), "interval_ms": 2000}) for number in range(MANY)]
    assert {answer.status for answer in answers} == {201}
    return [answer.json for answer in answers]


def test_all_are_made_and_listed_send_and_are_counted_and_end(service, wire, thousand):
    before = service.descriptors()
    assert len({job["id"] for job in thousand}) == MANY and {job["state"] for job in thousand} == {"running"}
    listed = service.get("/v1/jobs")["jobs"]
    assert [job["id"] for job in listed] == [job["id"] for job in thousand]
    assert [int(job["frames"][0]["id"], 16) for job in listed] == list(range(MANY))
    assert len(broadcast_operations()) == MANY
    assert len(service.get("/v1/interfaces/vcan0/jobs")["jobs"]) == MANY
    assert service.get("/v1/interfaces/vcan1/jobs") == {"jobs": []}

    def counted(frames):
        counts = dict.fromkeys(range(MANY), 0)
        for frame in frames:
            counts[int(frame.id, 16)] += 1
        return counts

    # Each of them: the first at once, and two more in its rhythm.
    seen = wire.wait_for(
        "vcan0", lambda frames: len(frames) >= 3 * MANY and min(counted(frames).values()) >= 3, "three of each", 60)
    texts = {f"{number:03X}#{'#0' if number % 10 == 0 else ''}{number:04X}" for number in range(MANY)}
    assert {frame.text for frame in seen} == texts
    # The one that is asked for among so many.
    one = service.get(f"/v1/jobs/{thousand[777]['id']}")
    assert one["frames"] == listed[777]["frames"] and one["sent"] >= 3

    with KeptAlive(service) as connection:
        stopped = [connection.request("PATCH", f"/v1/jobs/{job['id']}", {"state": "stopped"}).json
                   for job in thousand[3::21]]
        sent = counted(wire.frames("vcan0"))
        assert [job["sent"] for job in stopped] == [sent[number] for number in range(3, MANY, 21)]
        assert len(broadcast_operations()) == MANY - len(stopped)
        deleted = [connection.request("DELETE", f"/v1/jobs/{job['id']}").status for job in thousand[1::20]]
        assert set(deleted) == {204}
    assert len(service.get("/v1/jobs")["jobs"]) == MANY - len(deleted)
    # One socket of the kernel serves them all.
    assert service.descriptors() <= before + 5
    assert service.request("DELETE", "/v1/jobs").status == 204
    quiet = wire.renewed()
    assert service.get("/v1/jobs") == {"jobs": []} and broadcast_operations() == []
    assert quiet.stays_quiet("vcan0", 0.2)
    wait_until(lambda: service.descriptors() <= before, "the descriptors are given back")
