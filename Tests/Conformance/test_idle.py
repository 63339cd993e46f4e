"""A service that has nothing to do does nothing, whatever happened before."""
from exactness import busy, on_time
from witnesses import ip


def test_an_interface_that_went_down_or_away_costs_no_time(service, make_interface, jobs):
    name = make_interface()
    assert service.request("POST", f"/v1/interfaces/{name}/frames", b"123#01", type="text/plain").status == 200
    jobs(name, [{"id": "1"}], interval_ms=500)
    ip("link", "set", name, "down")
    assert_idle(service)
    ip("link", "del", name)
    assert_idle(service)


def assert_idle(service):
    on_time(lambda: busy(service.pid, 1), 0, 0.1)
