"""A service that has nothing to do does nothing, whatever happened before."""
from witnesses import ip


def test_an_interface_that_went_down_or_away_costs_no_time(service, make_interface, jobs):
    name = make_interface()
    assert service.request("POST", f"/v1/interfaces/{name}/frames", b"123#01", type="text/plain").status == 200
    jobs(name, [{"id": "1"}], interval_ms=500)
    ip("link", "set", name, "down")
    assert not spinning(service), "it spins while the interface is down"
    ip("link", "del", name)
    assert not spinning(service), "it spins after the interface was removed"


def spinning(service):
    """Whether the service never sleeps: in each of many looks it runs."""
    def state():
        with open(f"/proc/{service.pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0]

    for _ in range(2000):
        if state() == "S":
            return False
    return True
