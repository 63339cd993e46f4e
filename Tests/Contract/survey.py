"""Sends all requests of the table, follows streams through all events, and keeps what the judge said of each answer."""
import contextlib
from dataclasses import dataclass

from conversing import exchange_messages, say_commands, send_into_nothing, speak_remotely
from description import OPERATIONS, Judge, faults
from ending import ask_while_ending, ask_while_failing, reach_limits
from following import fall_behind, follow_everything, follow_the_load, follow_the_newest, list_streams, resume
from probing import send_examples, try_methods
from responders import responders
from rows import Row, with_heads
from rows_frames import of_filters, of_frames, of_latest, of_streams
from rows_general import general, of_service
from rows_isotp import of_isotp
from rows_resources import of_interfaces, of_jobs, of_watches
from service import Answer, wait_until
from transports import TRANSPORTS
from world import World, interfaces, read_answer, reset_controllers


@dataclass
class Outcome:
    """What came of a request."""

    row: Row
    answer: Answer
    wrong: list

    def __str__(self):
        return f"{self.row}\n    " + "\n    ".join(self.wrong)


class Survey:
    """All that was asked and answered."""

    def __init__(self):
        self.judge = Judge()
        self.outcomes = []
        # (form, what is wrong with an event)
        self.wrong_events = []
        # form -> the events of one and the same stream
        self.events = {}
        # The same stream as lines of candump and as a capture.
        self.lines, self.capture = [], None
        # What is wrong with commands of a WebSocket and their answers.
        self.commands = []
        # form -> point to resume from -> what came up to the first heartbeat
        self.resumed = {form: {} for form in TRANSPORTS}
        self.served = {}
        # form -> the events of a stream of loads
        self.loads = {}
        # What is wrong with requests made of the document's examples, and with methods and paths that are not described.
        self.examples, self.methods = [], []

    def run(self):
        with contextlib.ExitStack() as stack:
            stack.enter_context(interfaces())
            self.world = World(stack)
            main, limited = self.world.services["main"], self.world.services["limited"]
            with responders("up72"):
                self.examples = list(send_examples(self))
            # An example has set can0 up in ways of its own.
            reset_controllers()
            self.methods = list(try_methods(self))
            rows = [*general(), *of_service(), *of_streams(), *of_frames(), *of_filters()]
            self.ask(rows)
            for path in ("/openapi.json", "/openapi.yaml"):
                self.served[path] = self.world.clients["main"].request("GET", path).body
            follow_everything(self, main)
            follow_the_newest(self, main)
            follow_the_load(self, main)
            self.ask(of_latest())
            resume(self, main)
            say_commands(self, main)
            speak_remotely(self, main)
            with responders("up72"):
                self.ask(of_isotp())
                exchange_messages(self, main)
            list_streams(self, main)
            self.ask(of_interfaces())
            send_into_nothing(self, main)
            self.ask(of_watches())
            self.ask(of_jobs())
            ask_while_failing(self)
            fall_behind(self, limited)
            reach_limits(self, limited)
            ask_while_ending(self)
        return self

    def ask(self, rows):
        for row in with_heads(rows):
            self.note(row, self.opening(row) if row.streams else self.answer(row))

    def answer(self, row):
        operation = OPERATIONS[row.operation]
        return self.world.clients[row.at].request(operation.method, self.world.target(row), row.body, row.fields)

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
        with contextlib.closing(self.world.services[row.at].connect()) as connection:
            connection.sendall(self.world.text(row))
            return read_answer(connection.makefile("rb"), method="HEAD")

    def ask_when_full(self, service, metric, count, rows):
        """Waits until the service has no more room, as one of its metrics says, and asks then."""
        wait_until(
            lambda: f"{metric} {count}\n" in service.request("GET", "/metrics").body.decode(), f"{metric} is {count}")
        self.ask(rows)

    def hear(self, form, reader, union="Event"):
        """Judges what a reader has read; a union is the schema that joins what it can be told."""
        if form == "candump":
            text = "".join(f"{line}\n" for line in reader.raw)
            self.wrong_events += [(form, fault) for fault in faults("#/components/schemas/CandumpText", text)]
            return
        for event in reader.seen:
            self.wrong_events += [(form, fault) for fault in self.judge.event(event, union)]
        if form == "sse" and len(reader.raw) == len(reader.seen):
            epoch = reader.seen[0]["epoch"]
            for text, event in zip(reader.raw, reader.seen):
                lines = text.split("\n")
                if len(lines) != 2 or lines[0] != f"id: {epoch}:{event['seq']}" or not lines[1].startswith("data: "):
                    self.wrong_events.append((form, f"is sent as {text!r}"))
