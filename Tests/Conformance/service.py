"""The service under test: the binary that CANHTTPD names, as a process of its own."""
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass

BINARY = os.environ.get("CANHTTPD", "")
# How long anything may take that has to happen; a failure is what waits so long.
PATIENCE = 20
# A page and a host name that services under test are told to serve.
PANEL = "https://panel.example"
HOST_NAME = "can.example"


def wait_until(condition, what, seconds=PATIENCE):
    """Waits until the condition is true and returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.02)


@contextlib.contextmanager
def asleep(service):
    """A time in which the service does nothing: whatever happens meanwhile is there at once when it goes on."""
    os.kill(service.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(service.pid, signal.SIGCONT)


def free_port(host="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def environment(**settings):
    """The environment without settings of the service, but for those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CANHTTPD")}
    return kept | settings


@dataclass
class Answer:
    """What came back for a request."""

    status: int
    headers: list
    body: bytes

    def __getitem__(self, name):
        """A header field, None where there is none."""
        values = [value for field, value in self.headers if field.lower() == name.lower()]
        assert len(values) < 2, f"{name} more than once: {values}"
        return values[0] if values else None

    def names(self, name):
        """The members of a header field that is a list."""
        return {member.strip() for member in (self[name] or "").split(",") if member.strip()}

    @property
    def json(self):
        return json.loads(self.body)


class Service:
    """A running service; `base` is its URL without a slash at the end."""

    def __init__(self, *options, host="127.0.0.1", port=None, env=None, launcher=(), listens=True, healthy=200):
        assert BINARY, "CANHTTPD names the binary that is to be tested"
        self.host, self.port = host, port or free_port(host)
        address = f"[{host}]" if ":" in host else host
        self.base = f"http://{address}:{self.port}"
        self.authority = f"{address}:{self.port}"
        listen = ("--listen", self.authority) if listens else ()
        self.log_path = pathlib.Path(tempfile.mkstemp(prefix="canhttpd-", suffix=".log")[1])
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [*launcher, BINARY, *listen, *options], env=env or environment(), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=log)
        try:
            wait_until(lambda: self._answers(healthy), "the service answers")
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def _answers(self, healthy):
        assert self.process.poll() is None, f"exit status {self.process.returncode}\n{self.log}"
        try:
            return self.request("GET", "/healthz").status == healthy
        except OSError:
            return False

    @property
    def pid(self):
        return self.process.pid

    @property
    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def request(self, method, path, body=None, *, json_body=None, type=None, headers=(), timeout=PATIENCE):
        """One request on a connection of its own; a body is JSON unless `type` says otherwise."""
        fields = dict(headers)
        if json_body is not None:
            body = json.dumps(json_body)
        if body is not None and type != "":
            fields["Content-Type"] = type or "application/json"
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request(method, path, body.encode() if isinstance(body, str) else body, fields)
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def get(self, path):
        """The JSON of a resource that is there."""
        answer = self.request("GET", path)
        assert answer.status == 200, answer
        return answer.json

    def connect(self):
        """A plain TCP connection."""
        connection = socket.create_connection((self.host, self.port), timeout=PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def curl(self, *arguments, path=""):
        """What curl gets; the arguments are curl's own."""
        run = subprocess.run(
            ["curl", "-sS", "-i", "--max-time", str(PATIENCE), *arguments, self.base + path],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        assert run.returncode == 0, run.stderr.decode()
        return parsed(run.stdout)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def check(self):
        """Fails where the service died or trapped."""
        self._look_for_traps()
        assert self.process.poll() is None, f"the service died: {self.process.returncode}\n{self.log[-4000:]}"

    def _look_for_traps(self):
        log = self.log
        for sign in ("Fatal error", "Program crashed", "WARNING: ThreadSanitizer"):
            assert sign not in log, log[max(0, log.index(sign) - 500):][:3000]

    def stop(self, how=signal.SIGTERM):
        """Ends the service; its exit status and how long that took."""
        begin = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        took = time.monotonic() - begin
        self._look_for_traps()
        return self.process.returncode, took


def parsed(text):
    """The final answer in what `curl -i` printed, interim ones skipped."""
    while True:
        head, _, body = text.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        if status >= 200:
            fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
            return Answer(status, fields, body)
        text = body


def run_once(*options, env=None, input=None):
    """Runs the binary to its end; the completed process."""
    return subprocess.run(
        [BINARY, *options], env=env or environment(), input=input, capture_output=True, text=True, timeout=PATIENCE,
        check=False)


def assert_problem(answer, status, code, **members):
    """Fails unless the answer is this problem document, with these members."""
    assert answer.status == status, (answer.status, answer.body)
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json
    assert problem["code"] == code, problem
    assert problem["status"] == status
    assert problem["type"] == f"/problems/{code}"
    assert problem["title"] and problem["detail"]
    assert problem["instance"] == answer["X-Request-Id"]
    assert {name: problem.get(name) for name in members} == members, problem
    return problem
