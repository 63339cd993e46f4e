"""Streams followed in every form: through all that can happen, from every point, and too slowly."""
import concurrent.futures
import contextlib

from happening import LAST, happen
from listeners import CaptureStream, PDUReader, RemoteReader, say
from rows import QUERIES, SUBPROTOCOLS, row
from service import wait_until
from streams import WebSocketReader
from traffic import Sender
from transports import ACCEPT, TRANSPORTS, WITH_JSON, following, stalling, widen
from witnesses import ERROR, RawSocket
from world import UP72

# Interfaces whose load is followed: one with a bit rate and one without.
LOADED = ("can0", "up72")


def follow_everything(survey, service):
    """Follows one stream in every form through all that can happen."""
    with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(len(TRANSPORTS) + 1) as pool:
        path = "/v1/frames?heartbeat=1&filter=0:0,%231FFFFFFF"
        readers = {form: stack.enter_context(following(service, path, form)) for form in TRANSPORTS}
        capture = stack.enter_context(contextlib.closing(CaptureStream(service, path)))
        # They are read at once, since a WebSocket that leaves pings unanswered is dropped.
        reading = [pool.submit(read_to_the_end, reader) for reader in readers.values()]
        reading.append(pool.submit(capture.until, is_last, 60))
        happen(survey, service)
        for read in reading:
            read.result()
        for form, reader in readers.items():
            survey.events[form] = reader.seen
            survey.hear(form, reader)
        survey.lines, survey.capture = readers["candump"].raw, capture


def read_to_the_end(reader):
    """Reads up to the heartbeat that follows the last frame of all."""
    reader.until_type("frame", seconds=60, id=f"{LAST:03X}")
    reader.until_type("heartbeat")


def is_last(record):
    """Whether a record of a capture has the last frame of all."""
    return record[1] == LAST


def follow_the_newest(survey, service):
    """Two frames and two error frames, where of each only the newest is shown."""
    with contextlib.ExitStack() as stack, RawSocket("up72") as raw:
        path = f"{UP72}?mode=latest&rate=50"
        readers = {form: stack.enter_context(following(service, path, form)) for form in WITH_JSON}
        for number in range(2):
            raw.send(0x123, bytes([number]))
            raw.send(ERROR | 4, bytes(8))
        for form, reader in readers.items():
            reader.until(lambda event: has_both(reader.seen, "period_ms"))
            survey.hear(form, reader)


def has_both(events, field):
    """Whether a frame and an error frame have had a field."""
    return {event["type"] for event in events if field in event} == {"frame", "error"}


def follow_the_load(survey, service):
    """How busy a controller and a virtual interface are, in every form."""
    path = "/v1/frames?events=load&" + "&".join(f"interface={name}" for name in LOADED)
    with contextlib.ExitStack() as stack:
        readers = {form: stack.enter_context(following(service, path, form)) for form in TRANSPORTS}
        for form, reader in readers.items():
            # The first second of an interface, and one that it was reset in, has no percentage.
            reader.until_type("load", interface="up72")
            reader.until(lambda event: event["type"] == "load" and "percent" in event)
            survey.hear(form, reader)
            survey.loads[form] = reader.seen
    # Now that there is a load, there is every metric.
    survey.ask([row("getMetrics", 200)])


def resume(survey, service):
    """From every kind of point there is, where the log has forgotten nothing; on an interface that had few frames."""
    path = "/v1/interfaces/can0/frames"
    with following(service, path, "ndjson") as reader:
        now = reader.opened
    points = {
        "all": "all", "1h": "1h", "last": f"{now['epoch']}:{now['seq']}", "another run": "65540f80a1c2:7"}
    with contextlib.ExitStack() as stack:
        # All at once, since each is quiet for a second before its heartbeat.
        readers = {
            (form, name): stack.enter_context(following(service, f"{path}?heartbeat=1&since={point}", form))
            for form in WITH_JSON for name, point in points.items()}
        for (form, name), reader in readers.items():
            reader.until_type("heartbeat")
            survey.hear(form, reader)
            survey.resumed[form][name] = reader.seen


def list_streams(survey, service):
    """A reader of each form there is, and what the service says of them."""
    with contextlib.ExitStack() as stack:
        paused = WebSocketReader(service, "/v1/frames?direction=rx&filter=123:7FF")
        stack.callback(paused.close)
        assert say(paused, {"op": "pause"})["type"] == "ack"
        for form in ACCEPT:
            latest = "?mode=latest" if form == "sse" else ""
            stack.enter_context(following(service, UP72 + latest, form))
        stack.callback(CaptureStream(service, UP72).close)
        for protocol in SUBPROTOCOLS:
            reader = RemoteReader(service, UP72, protocol)
            stack.callback(reader.close)
            reader.open()
        messages = PDUReader(service, "up72", QUERIES["streamPDUs"])
        stack.callback(messages.close)
        messages.until_type("open")
        survey.ask([row("listStreams", 200)])


def fall_behind(survey, service):
    """Readers that take nothing while more goes by than the log holds, in every form; then some that come too late."""
    path = "/v1/interfaces/vcan1/frames"
    nobody_reads(service)
    with contextlib.ExitStack() as stack:
        readers = {form: stack.enter_context(stalling(service, path, form)) for form in TRANSPORTS}
        with Sender("vcan1", 6000, length=48, last=0x7FE) as sender:
            sender.finish()
        # When the log has all of it, what they miss is certain however fast they read on.
        wait_until(lambda: service.request("GET", "/v1/interfaces/vcan1/latest/7FE").status == 200, "all was read")
        for form, reader in readers.items():
            widen(reader)
            reader.until_type("frame", id="7FE")
            # One frame is like another here.
            reader.seen = [event for event in reader.seen if event["type"] != "frame"]
            assert any(event["type"] == "gap" and event["where"] == "server" for event in reader.seen)
            survey.hear(form, reader)
    nobody_reads(service)
    for form in TRANSPORTS:
        with following(service, f"{path}?since=all", form) as reader:
            reader.until_type("frame")
            survey.hear(form, reader)
            survey.resumed[form]["too late"] = reader.seen
    nobody_reads(service)


def nobody_reads(service):
    """Waits until the service has seen that all who read have left."""
    wait_until(lambda: not service.get("/v1/streams")["streams"], "all streams are closed")
