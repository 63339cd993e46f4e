"""What is answered at the limits: while nothing can be opened, when there is enough of everything, and at the end."""
import contextlib

from description import OPERATIONS
from listeners import refuse
from rows import with_heads
from rows_limits import (
    at_exchanges_limit, at_jobs_limit, at_streams_limit, at_watches_limit, failing, while_ending)
from service import wait_until
from streams import WebSocketReader
from transports import follow
from world import MAX_STREAMS, NOBODY, make_jobs_up_to, make_watches_up_to, pending, read_answer

JOBS, WATCHES = 4096, 1024


def ask_while_failing(survey):
    """What is answered while the service can open nothing."""
    with contextlib.closing(
            WebSocketReader(survey.world.services["limited"], "/v1/interfaces/fresh72/frames")) as reader:
        reader.until_type("open")
        with survey.world.without_descriptors("limited"):
            survey.ask(failing())
            survey.commands += refuse(reader, {"op": "send", "frames": [{"id": "1"}]}, "internal")
        survey.hear("websocket", reader)


def reach_limits(survey, service):
    with contextlib.ExitStack() as stack:
        for _ in range(MAX_STREAMS):
            stack.callback(follow(service, "/v1/frames", "ndjson").close)
        survey.ask(at_streams_limit())
    make_jobs_up_to(service, JOBS)
    survey.ask(at_jobs_limit())
    make_watches_up_to(service, WATCHES)
    survey.ask(at_watches_limit())
    count = service.get("/v1")["limits"]["isotp_exchanges"]
    body = NOBODY | {"data": "3E", "timeout_ms": 30000}
    with pending(service, count, "/v1/interfaces/up72/isotp", body):
        survey.ask_when_full(service, "canhttpd_isotp_exchanges", count, at_exchanges_limit())


def ask_while_ending(survey):
    """What services answer that were told to stop; where one ends before it has answered all, the next goes on."""
    rows = list(with_heads(while_ending()))
    silent = 0
    while rows:
        survey.world.start("ending")
        answers = last_answers(survey.world, rows)
        # Where this machine pauses, the service may have ended before it was asked.
        silent = 0 if answers else silent + 1
        assert silent < 5, "a service that was told to stop answers nothing"
        for row, answer in zip(rows, answers):
            survey.note(row, answer)
        rows = rows[len(answers):]


def last_answers(world, rows):
    """As many answers as come before the service ends: a WebSocket that does not answer its close holds it up."""
    answers, service = [], world.services["ending"]
    reader = WebSocketReader(service)
    with contextlib.closing(reader), contextlib.closing(service.connect()) as asking:
        file = asking.makefile("rb")
        asking.sendall(f"GET /healthz HTTP/1.1\r\nHost: {service.authority}\r\n\r\n".encode())
        read_answer(file, expected=200)
        service.process.terminate()
        wait_until(lambda: "stopping" in service.log, "the service stops")
        with contextlib.suppress(EOFError, OSError):
            asking.sendall(b"".join(world.text(row) for row in rows))
            for row in rows:
                answers.append(read_answer(file, method=OPERATIONS[row.operation].method))
    return answers
