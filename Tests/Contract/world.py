"""What the requests are sent to: interfaces in every condition, services in every condition, kept connections."""
import contextlib
import http.client
import json
import pathlib
import resource
import sys

from description import OPERATIONS
from links import CONTROLLERS, remove, reset_controller
from service import PANEL, PATIENCE, Answer, Service, wait_until
from slow_buses import slowed
from witnesses import ip

ELSEWHERE = "https://elsewhere.example"
REFUSING = pathlib.Path(__file__).with_name("refusing.py")
# Interfaces of this suite's own: what they are made with, and whether they are up.
INTERFACES = {
    "up72": (["mtu", "72"], True), "up16": (["mtu", "16"], True), "down72": (["mtu", "72"], False),
    "full72": (["mtu", "72"], True), "fresh72": (["mtu", "72"], True), "gone72": (["mtu", "72"], True),
    "spare72": (["mtu", "72"], True),
}
# Those that requests make; each removes them, unless something went wrong.
MADE = (
    "made72", "made16", "new72", "end7", "end8", "end9", "event72", "event73", "vcan9", "vxcan8", "vxcan9")
ONE_JOB = {"frames": [{"id": "123"}], "interval_ms": 3_600_000}
ONE_WATCH = {"id": "5A5"}
# Who takes messages of ISO-TP: one who answers, one who breaks the protocol, and nobody.
ECU, FAULTY, NOBODY = ({"tx_id": tx, "rx_id": rx} for tx, rx in (("7E0", "7E8"), ("6E0", "6E8"), ("5E0", "5E8")))
UP72 = "/v1/interfaces/up72/frames"
# The most streams of the service that has few.
MAX_STREAMS = 4


class Client:
    """A connection to a service that is kept, and made anew where the service ends it."""

    def __init__(self, service):
        self.service = service
        self._connection = http.client.HTTPConnection(service.host, service.port, timeout=PATIENCE)

    def request(self, method, target, body=None, headers=()):
        """One request; a header field of the value None is left out."""
        fields = {"Host": self.service.authority} | dict(headers)
        body = body.encode() if isinstance(body, str) else body
        if body is not None:
            fields = {"Content-Length": str(len(body))} | fields
        for attempt in (1, 2):
            try:
                answer = self._send(method, target, body or b"", fields)
                if answer.status == 413:
                    # The body was announced, and need not come.
                    self._connection.close()
                return answer
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                # It was ended between two requests.
                self._connection.close()
                if attempt == 2:
                    raise

    def _send(self, method, target, body, fields):
        self._connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in fields.items():
            if value is not None:
                self._connection.putheader(name, value)
        self._connection.endheaders(body or None)
        response = self._connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())

    def open(self):
        """Connects now."""
        if self._connection.sock is None:
            self._connection.connect()

    def close(self):
        self._connection.close()


@contextlib.contextmanager
def interfaces():
    """The interfaces of the suite; those of the machine are at the end as they were."""
    remove((*INTERFACES, *MADE))
    try:
        for name, (options, is_up) in INTERFACES.items():
            ip("link", "add", name, *options, "type", "vcan")
            if is_up:
                ip("link", "set", name, "up")
        with slowed("full72", "10kbit"):
            yield
    finally:
        remove((*INTERFACES, *MADE))
        reset_controllers()


def reset_controllers():
    for name in CONTROLLERS:
        reset_controller(name)


def make(client, interface, what, body):
    """Makes a job or a watch, and gives its id, with which its path ends."""
    answer = client.request(
        "POST", f"/v1/interfaces/{interface}/{what}", json.dumps(body), {"Content-Type": "application/json"})
    assert answer.status == 201, answer
    return answer["Location"].rpartition("/")[2]


class World:
    """The services, each with a kept connection, by what is special about it."""

    def __init__(self, stack):
        self._stack = stack
        self.services, self.clients, self.values = {}, {}, {}
        self.start("main", "--allow-origin", PANEL, "--receive-buffer-bytes", "65536")
        # Few streams are all of them; a small log soon leaves a slow reader behind.
        self.start("limited", "--max-streams", str(MAX_STREAMS), "--log-bytes", "262144")
        self.start("without-can", healthy=503, launcher=self._refusing("socket:29=97"))
        self.start("forbidden", launcher=self._refusing("sendmmsg=1"))
        self.start("unprivileged", launcher=("setpriv", "--bounding-set=-net_admin"))
        self._make_jobs()
        self._make_watches()
        for interface in ("up72", "can0"):
            self._show_a_frame(interface)

    @staticmethod
    def _refusing(rule):
        return sys.executable, "-I", "-S", str(REFUSING), rule

    def start(self, name, *options, **settings):
        service = Service(*options, **settings)
        self._stack.callback(self._stop, service)
        self.services[name], self.clients[name] = service, Client(service)
        self._stack.callback(self.clients[name].close)

    @staticmethod
    def _stop(service):
        status, _ = service.stop()
        assert status == 0, service.log[-4000:]

    def _make_jobs(self):
        """Jobs in the conditions that the requests need."""
        for name, interface, settings in (
            ("running", "up72", {"name": "running"}), ("stopped", "up16", {"start": False}),
            ("on-down", "down72", {"start": False}), ("on-gone", "gone72", {"start": False}),
            ("to-delete", "up72", {}), ("leased", "up72", {"lease_ms": 3600000}),
        ):
            self.values[name] = make(self.clients["main"], interface, "jobs", ONE_JOB | settings)
        self.values["never"] = "j999999"
        self.values["unstarted"] = make(self.clients["limited"], "fresh72", "jobs", ONE_JOB | {"start": False})
        remove(["gone72"])

    def _make_watches(self):
        for name in ("watching", "to-forget"):
            self.values[name] = make(self.clients["main"], "up72", "watches", ONE_WATCH)
        self.values["no-watch"] = "w999999"

    def _show_a_frame(self, interface):
        """Sends a frame, so that there is a newest one."""
        client, target = self.clients["main"], f"/v1/interfaces/{interface}"
        answer = client.request("POST", f"{target}/frames", "123#", {"Content-Type": "text/plain"})
        assert answer.status == 200, answer
        wait_until(lambda: client.request("GET", f"{target}/latest/123").status == 200, "the frame was read")

    def target(self, row):
        """The target of a request; values of the path that have a name here stand for what they name."""
        path = OPERATIONS[row.operation].path
        for name, value in row.path.items():
            path = path.replace("{" + name + "}", self.values.get(value, value))
        assert "{" not in path, path
        return path + (f"?{row.query}" if row.query else "")

    def text(self, row):
        """A request as it goes over the wire."""
        fields = {"Host": self.services[row.at].authority} | row.fields
        if row.body is not None:
            fields["Content-Length"] = str(len(row.body))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"{OPERATIONS[row.operation].method} {self.target(row)} HTTP/1.1\r\n{head}\r\n{row.body or ''}".encode()

    @contextlib.contextmanager
    def without_descriptors(self, service):
        """While this lasts the service cannot open anything: the kernel says EMFILE."""
        process = self.services[service].pid
        self.clients[service].open()
        # The connection is accepted when it has been answered.
        self.clients[service].request("GET", "/healthz")
        before = resource.prlimit(process, resource.RLIMIT_NOFILE, (0, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        try:
            yield
        finally:
            resource.prlimit(process, resource.RLIMIT_NOFILE, before)


def make_jobs_up_to(service, count):
    """Brings a service to so many jobs, which do not run."""
    missing = count - len(service.get("/v1/jobs")["jobs"])
    make_many(service, "jobs", [{"frames": [{"id": "1"}], "interval_ms": 1, "start": False}] * missing)


def make_watches_up_to(service, count):
    """Brings a service to so many watches, each of another identifier."""
    missing = count - len(service.get("/v1/watches")["watches"])
    make_many(service, "watches", [{"id": number, "extended": True} for number in range(missing)])


def make_many(service, what, bodies):
    """Makes things on up72 by requests that do not wait for each other's answers."""
    with contextlib.closing(service.connect()) as connection:
        answers = connection.makefile("rb")
        for start in range(0, len(bodies), 64):
            batch = bodies[start:start + 64]
            connection.sendall(b"".join(posting(service, f"/v1/interfaces/up72/{what}", body) for body in batch))
            for _ in batch:
                read_answer(answers, expected=201)


def posting(service, target, body):
    """A request with a body of JSON, as it goes over the wire."""
    text = json.dumps(body)
    return (
        f"POST {target} HTTP/1.1\r\nHost: {service.authority}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(text)}\r\n\r\n{text}").encode()


@contextlib.contextmanager
def pending(service, count, target, body):
    """While this lasts so many requests wait for their answers, as long as the service lets them."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(contextlib.closing(service.connect()))
            connection.sendall(posting(service, target, body))
        yield


def read_answer(file, expected=None, method="GET"):
    """The next answer on a connection; EOFError where it ends before that."""
    line = file.readline()
    if not line:
        raise EOFError
    status = int(line.split(b" ")[1])
    fields = []
    while (line := file.readline().strip()):
        name, _, value = line.decode("latin-1").partition(":")
        fields.append((name, value.strip()))
    answer = Answer(status, fields, b"")
    if method != "HEAD" and status not in (101, 204, 304):
        length = int(answer["Content-Length"] or 0)
        answer.body = file.read(length)
        if len(answer.body) < length:
            raise EOFError
    assert expected in (None, status), answer
    return answer
