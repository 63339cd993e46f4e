"""Calls on jobs that several files of tests make."""
from service import wait_until

ONE = [{"id": "123", "data": "01"}]


def patch(service, job, **changes):
    answer = service.request("PATCH", f"/v1/jobs/{job['id']}", json_body=changes)
    assert answer.status == 200, answer
    return answer.json


def current(service, job):
    return service.get(f"/v1/jobs/{job['id']}")


def becomes(service, job, state):
    """Waits until the job is in that state, and returns it."""
    return wait_until(lambda: (now := current(service, job))["state"] == state and now, f"{job['id']} is {state}")
