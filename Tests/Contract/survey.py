"""Sends all requests of the table, follows streams through all events, and keeps what the judge said of each answer."""
import concurrent.futures
import contextlib
import json
import signal
from dataclasses import dataclass

import requests_table as table
from description import OPERATIONS, Judge, faults
from listeners import (
    FORMS, BatchReader, CandumpStream, CaptureStream, PDUReader, RemoteReader, TextStream, carry_out, follow, packed,
    refuse, say, send_pdu, small_connection)
from probing import send_examples, try_methods
from responders import responders
from service import Answer, wait_until
from streams import BINARY, TEXT, WebSocketReader
from witnesses import ERROR, RawSocket, ip
from world import (
    ECU, FAULTY, MAX_STREAMS, NOBODY, World, interfaces, make_jobs_up_to, make_watches_up_to, pending, read_answer, remove,
    reset_controllers)

JOBS, WATCHES = 4096, 1024
UP72 = "/v1/interfaces/up72/frames"
# The identifier of the frame that ends what is followed in all forms.
LAST = 0x7FD
# Error frames with everything that they can say: the classes that have bytes of their own, and these bytes.
LOST_ARBITRATION, CONTROLLER, PROTOCOL, TRANSCEIVER = 0x2, 0x4, 0x8, 0x10
LOCATIONS = (
    0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x11, 0x12, 0x13, 0x16, 0x17, 0x18,
    0x19, 0x1A, 0x1B)
ERRORS = [
    (LOST_ARBITRATION, [5]), (CONTROLLER, [0, 0x7F]), (PROTOCOL, [0, 0, 0xFF]),
    *((PROTOCOL, [0, 0, 0x04, location]) for location in LOCATIONS),
    *((TRANSCEIVER, [0, 0, 0, 0, wires]) for wires in (0x04, 0x05, 0x06, 0x07, 0x40, 0x50, 0x60, 0x70, 0x80)),
]
# Interfaces whose load is followed: one with a bit rate and one without.
LOADED = ("can0", "up72")


@dataclass
class Outcome:
    """What came of a request."""

    row: table.Row
    answer: Answer
    wrong: list

    def __str__(self):
        return f"{self.row}\n    " + "\n    ".join(self.wrong)


def read_to_the_end(reader):
    """Reads up to the heartbeat that follows the last frame of all."""
    reader.until_type("frame", seconds=60, id=f"{LAST:03X}")
    reader.until_type("heartbeat")


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
        self.resumed = {form: {} for form in FORMS}
        self.served = {}
        # form -> the events of a stream of loads; the lines of candump of the same.
        self.loads, self.load_lines = {}, []
        # What is wrong with requests made of the document's examples, and with methods and paths that are not described.
        self.examples, self.methods = [], []

    def run(self):
        with contextlib.ExitStack() as stack:
            stack.enter_context(interfaces())
            self.world = world = World(stack)
            with responders("up72"):
                self.examples = list(send_examples(self))
            # An example has set can0 up in ways of its own.
            reset_controllers()
            self.methods = list(try_methods(self))
            rows = [*table.general(), *table.of_service(), *table.of_streams(), *table.of_frames(), *table.of_filters()]
            self.ask(rows)
            for path in ("/openapi.json", "/openapi.yaml"):
                self.served[path] = world.clients["main"].request("GET", path).body
            self.follow_everything(world.services["main"])
            self.follow_the_newest(world.services["main"])
            self.follow_the_load(world.services["main"])
            self.ask(table.of_latest())
            self.resume(world.services["main"])
            self.command(world.services["main"])
            self.speak_remotely(world.services["main"])
            with responders("up72"):
                self.ask(table.of_isotp())
                self.exchange_messages(world.services["main"])
            self.list_streams(world.services["main"])
            self.ask(table.of_interfaces())
            self.send_into_nothing(world.services["main"])
            self.ask(table.of_watches())
            self.ask(table.of_jobs())
            self.fail()
            self.fall_behind(world.services["limited"])
            self.reach_limits(world.services["limited"])
            self.end()
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
        with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(len(FORMS) + 2) as pool:
            path = "/v1/frames?heartbeat=1&filter=0:0,%231FFFFFFF"
            readers = {form: follow(service, path, form) for form in FORMS}
            for reader in readers.values():
                stack.callback(reader.close)
                reader.until_type("open")
            text, capture = CandumpStream(service, path), CaptureStream(service, path)
            stack.callback(text.close)
            stack.callback(capture.close)
            text.until_has("# open ")
            # At once, since a WebSocket that leaves pings unanswered is dropped.
            reading = [pool.submit(read_to_the_end, reader) for reader in readers.values()]
            reading += [
                pool.submit(text.until_has, f" {LAST:03X}#", 60), pool.submit(capture.until, is_last, 60)]
            self.happen(service)
            for read in reading:
                read.result()
            for form, reader in readers.items():
                self.events[form] = reader.seen
                self.hear(form, reader)
            text.until_has("# heartbeat ")
            self.lines, self.capture = text.seen, capture
            self.hear_lines(text)

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
            for classes, data in ERRORS:
                raw.send(ERROR | classes, bytes(data).ljust(8, b"\0"))
            witness.until_type("error", transceiver=["canl-short-to-canh"])
            for command, change in (
                (("add", "event72", "type", "vcan"), "added"), (("set", "event72", "up"), "up"),
                (("set", "event72", "down"), "down"), (("set", "event72", "txqueuelen", "77"), "settings"),
                (("set", "event72", "name", "event73"), "renamed"), (("set", "event73", "up"), "up"),
                (("set", "can1", "down"), "state"), (("set", "can1", "up"), "state"),
            ):
                ip("link", *command)
                witness.until_type("interface", change=change)
            self.watch(client, witness, raw)
            self.jobs_end(client, witness)
            for job, state in (("running", "stopped"), ("running", "running")):
                target = f"/v1/jobs/{self.world.values[job]}"
                client.request("PATCH", target, json.dumps({"state": state}), {"Content-Type": "application/json"})
            for body in ('{"filters":["123:800007FF","124~7FF"],"join":true,"errors":["bus-off"]}', '{"filters":["0:0"]}'):
                client.request("PUT", "/v1/interfaces/vcan0/filters", body, {"Content-Type": "application/json"})
            client.request("DELETE", "/v1/interfaces/vcan0/filters")
            watch = self.world.make_watch("up72", {"id": "7FE"})
            self.lose(service, raw)
            witness.until(lambda _: has_lost(witness.seen))
            client.request("DELETE", f"/v1/watches/{watch}")
            raw.send(LAST)

    def watch(self, client, witness, raw):
        """A watch says all that it can say of a frame and of silence."""
        watch = self.world.make_watch("up72", {"id": "5A0", "mask": "FF", "timeout_ms": 100})
        raw.send(0x5A0, b"\1")
        for change in ("changed", "timeout"):
            witness.until_type("watch", watch=watch, change=change)
        raw.send(0x5A0, b"\1")
        witness.until_type("watch", watch=watch, change="resumed")
        client.request("DELETE", f"/v1/watches/{watch}")

    def jobs_end(self, client, witness):
        """Jobs come to their end, one by itself, one for want of a lease; another loses its interface, as a watch does."""
        for settings, change in (
            ({"initial_interval_ms": 1, "count": 1}, "finished"), ({"interval_ms": 60000, "lease_ms": 50}, "lapsed"),
            ({"interval_ms": 60000}, None),
        ):
            body = json.dumps({"frames": [{"id": "1"}]} | settings)
            self.post(client, "/v1/interfaces/event73/jobs", body, "application/json", 201)
            if change:
                witness.until_type("job", change=change)
        self.world.make_watch("event73", {"id": "5A0"})
        for command, change in ((("set", "event73", "down"), "interface-down"), (("del", "event73"), "interface-gone")):
            ip("link", *command)
            witness.until_type("job", change=change)
            self.note(table.row("listJobs", 200), client.request("GET", "/v1/jobs"))
            self.note(table.row("listWatches", 200), client.request("GET", "/v1/watches"))

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

    def follow_the_newest(self, service):
        """Two frames and two error frames, where of each only the newest is shown."""
        with contextlib.ExitStack() as stack, RawSocket("up72") as raw:
            readers = {form: follow(service, f"{UP72}?mode=latest&rate=50", form) for form in FORMS}
            for reader in readers.values():
                stack.callback(reader.close)
                reader.until_type("open")
            for number in range(2):
                raw.send(0x123, bytes([number]))
                raw.send(ERROR | 4, bytes(8))
            for form, reader in readers.items():
                reader.until(lambda event: has_both(reader.seen, "period_ms"))
                self.hear(form, reader)

    def follow_the_load(self, service):
        """How busy a controller and a virtual interface are, in every form."""
        path = "/v1/frames?events=load&" + "&".join(f"interface={name}" for name in LOADED)
        for form in FORMS:
            with contextlib.closing(follow(service, path, form)) as reader:
                # The first second of an interface, and one that it was reset in, has no percentage.
                reader.until_type("load", interface="up72")
                reader.until(lambda event: event["type"] == "load" and "percent" in event)
                self.hear(form, reader)
                self.loads[form] = reader.seen
        with contextlib.closing(CandumpStream(service, path)) as text:
            text.until_has("# load interface=up72 frames_per_second=")
            text.until_has("# load interface=can0 percent=")
            self.hear_lines(text)
            self.load_lines = text.seen
        # Now that there is a load, there is every metric.
        self.ask([table.row("getMetrics", 200)])

    def resume(self, service):
        """From every kind of point there is, where the log has forgotten nothing; on an interface that had few frames."""
        path = "/v1/interfaces/can0/frames"
        with contextlib.closing(follow(service, path, "ndjson")) as reader:
            now = reader.until_type("open")
        points = {
            "all": "all", "1h": "1h", "last": f"{now['epoch']}:{now['seq']}", "another run": "65540f80a1c2:7"}
        for form in FORMS:
            for name, point in points.items():
                with contextlib.closing(follow(service, f"{path}?heartbeat=1&since={point}", form)) as reader:
                    reader.until_type("heartbeat")
                    self.hear(form, reader)
                    self.resumed[form][name] = reader.seen

    def command(self, service):
        """Says every command, and everything that a command can have wrong with it; batches as well."""
        limits = service.get("/v1")["limits"]
        with contextlib.closing(WebSocketReader(service, UP72 + "?heartbeat=1")) as reader:
            for command in table.COMMANDS:
                self.commands += carry_out(reader, command)
            for command, code in table.WRONG_COMMANDS:
                self.commands += refuse(reader, command, code)
            self.commands += refuse(reader, "x" * (limits["websocket_message_bytes"] + 1), "body-too-large")
            for _ in range(3 * limits["websocket_commands_per_s"]):
                reader.send(TEXT, b'{"op":"ping","ref":0}')
            reader.until_type("problem", code="too-many-requests")
            self.hear("websocket", reader)
        with contextlib.closing(WebSocketReader(service)) as reader:
            # It shows more than one.
            self.commands += refuse(reader, {"op": "send", "frames": [{"id": "1"}]}, "malformed-request")
            self.hear("websocket", reader)
        with contextlib.closing(WebSocketReader(self.world.services["forbidden"], UP72)) as reader:
            self.commands += refuse(reader, {"op": "send", "frames": [{"id": "1"}]}, "permission-denied")
            self.hear("websocket", reader)
        with contextlib.closing(BatchReader(service, f"{UP72}?batch=true&heartbeat=1")) as reader:
            reader.until_type("open")
            with RawSocket("up72") as raw:
                for number in range(20):
                    raw.send(0x123, bytes([number]))
            say(reader, {"op": "ping"})
            say(reader, {"op": "no-such"})
            reader.until_type("heartbeat")
            self.hear("websocket", reader)
            for batch in reader.batches:
                self.wrong_events += [("batch", fault) for fault in faults("#/components/schemas/EventBatch", batch)]

    def exchange_messages(self, service):
        """What a WebSocket of ISO-TP messages can say and hear, with those who answer and with those who do not."""
        def link(sides):
            return "&".join(f"{name}={value}" for name, value in sides.items())

        with contextlib.closing(PDUReader(service, "up72", link(ECU))) as reader:
            longest = reader.until_type("open")["max_pdu_bytes"]
            for message in table.PDUS:
                self.commands += send_pdu(reader, message)
                # The answer may have come before the acknowledgement.
                self.until_answered(reader, message["data"])
            for message, code in table.WRONG_PDUS:
                self.commands += refuse(reader, message, code)
            self.commands += refuse(reader, {"data": "00" * (longest + 1), "ref": "long"}, "invalid-isotp")
            self.commands += refuse(reader, "x" * (2 * longest + 1025), "body-too-large")
            reader.send(BINARY, bytes([0x22, 0xF1, 0x92]))
            reader.until_type("ack", sent=3)
            self.until_answered(reader, "22F192")
            self.hear_messages(reader)
        with contextlib.closing(PDUReader(service, "up72", link(ECU) + "&binary=true")) as reader:
            self.commands += send_pdu(reader, {"data": "22F193"})
            self.until_answered(reader, "22F193", "binary")
            reader.seen = [event for event in reader.seen if event["type"] != "binary"]
            self.hear_messages(reader)
        for sides, code in ((FAULTY, "isotp-error"), (NOBODY, "isotp-timeout")):
            with contextlib.closing(PDUReader(service, "up72", link(sides) + "&timeout_ms=5000")) as reader:
                self.commands += refuse(reader, {"data": "00" * 20, "ref": code}, code)
                if sides is NOBODY:
                    # One is on its way for a second, and others wait.
                    for number in range(17):
                        reader.send(TEXT, json.dumps({"data": "00" * 20, "ref": number}).encode())
                    reader.until_type("problem", code="too-many-requests", ref=16)
                self.hear_messages(reader)
        with contextlib.closing(PDUReader(service, "down72", link(ECU))) as reader:
            self.commands += refuse(reader, {"data": "00"}, "interface-down")
            self.hear_messages(reader)

    @staticmethod
    def until_answered(reader, data, type="pdu"):
        """Waits until the answer to a message has come."""
        answer = f"{int(data[:2], 16) | 0x40:02X}{data[2:].upper()}"
        came = [event for event in reader.seen if event["type"] == type and event["data"] == answer]
        if not came:
            reader.until_type(type, data=answer)

    def hear_messages(self, reader):
        for event in reader.seen:
            self.wrong_events += [("isotp", fault) for fault in self.judge.event(event, "PDUEvent")]

    def send_into_nothing(self, service):
        """A controller that only listens takes frames and never sends them, which a sender who asks is told."""
        main, target = self.world.clients["main"], "/v1/interfaces/can1"
        self.set_listening(main, True)
        with contextlib.closing(WebSocketReader(service, UP72)) as reader:
            self.commands += refuse(
                reader, {"op": "send", "interface": "can1", "frames": [{"id": "1"}], "confirm": True, "confirm_ms": 50},
                "transmit-unconfirmed")
            self.hear("websocket", reader)
        self.ask(table.of_unconfirmed())
        limited = self.world.services["limited"]
        count = limited.get("/v1")["limits"]["confirmations"]
        with pending(limited, count, f"{target}/frames?confirm=true&confirm_ms=60000", {"id": "123"}):
            self.ask_when_full(limited, "canhttpd_confirmations", count, table.at_confirmations_limit())
            # All that wait are answered when the interface goes down.
            self.set_listening(main, False)

    def set_listening(self, client, is_on):
        answer = client.request(
            "PATCH", "/v1/interfaces/can1", json.dumps({"modes": {"listen_only": is_on}, "cycle": True}),
            {"Content-Type": "application/json"})
        assert answer.status == 200 and answer.json["modes"]["listen_only"] == is_on, answer

    def ask_when_full(self, service, metric, count, rows):
        """Waits until the service has no more room, as one of its metrics says, and asks then."""
        wait_until(
            lambda: f"{metric} {count}\n" in service.request("GET", "/metrics").body.decode(), f"{metric} is {count}")
        self.ask(rows)

    def speak_remotely(self, service):
        """What python-can-remote can say and hear, in both subprotocols."""
        frame = {
            "arbitration_id": 0x123, "is_extended_id": False, "is_remote_frame": False, "is_error_frame": False,
            "dlc": 1}
        periodic = frame | {"is_fd": False, "bitrate_switch": False, "data": [4]}
        for protocol in table.SUBPROTOCOLS:
            with contextlib.closing(RemoteReader(service, UP72, protocol)) as reader, RawSocket("up72") as raw:
                reader.open(
                    can_filters=[{"can_id": 0x123, "can_mask": 0x7FF, "extended": False}], receive_own_messages=True,
                    bitrate=500000)
                raw.send(0x124)
                raw.send(0x123, bytes([1, 2]))
                raw.send_flexible(0x123, bytes(12), 3)
                reader.until_message(is_fd=True, bitrate_switch=True, error_state_indicator=True, data=[0] * 12)
                assert all(event["payload"].get("arbitration_id", 0x123) == 0x123 for event in reader.seen[1:])
                if protocol == "can.json.v1":
                    reader.say("message", frame | {"timestamp": 0.0, "data": [3]})
                else:
                    reader.send(BINARY, packed(0x123, bytes([3])))
                reader.until_message(data=[3])
                reader.say("periodic_start", {"period": 0.01, "duration": None, "msg": periodic})
                reader.until_message(data=[4])
                reader.say("periodic_stop", 0x123)
                reader.say("no-such", {})
                reader.until_type("error")
                for event in reader.seen:
                    wrong = self.judge.event(event, "RemoteServerMessage")
                    self.wrong_events += [(protocol, fault) for fault in wrong]

    def list_streams(self, service):
        """A reader of each form there is, and what the service says of them."""
        with contextlib.ExitStack() as stack:
            paused = WebSocketReader(service, "/v1/frames?direction=rx&filter=123:7FF")
            stack.callback(paused.close)
            assert say(paused, {"op": "pause"})["type"] == "ack"
            for form in table.FORMATS:
                latest = "?mode=latest" if form == "sse" else ""
                stack.callback(TextStream(service, UP72 + latest, form).close)
            for protocol in table.SUBPROTOCOLS:
                reader = RemoteReader(service, UP72, protocol)
                stack.callback(reader.close)
                reader.open()
            messages = PDUReader(service, "up72", table.QUERIES["streamPDUs"])
            stack.callback(messages.close)
            messages.until_type("open")
            self.ask([table.row("listStreams", 200)])

    def fail(self):
        """What is answered while the service can open nothing."""
        with contextlib.closing(
                WebSocketReader(self.world.services["limited"], "/v1/interfaces/fresh72/frames")) as reader:
            reader.until_type("open")
            with self.world.without_descriptors("limited"):
                self.ask(table.failing())
                self.commands += refuse(reader, {"op": "send", "frames": [{"id": "1"}]}, "internal")
            self.hear("websocket", reader)

    def fall_behind(self, service):
        """Readers that take nothing while more goes by than the log holds, in every form; then some that come too late."""
        path = "/v1/interfaces/vcan1/frames"
        nobody_reads(service)
        with contextlib.ExitStack() as stack, RawSocket("vcan1") as raw:
            readers = {form: follow(service, path, form, small_connection(service)) for form in FORMS}
            text = CandumpStream(service, path, small_connection(service))
            for reader in (*readers.values(), text):
                stack.callback(reader.close)
            for number in range(6000):
                raw.send_flexible(0x123, number.to_bytes(48, "big"))
            raw.send(0x7FE)
            for form, reader in readers.items():
                reader.until_type("frame", id="7FE")
                # One frame is like another here.
                reader.seen = [event for event in reader.seen if event["type"] != "frame"]
                assert any(event["type"] == "gap" and event["where"] == "server" for event in reader.seen)
                self.hear(form, reader)
            text.until_has(" 7FE#")
            assert any(line.startswith("# gap ") and line.endswith(" where=server\n") for line in text.seen)
            self.hear_lines(text)
        nobody_reads(service)
        for form in FORMS:
            with contextlib.closing(follow(service, f"{path}?since=all", form)) as reader:
                reader.until_type("frame")
                self.hear(form, reader)
                self.resumed[form]["too late"] = reader.seen
        with contextlib.closing(CandumpStream(service, f"{path}?since=all")) as text:
            text.until_has("# gap ")
            self.hear_lines(text)
        nobody_reads(service)

    def hear_lines(self, reader):
        wrong = faults("#/components/schemas/CandumpText", "".join(reader.seen))
        self.wrong_events += [("candump", fault) for fault in wrong]

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
            for _ in range(MAX_STREAMS):
                stack.callback(follow(service, "/v1/frames", "ndjson").close)
            self.ask(table.at_streams_limit())
        make_jobs_up_to(service, JOBS)
        self.ask(table.at_jobs_limit())
        make_watches_up_to(service, WATCHES)
        self.ask(table.at_watches_limit())
        count = service.get("/v1")["limits"]["isotp_exchanges"]
        body = NOBODY | {"data": "3E", "timeout_ms": 30000}
        with pending(service, count, "/v1/interfaces/up72/isotp", body):
            self.ask_when_full(service, "canhttpd_isotp_exchanges", count, table.at_exchanges_limit())

    def end(self):
        """What services answer that were told to stop; where one ends before it has answered all, the next goes on."""
        rows = list(table.with_heads(table.while_ending()))
        while rows:
            self.world.start("ending")
            answers = self.last_answers(self.world.services["ending"], rows)
            assert answers, "a service that was told to stop answers nothing"
            for row, answer in zip(rows, answers):
                self.note(row, answer)
            rows = rows[len(answers):]

    def last_answers(self, service, rows):
        """As many answers as come before the service ends: a WebSocket that does not answer its close holds it up."""
        answers = []
        reader = WebSocketReader(service)
        with contextlib.closing(reader), contextlib.closing(service.connect()) as asking:
            file = asking.makefile("rb")
            asking.sendall(f"GET /healthz HTTP/1.1\r\nHost: {service.authority}\r\n\r\n".encode())
            read_answer(file, expected=200)
            service.process.terminate()
            wait_until(lambda: "stopping" in service.log, "the service stops")
            with contextlib.suppress(EOFError, OSError):
                asking.sendall(b"".join(self.text(row, service) for row in rows))
                for row in rows:
                    answers.append(read_answer(file, method=OPERATIONS[row.operation].method))
        return answers

    def text(self, row, service):
        """A request as it goes over the wire."""
        target = self.world.target(row.operation, row.path, row.query)
        fields = {"Host": service.authority} | row.fields
        if row.body is not None:
            fields["Content-Length"] = str(len(row.body))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"{OPERATIONS[row.operation].method} {target} HTTP/1.1\r\n{head}\r\n{row.body or ''}".encode()


def is_last(record):
    """Whether a record of a capture has the last frame of all."""
    return record[1] == LAST


def has_lost(events):
    """Whether the kernel has dropped frames, and reports of watches."""
    types = {event["type"] for event in events if event["type"] == "gap" or event.get("change") == "lost"}
    return types == {"gap", "watch"}


def has_both(events, field):
    """Whether a frame and an error frame have had a field."""
    return {event["type"] for event in events if field in event} == {"frame", "error"}


def nobody_reads(service):
    """Waits until the service has seen that all who read have left."""
    wait_until(lambda: not service.get("/v1/streams")["streams"], "all streams are closed")


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
