"""One service for most tests, the machine's CAN interfaces, and candump as a witness of all of them."""
import itertools
import os
import pathlib
import threading
import time

import pytest

import watching
from links import CONTROLLERS, remove, reset_controller, settings
from service import HOST_NAME, PANEL, PATIENCE, Service, wait_until
from witnesses import Wire, ip, ip_json

_names = (f"vcan{number}" for number in itertools.count(20))


@pytest.fixture(scope="session", autouse=True)
def room_for_bursts():
    """Has the kernel hold all that a sender puts on a virtual bus while the machine pauses: of more than a thousand
    frames that wait it drops the rest (netif_rx), which then nobody has seen and nobody can be told of."""
    limit = pathlib.Path("/proc/sys/net/core/netdev_max_backlog")
    # A container may not change it.
    value = limit.read_text(encoding="ascii") if os.access(limit, os.W_OK) else None
    if value:
        limit.write_text("1000000", encoding="ascii")
    yield
    if value:
        limit.write_text(value, encoding="ascii")


@pytest.fixture(scope="session")
def candump():
    """One candump for all tests: a second one would cost more than it says."""
    wire = Wire()
    yield wire
    wire.stop()


@pytest.fixture(name="wire")
def fixture_wire(candump):
    """What comes on the wire from here on."""
    return candump.begin()


class Common:
    """The service that most tests share. One that died is replaced, so that it fails one test and not all."""

    def __init__(self):
        self.service = None

    def get(self):
        if self.service is None or self.service.process.poll() is not None:
            self.service = Service("--allow-origin", PANEL, "--allow-host", HOST_NAME)
        return self.service


@pytest.fixture(scope="session")
def common(candump):
    holder = Common()
    yield holder
    if holder.service:
        assert holder.service.stop()[0] == 0


@pytest.fixture
def service(common):
    """The service that most tests use, which is still sound after each test."""
    running = common.get()
    yield running
    running.check()


@pytest.fixture
def start():
    """Starts a service of the test's own with the options given; it is stopped at the end."""
    started = []

    def start(*options, **settings):
        started.append(Service(*options, **settings))
        return started[-1]

    yield start
    for running in started:
        ended = running.process.poll()
        status, _ = running.stop()
        assert ended is not None or status == 0, running.log[-4000:]


@pytest.fixture
def make_interface():
    """Makes a virtual interface that is up, and gives its name; it is removed at the end."""
    made = []

    def make(*options, up=True):
        name = next(_names)
        ip("link", "add", name, *options, "type", "vcan")
        made.append(name)
        if up:
            ip("link", "set", name, "up")
        return name

    yield make
    remove(made)


@pytest.fixture
def make_pair():
    """Makes two virtual interfaces, up, with a bus between them: what goes in at one end comes out at the other."""
    made = []

    def make():
        near, far = next(_names), next(_names)
        ip("link", "add", near, "type", "vxcan", "peer", "name", far)
        made.append(near)
        for name in (near, far):
            ip("link", "set", name, "up")
        # The end that came up first has its queue only when the kernel has noted that the other one is up.
        wait_until(lambda: ip_json("link", "show", near)[0]["operstate"] == "UP", "there is a bus between them")
        return near, far

    yield make
    remove(made)


@pytest.fixture
def new_name():
    """Gives names of interfaces that are not there; those that a test makes of them are removed at the end."""
    given = []

    def new_name():
        given.append(next(_names))
        return given[-1]

    yield new_name
    remove(given)


@pytest.fixture(scope="session")
def original_settings():
    """What was set of can0 and can1 before the first test that changes them."""
    return {name: settings(name) for name in CONTROLLERS}


@pytest.fixture
def controllers(service, original_settings):
    """can0 and can1 for a test that changes them: afterwards they are again as all other tests need them."""
    yield CONTROLLERS
    for name in CONTROLLERS:
        # Its number is another after it was unplugged.
        if settings(name) | {"index": 0} != original_settings[name] | {"index": 0}:
            reset_controller(name)
            # The service has taken note of it: the next test's stream does not begin with it.
            service.get(f"/v1/interfaces/{name}")


@pytest.fixture
def jobs(service):
    """Makes jobs of the common service, and removes all at the end."""

    def make(interface, frames, **settings):
        answer = service.request("POST", f"/v1/interfaces/{interface}/jobs", json_body={"frames": frames} | settings)
        assert answer.status == 201, answer
        return answer.json

    yield make
    assert service.request("DELETE", "/v1/jobs").status == 204


@pytest.fixture
def watches(service):
    """Makes watches of the common service, and removes all at the end."""

    def make(interface, identifier="123", **settings):
        answer = watching.make(service, interface, identifier, **settings)
        assert answer.status == 201, answer
        return answer.json

    yield make
    assert service.request("DELETE", "/v1/watches").status == 204


class SlowClient:
    """A client that sends its request at a byte a second, from the beginning of the whole run.

    Others leave in the middle of a body at that time.
    """

    def __init__(self, service):
        self._port = service.port
        for _ in range(5):
            gone = service.connect()
            gone.sendall(
                b"POST /v1/interfaces/vcan0/frames HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n123#")
            gone.close()
        self._connection = service.connect()
        self._begin = time.monotonic()
        self.cut_after = None
        self._thread = threading.Thread(target=self._drip, daemon=True)
        self._thread.start()

    def _drip(self):
        try:
            self._connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            self._connection.settimeout(1)
            while time.monotonic() - self._begin < 60:
                self._connection.sendall(b"a")
                try:
                    if not self._connection.recv(4096):
                        break
                except TimeoutError:
                    continue
        except OSError:
            pass
        self.cut_after = time.monotonic() - self._begin
        self._connection.close()

    def left_behind(self):
        """How many connections the service still has whose clients have left."""
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = [line.split() for line in table][1:]
        close_wait = "08"
        return sum(row[1].endswith(f":{self._port:04X}") and row[3] == close_wait for row in rows)

    def wait(self):
        """Seconds after which the service cut the connection."""
        self._thread.join(60 + PATIENCE)
        return self.cut_after


@pytest.fixture(scope="session", autouse=True)
def slow_client(request):
    """Begins before the first test where one will ask for it, so that nobody waits for its half minute."""
    if any(item.get_closest_marker("slow_client") for item in request.session.items):
        return SlowClient(request.getfixturevalue("common").get())
    return None


def pytest_configure(config):
    config.addinivalue_line("markers", "slow_client: waits for the client that began before the first test")


def pytest_collection_modifyitems(items):
    """What waits for the slow client comes last."""
    items.sort(key=lambda item: item.get_closest_marker("slow_client") is not None)
