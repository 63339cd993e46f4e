"""The processes of a measurement: a server, its readers, the generator, candump. Each is ended by its own id.

Nothing here gives up after some time: the clock of a guest that counts instructions runs far ahead while a program is
loaded from the host. deploy/bench bounds the whole by its own clock.
"""
import json
import os
import resource
import socket
import subprocess
import time

INTERFACE = "vcan0"
STREAM = f"/v1/interfaces/{INTERFACE}/frames"
WEBSOCKET = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" \
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
# The head fields that ask for each form of the service's stream.
FORMS = {"websocket": WEBSOCKET, "sse": "Accept: text/event-stream\r\n", "ndjson": "Accept: application/x-ndjson\r\n"}


def allow_descriptors():
    """As many descriptors as this machine permits, for this process and those it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    """The CPU time of a process, by its CPU clock: utime and stime of /proc/PID/stat, which are counted in steps of
    10 ms, without the rounding."""
    seconds = time.clock_gettime((~pid << 3) | 2)
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    ticks = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    assert abs(seconds - ticks) < 0.05, f"the CPU clock says {seconds} s, /proc/{pid}/stat {ticks} s"
    return seconds


def memory_bytes(pid, field):
    """A size of /proc/PID/status: VmRSS is what is resident, VmHWM the most that ever was."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith(f"{field}:"))


class Process:
    """A child whose stdout is read line by line; leaving its context ends it."""

    def __init__(self, *command, request=b"", **options):
        options = {"stdout": subprocess.PIPE} | options
        self.child = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, **options)
        self.child.stdin.write(request)
        self.child.stdin.close()
        self.pid = self.child.pid
        self._unread = b""

    def line(self):
        """The next line; fails when the child has ended."""
        while b"\n" not in self._unread:
            more = os.read(self.child.stdout.fileno(), 4096)
            assert more, f"{self.child.args} ended with status {self.child.wait()}"
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    def expect(self, word):
        line = self.line()
        assert line == word, f"{self.child.args} said {line!r}, not {word!r}"

    def result(self):
        """What the child printed as JSON, once it has ended."""
        value = json.loads(self.line())
        assert self.child.wait() == 0, self.child.args
        return value

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        if self.child.stdout:
            self.child.stdout.close()


class Server(Process):
    """A server on a port of its own; `dialect` is what a reader of it has to understand."""

    dialect = "events"
    request = b""

    def await_listening(self):
        while True:
            assert self.child.poll() is None, f"{self.child.args} ended with status {self.child.returncode}"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)


class Floor(Server):
    """The cheapest server there can be, see floor.c; it takes just so many readers."""

    request = b"begin"

    def __init__(self, tools, readers):
        self.port = free_port()
        super().__init__(f"{tools}/floor", INTERFACE, self.port, readers)
        self.expect("ready")


class Service(Server):
    """canhttpd; its readers ask for one form of the stream."""

    def __init__(self, tools, form="websocket"):
        self.port = free_port()
        self.request = request(form)
        settings = {name: value for name, value in os.environ.items() if not name.startswith("CANHTTPD")}
        super().__init__(
            f"{tools}/canhttpd", "--listen", f"127.0.0.1:{self.port}", "--log-level", "error", env=settings)
        self.await_listening()


class Remote(Server):
    """python-can-remote's server, whose readers ask for its JSON messages."""

    dialect = "remote"

    def __init__(self, python):
        self.port = free_port()
        head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n{WEBSOCKET}Sec-WebSocket-Protocol: can.json.v1\r\n\r\n"
        # The reader sends what stands behind the 01 when the head was answered.
        self.request = head.encode() + b"\x01" + masked({"type": "bus_request", "payload": {"config": {}}})
        super().__init__(
            python, "-m", "can_remote", "--interface", "socketcan", "--channel", INTERFACE, "--host", "127.0.0.1",
            "--port", self.port, stderr=subprocess.DEVNULL)
        self.await_listening()


def request(form):
    """The request for the stream of the interface, in one form."""
    return f"GET {STREAM} HTTP/1.1\r\nHost: 127.0.0.1\r\n{FORMS[form]}\r\n".encode()


def masked(message):
    """A WebSocket text message as a client sends it, with a mask of zeros."""
    text = json.dumps(message).encode()
    assert len(text) < 126
    return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text


class Reader(Process):
    """One reader of a server, see reader.c."""

    def __init__(self, tools, server, warm, count, silence):
        super().__init__(
            f"{tools}/reader", server.dialect, server.port, warm, count, silence, request=server.request)


def generate(tools, rate, count):
    """Sends so many frames at a rate, 0 for as fast as it goes; what was sent."""
    with Process(f"{tools}/generator", INTERFACE, rate, count) as generator:
        return generator.result()
