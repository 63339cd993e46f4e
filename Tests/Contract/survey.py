"""Sends all requests of the table, follows streams through all events, and keeps what the judge said of each answer."""
import concurrent.futures
import contextlib
import json
import signal
import socket
import time
from dataclasses import dataclass

import requests_table as table
from description import OPERATIONS, Judge
from probing import send_examples, try_methods
from service import PATIENCE, Answer, wait_until
from streams import Reader, WebSocketReader
from witnesses import ERROR, RawSocket, ip
from world import World, interfaces, make_jobs_up_to, read_answer, remove

FORMS = ("ndjson", "sse", "websocket")
JOBS = 4096
# The identifier of the frame that ends what is followed in all forms.
LAST = 0x7FD


@dataclass
class Outcome:
    """What came of a request."""

    row: table.Row
    answer: Answer
    wrong: list

    def __str__(self):
        return f"{self.row}\n    " + "\n    ".join(self.wrong)


class TextStream(Reader):
    """The events of a stream of text, read from a plain connection; `told` has the text of each."""

    def __init__(self, service, path, form, connection=None):
        super().__init__()
        self.socket = connection or service.connect()
        self.socket.settimeout(PATIENCE)
        path += ("&" if "?" in path else "?") + f"format={form}"
        # The answer to HTTP/1.0 has no chunks to take apart.
        self.socket.sendall(f"GET {path} HTTP/1.0\r\nHost: {service.authority}\r\n\r\n".encode())
        self._lines, self._form, self.told = self.socket.makefile("rb"), form, []
        self.status = int(self._lines.readline().split(b" ")[1])
        while self._lines.readline().strip():
            pass

    def _read(self, end):
        assert time.monotonic() < end, f"the last were {self.seen[-5:]}"
        text = self._lines.readline().decode()
        if self._form == "sse":
            while text and not text.endswith("\n\n"):
                text += self._lines.readline().decode()
        self.told.append(text)
        if not text:
            return None
        return json.loads(text.partition("data: ")[2] if self._form == "sse" else text)

    def close(self):
        self._lines.close()
        self.socket.close()


def follow(service, path, form, connection=None):
    """A stream in one of the three forms."""
    if form == "websocket":
        return WebSocketReader(service, path, connection=connection)
    return TextStream(service, path, form, connection)


def read_to_the_end(reader):
    """Reads up to the heartbeat that follows the last frame of all."""
    reader.until_type("frame", seconds=60, id=f"{LAST:03X}")
    reader.until_type("heartbeat")


def small_connection(service):
    """A connection that takes next to nothing before it is read."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    connection.connect((service.host, service.port))
    return connection


class Survey:
    """All that was asked and answered."""

    def __init__(self):
        self.judge = Judge()
        self.outcomes = []
        # (form, what is wrong with an event)
        self.wrong_events = []
        # form -> the events of one and the same stream
        self.events = {}
        self.served = {}
        # What is wrong with requests made of the document's examples, and with methods and paths that are not described.
        self.examples, self.methods = [], []

    def run(self):
        with contextlib.ExitStack() as stack:
            stack.enter_context(interfaces())
            self.world = world = World(stack)
            self.examples = list(send_examples(self))
            self.methods = list(try_methods(self))
            rows = [*table.general(), *table.of_service(), *table.of_streams(), *table.of_frames(), *table.of_filters()]
            self.ask(rows)
            for path in ("/openapi.json", "/openapi.yaml"):
                self.served[path] = world.clients["main"].request("GET", path).body
            self.follow_everything(world.services["main"])
            self.ask(table.of_jobs())
            with world.without_descriptors("limited"):
                self.ask(table.failing())
            self.fall_behind(world.services["limited"])
            self.reach_limits(world.services["limited"])
            self.end(world.services["limited"])
        return self

    # Requests

    def ask(self, rows):
        for row in table.with_heads(rows):
            self.note(row, self.opening(row) if row.streams else self.answer(row))

    def answer(self, row):
        operation = OPERATIONS[row.operation]
        target = self.world.target(row.operation, row.path, row.query)
        return self.world.clients[row.at].request(operation.method, target, row.body, row.fields)

    def note(self, row, answer):
        operation = OPERATIONS[row.operation]
        wrong = self.judge.judge(operation, answer, whole=not row.streams)
        if answer.status != row.status:
            wrong.insert(0, f"{answer.status}, not {row.status}: {answer.body[:300]}")
        elif row.code and operation.method != "HEAD" and answer.json.get("code") != row.code:
            wrong.insert(0, f"{answer.json.get('code')}, not {row.code}")
        self.outcomes.append(Outcome(row, answer, wrong))

    def opening(self, row):
        """The head of an answer that goes on as a stream, which is left then."""
        service = self.world.services[row.at]
        with contextlib.closing(service.connect()) as connection:
            fields = {"Host": service.authority} | row.fields
            head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
            target = self.world.target(row.operation, row.path, row.query)
            connection.sendall(f"GET {target} HTTP/1.1\r\n{head}\r\n".encode())
            return read_answer(connection.makefile("rb"), method="HEAD")

    # Streams

    def follow_everything(self, service):
        """Follows one stream in every form through all that can happen."""
        with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(len(FORMS)) as pool:
            path = "/v1/frames?heartbeat=1&filter=0:0,%231FFFFFFF"
            readers = {form: follow(service, path, form) for form in FORMS}
            for reader in readers.values():
                stack.callback(reader.close)
                reader.until_type("open")
            # At once, since a WebSocket that leaves pings unanswered is dropped.
            reading = [pool.submit(read_to_the_end, reader) for reader in readers.values()]
            self.happen(service)
            for read in reading:
                read.result()
            for form, reader in readers.items():
                self.events[form] = reader.seen
                self.hear(form, reader)

    def happen(self, service):
        client = self.world.clients["main"]
        with follow_quietly(service, "/v1/frames") as witness, RawSocket("up72") as raw:
            frames = "123#DEADBEEF\n18DAF110#R4\n7FF#0011223344556677_9\n456##3AABB\n124#R8_F"
            self.post(client, "/v1/interfaces/up72/frames", frames, "text/plain", 200)
            self.post(client, "/v1/interfaces/can0/frames", "321#01", "text/plain", 200)
            witness.until_type("frame", interface="can1", id="321")
            for bit in range(10):
                raw.send(ERROR | 1 << bit, bytes(8))
            witness.until_type("error", classes=["counters"])
            for command, change in (
                (("add", "event72", "type", "vcan"), "added"), (("set", "event72", "up"), "up"),
                (("set", "event72", "down"), "down"), (("set", "event72", "name", "event73"), "renamed"),
                (("set", "event73", "up"), "up"),
            ):
                ip("link", *command)
                witness.until_type("interface", change=change)
            self.jobs_end(client, witness)
            for job, state in (("running", "stopped"), ("running", "running")):
                target = f"/v1/jobs/{self.world.values[job]}"
                client.request("PATCH", target, json.dumps({"state": state}), {"Content-Type": "application/json"})
            for body in ('{"filters":["123:800007FF","124~7FF"],"join":true,"errors":["bus-off"]}', '{"filters":["0:0"]}'):
                client.request("PUT", "/v1/interfaces/vcan0/filters", body, {"Content-Type": "application/json"})
            client.request("DELETE", "/v1/interfaces/vcan0/filters")
            self.lose(service, raw)
            witness.until_type("gap")
            raw.send(LAST)

    def jobs_end(self, client, witness):
        """A job comes to its end, another loses its interface."""
        for rhythm in ({"initial_interval_ms": 1, "count": 1}, {"interval_ms": 60000}):
            body = json.dumps({"frames": [{"id": "1"}]} | rhythm)
            self.post(client, "/v1/interfaces/event73/jobs", body, "application/json", 201)
            if "count" in rhythm:
                witness.until_type("job", change="finished")
        for command, change in ((("set", "event73", "down"), "interface-down"), (("del", "event73"), "interface-gone")):
            ip("link", *command)
            witness.until_type("job", change=change)
            self.note(table.row("listJobs", 200), client.request("GET", "/v1/jobs"))

    @staticmethod
    def post(client, target, body, type, expected):
        answer = client.request("POST", target, body, {"Content-Type": type})
        assert answer.status == expected, answer

    @staticmethod
    def lose(service, raw):
        """Has the kernel drop frames: more than the receive buffer holds while the service does not run."""
        service.process.send_signal(signal.SIGSTOP)
        try:
            for _ in range(1000):
                raw.send(0x7FE, bytes(8))
        finally:
            service.process.send_signal(signal.SIGCONT)

    def fall_behind(self, service):
        """Readers in every form that take nothing while more goes by than the log holds."""
        with contextlib.ExitStack() as stack, RawSocket("vcan1") as raw:
            readers = {
                form: follow(service, "/v1/interfaces/vcan1/frames", form, small_connection(service)) for form in FORMS}
            for reader in readers.values():
                stack.callback(reader.close)
            for number in range(4000):
                raw.send_flexible(0x123, number.to_bytes(48, "big"))
            raw.send(0x7FE)
            for form, reader in readers.items():
                reader.until_type("frame", id="7FE")
                # One frame is like another here.
                reader.seen = [event for event in reader.seen if event["type"] != "frame"]
                assert any(event["type"] == "gap" and event["where"] == "server" for event in reader.seen)
                self.hear(form, reader)

    def hear(self, form, reader):
        for event in reader.seen:
            self.wrong_events += [(form, fault) for fault in self.judge.event(event)]
        if form == "sse" and len(reader.told) == len(reader.seen):
            epoch = reader.seen[0]["epoch"]
            for text, event in zip(reader.told, reader.seen):
                lines = text.split("\n")
                if lines[0] != f"id: {epoch}:{event['seq']}" or not lines[1].startswith("data: ") or lines[2:] != ["", ""]:
                    self.wrong_events.append((form, f"is sent as {text!r}"))

    # Limits, and the end

    def reach_limits(self, service):
        with contextlib.ExitStack() as stack:
            for _ in range(3):
                stack.callback(follow(service, "/v1/frames", "ndjson").close)
            self.ask(table.at_streams_limit())
        make_jobs_up_to(service, JOBS)
        self.ask(table.at_jobs_limit())

    def end(self, service):
        """What a service answers that was told to stop: a WebSocket that does not answer its close holds it up."""
        rows = list(table.with_heads(table.while_ending()))
        connection = wait_until(lambda: room(service), "there is room for a stream")
        with contextlib.closing(connection), contextlib.closing(service.connect()) as asking:
            answers = asking.makefile("rb")
            asking.sendall(f"GET /healthz HTTP/1.1\r\nHost: {service.authority}\r\n\r\n".encode())
            read_answer(answers, expected=200)
            service.process.terminate()
            wait_until(lambda: "stopping" in service.log, "the service stops")
            asking.sendall(b"".join(self.text(row, service) for row in rows))
            for row in rows:
                self.note(row, read_answer(answers, method=OPERATIONS[row.operation].method))

    def text(self, row, service):
        """A request as it goes over the wire."""
        target = self.world.target(row.operation, row.path, row.query)
        fields = {"Host": service.authority} | row.fields
        if row.body is not None:
            fields["Content-Length"] = str(len(row.body))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"{OPERATIONS[row.operation].method} {target} HTTP/1.1\r\n{head}\r\n{row.body or ''}".encode()


def room(service):
    """A WebSocket, where there is room for one; its reader does nothing."""
    reader = WebSocketReader(service)
    if reader.status == 101:
        return reader.socket
    reader.close()
    return None


@contextlib.contextmanager
def follow_quietly(service, path):
    """A reader that says when what was done has been noticed."""
    reader = TextStream(service, path, "ndjson")
    try:
        reader.until_type("open")
        yield reader
    finally:
        reader.close()
        remove(["event72", "event73"])
