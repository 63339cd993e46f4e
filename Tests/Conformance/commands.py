"""Commands on a WebSocket stream, and their answers."""
import itertools
import json

from service import PATIENCE
from streams import TEXT

_refs = itertools.count(1)


def send_command(stream, op, **members):
    """Sends a command and returns the name by which its answer is known."""
    ref = members.setdefault("ref", f"c{next(_refs)}")
    stream.send(TEXT, json.dumps({"op": op} | members).encode())
    return ref


def answer(stream, ref, seconds=PATIENCE):
    """Reads on to the answer to a command."""
    return stream.until(lambda event: event["type"] in ("ack", "problem") and event.get("ref") == ref, seconds)


def command(stream, op, **members):
    """What a command is answered by."""
    return answer(stream, send_command(stream, op, **members))


def acknowledged(stream, op, **members):
    """Sends a command that is carried out, and returns its `ack`."""
    ack = command(stream, op, **members)
    assert (ack["type"], ack["op"]) == ("ack", op), ack
    return ack


def refused(stream, text):
    """The problem that a message gets."""
    stream.send(TEXT, text if isinstance(text, bytes) else text.encode())
    return stream.until_type("problem")


def assert_told(problem, status, code, **members):
    """Fails unless the event is this problem, with these members."""
    assert problem["type"] == "problem" and (problem["status"], problem["code"]) == (status, code), problem
    assert problem["title"] and problem["detail"] and problem["seq"] >= 0
    assert {name: problem.get(name) for name in members} == members, problem
    return problem
