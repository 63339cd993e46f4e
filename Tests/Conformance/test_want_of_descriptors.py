"""What the service does not get for want of descriptors it gets when there are some again."""
import contextlib
import resource

from service import wait_until
from streams import websocket
from witnesses import cansend, receivers


@contextlib.contextmanager
def no_more_descriptors(service):
    """The service keeps those that it has and gets no other."""
    before = resource.prlimit(service.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(service.pid, resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(service.pid, resource.RLIMIT_NOFILE, before)


def test_an_interface_that_could_not_be_captured_is_as_soon_as_it_can(service, make_interface):
    with websocket(service, "/v1/frames?events=frame,interface") as stream:
        with no_more_descriptors(service):
            name = make_interface()
            added = stream.until_type("interface", change="up", interface=name)
            assert added["state"]["capture"]["active"] is False
            assert not receivers(name, "all")
        # On the stream that was open all the while.
        wait_until(lambda: receivers(name, "all"), "it is captured")
        cansend(name, "123#01")
        assert stream.until_type("frame", interface=name)["data"] == "01"
    assert service.get(f"/v1/interfaces/{name}")["capture"]["active"] is True
