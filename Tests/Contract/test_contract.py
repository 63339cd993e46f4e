"""The running service and its description agree, both ways: paths, methods, statuses, headers, bodies, events."""
import json
import re

import pytest

from description import DOCUMENT, METHODS, OPERATIONS, PROBLEM, RESPONSES, ROOT, SCHEMAS, fields, resolved
from rows import with_heads
from rows_limits import failing
from survey import Survey
from transports import WITH_JSON

# Answers that no request here can provoke, with the reason. (500 is, where something must be opened.)
FAILING = {row.operation for row in with_heads(failing())}
NOT_PROVOKED = {(name, "500"): "nothing in it can fail from outside" for name in OPERATIONS if name not in FAILING} | {
    ("restartInterface", "200"): "no controller here goes bus-off",
}
# Fields that nothing here can have, with the reason.
NEVER_NULL, ALWAYS_NULL = "never null", "always null"
NOT_SEEN = {
    "FrameEvent.clock": (None, "no controller here stamps frames by its own clock"),
    "LatestFrame.clock": (None, "no controller here stamps frames by its own clock"),
    "Interface.data_bitrate": (ALWAYS_NULL, "no controller here has CAN FD"),
    "Interface.data_sample_point": (ALWAYS_NULL, "no controller here has CAN FD"),
    "Interface.data_bit_timing": (ALWAYS_NULL, "no controller here has CAN FD"),
    "Interface.data_bit_timing_limits": (ALWAYS_NULL, "no controller here has CAN FD"),
    "Interface.termination_ohm": (ALWAYS_NULL, "no controller here has a resistor to switch"),
    "Interface.termination_allowed": (ALWAYS_NULL, "no controller here has a resistor to switch"),
    "Interface.capture.receive_buffer_bytes": (NEVER_NULL, "every interface can be captured here"),
}
# Fields whose every value in the document must have been seen.
ENUMERATED = [
    "InterfaceEvent.change", "JobEvent.change", "Job.state", "Problem.code", "FrameEvent.direction", "AckEvent.op",
    "ProblemEvent.code", "Stream.transport", "Stream.mode", "ErrorEvent.classes", "ErrorEvent.controller",
    "ErrorEvent.protocol.types", "ErrorEvent.protocol.location", "ErrorEvent.transceiver", "WatchEvent.change",
    "Watch.state", "PDUProblemEvent.code",
]
# But for those that nothing here can have, with the reason.
VALUES_NOT_SEEN = {
    "ProblemEvent.code": {
        "not-supported": "every kernel that has streams here can send",
        "shutting-down": "for a send that waits: Tests/Conformance/test_stopping.py",
    },
    "PDUProblemEvent.code": {
        "interface-not-found": "the connection ends with its interface", "internal": "its socket was opened before",
        "transmit-queue-full": "no queue here stays full for so long",
    },
}
SHOWN = [
    "Problem", "Health", "HealthTrouble", "Service", "InterfaceList", "Interface", "SendResult", "Filters", "Job", "JobList",
    "Watch", "WatchList", "ISOTPResult", "StreamList", "LatestFrames", "OpenEvent", "FrameEvent", "ErrorEvent", "GapEvent",
    "InterfaceEvent", "JobEvent", "WatchEvent", "FiltersEvent", "LoadEvent", "HeartbeatEvent", "AckEvent", "ProblemEvent",
    "PDUOpenEvent", "PDUReceivedEvent", "PDUAckEvent", "PDUProblemEvent", "RemoteBusResponse", "RemoteReceived",
    "RemoteError",
]
# What nobody asked for: the answers to commands are on WebSockets only, and loads are shown to those who name them.
EVENTS = set(SCHEMAS["Event"]["discriminator"]["mapping"]) - {"ack", "problem", "load"}
PCAP = (0xA1B2C3D4, 2, 4, 0, 0, 72, 227)


def assert_none(faults):
    assert not faults, "\n" + "\n".join(str(fault) for fault in faults)


@pytest.fixture(scope="module")
def survey():
    return Survey().run()


def test_the_source_routes_what_is_described():
    source = (ROOT / "Sources" / "Gateway" / "API" / "API+Routes.swift").read_text(encoding="utf-8")
    routes = {}
    for method, path in re.findall(r'\badd(?:Later)?\(\.(\w+),\s*"([^"]+)"', source):
        routes.setdefault(path, {"OPTIONS"}).update({method.upper()} | ({"HEAD"} if method == "get" else set()))
    assert routes == METHODS


def test_other_methods_and_other_paths_are_refused(survey):
    assert_none(survey.methods)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_answers_are_as_described(survey, operation):
    outcomes = [outcome for outcome in survey.outcomes if outcome.row.operation == operation]
    assert outcomes
    assert_none([outcome for outcome in outcomes if outcome.wrong])


def test_every_described_answer_was_seen(survey):
    described = {(name, status) for name, operation in OPERATIONS.items() for status in operation.item["responses"]}
    excused = set(NOT_PROVOKED)
    seen = {(name, str(status)) for name, status in survey.judge.statuses}
    assert_none(sorted(described - seen - excused))
    # An excuse that is none any more goes.
    assert_none(sorted(excused & seen))


@pytest.mark.parametrize("schema", SHOWN)
def test_every_field_was_seen(survey, schema):
    missing = []
    for name, may_be_null in fields(schema).items():
        only, _ = NOT_SEEN.get(name, (may_be_null or NEVER_NULL, ""))
        wanted = {None: set(), NEVER_NULL: {False}, ALWAYS_NULL: {True}}.get(only, {True, False})
        if not wanted and name in survey.judge.fields:
            missing.append(f"{name} was seen: it needs no excuse")
        if any(name == excused or name.startswith(excused + ".") for excused in NOT_SEEN) and name not in NOT_SEEN:
            continue
        if wanted - survey.judge.fields.get(name, set()):
            missing.append(f"{name}: {survey.judge.fields.get(name, 'never')}, not {wanted}")
    assert_none(missing)


def values_of(schema, name):
    """The values of a field of a schema, or of a part of it; those of its elements where it is a list."""
    name, _, rest = name.partition(".")
    if name in schema.get("properties", {}):
        found = resolved(schema["properties"][name])[1]
        if rest:
            yield from values_of(found, rest)
        else:
            yield set(resolved(found.get("items", found))[1]["enum"])
    for part in schema.get("allOf", []):
        yield from values_of(resolved(part)[1], name)


@pytest.mark.parametrize("field", ENUMERATED)
def test_every_value_was_seen(survey, field):
    schema, _, name = field.partition(".")
    values = next(values_of(SCHEMAS[schema], name))
    assert values - survey.judge.values[field] == set(VALUES_NOT_SEEN.get(field, ()))


def test_every_event_is_as_described(survey):
    assert_none(survey.wrong_events)


@pytest.mark.parametrize("form", WITH_JSON)
def test_every_form_shows_every_event(survey, form):
    assert {event["type"] for event in survey.events[form]} == EVENTS


def test_all_forms_show_the_same_events(survey):
    def numbered(form):
        return [event for event in survey.events[form] if event["type"] not in ("open", "heartbeat")]

    assert numbered("sse") == numbered("ndjson")
    assert numbered("websocket") == numbered("ndjson")


@pytest.mark.parametrize("form", WITH_JSON)
def test_loads_are_shown_to_those_who_name_them(survey, form):
    assert {event["type"] for event in survey.loads[form]} - {"heartbeat"} == {"open", "load"}
    for event in survey.loads[form]:
        assert event["type"] != "load" or event["interface"] != "up72" or "percent" not in event


def test_lines_show_loads(survey):
    assert any(event.get("interface") == "can0" and "percent" in event for event in survey.loads["candump"])


def test_lines_and_a_capture_show_the_same_frames(survey):
    events = survey.events["ndjson"]
    shown = [event for event in events if event["type"] in ("frame", "error")]
    words = [line.split() for line in survey.lines if not line.startswith("#")]
    assert [(time, interface, text.partition("#")[0]) for time, interface, text in words] == [
        (f"({event['timestamp']:.6f})", event["interface"], event["id"]) for event in shown]
    assert [line for line in survey.lines if line.startswith("# gap ")] == [
        f"# gap lost={event['lost']} where=kernel interface={event['interface']}"
        for event in events if event["type"] == "gap"]
    assert survey.capture.header == PCAP
    assert [(time, identifier & 0x3FFFFFFF, size) for time, identifier, size in survey.capture.seen] == [
        (f"{event['timestamp']:.6f}", int(event["id"], 16), 72 if event.get("fd") else 16) for event in shown]


def test_commands_are_answered_as_described(survey):
    assert_none(survey.commands)


@pytest.mark.parametrize("form", WITH_JSON)
def test_a_stream_begins_where_it_was_asked_to(survey, form):
    resumed = survey.resumed[form]
    for point in ("all", "1h", "last"):
        assert resumed[point][0]["resumed"] is True and resumed[point][1]["type"] != "gap"
    for point in ("another run", "too late"):
        assert resumed[point][0]["resumed"] is False
    assert resumed["another run"][1] == {"type": "gap", "seq": 0, "lost": 0, "exact": False, "where": "server"}
    gap = resumed["too late"][1]
    assert (gap["type"], gap["where"], gap["from_seq"], gap["to_seq"]) == ("gap", "server", 1, gap["seq"])
    # All but the heartbeat at the end; more may have come meanwhile.
    everything = resumed["all"][1:-1]
    assert everything and resumed["another run"][2:][:len(everything)] == everything


def families(text):
    """The metrics of a text: their names, each with its type."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


def test_the_metrics_are_those_of_the_example(survey):
    answers = [
        outcome.answer for outcome in survey.outcomes
        if outcome.row.operation == "getMetrics" and outcome.row.status == 200 and outcome.row.at == "main"]
    example = RESPONSES["Metrics"]["content"]["text/plain"]["example"]
    assert families(answers[-1].body.decode()) == families(example)
    assert answers[-1]["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    # Each is named in the description, and has values.
    for name in families(example):
        assert f"`{name}" in OPERATIONS["getMetrics"].item["description"]
        assert re.search(rf"^{name}(?:{{.*}})? \S+$", answers[-1].body.decode(), re.MULTILINE)


def test_requests_of_the_examples_succeed(survey):
    assert_none(survey.examples)


def problem_examples():
    for name, response in RESPONSES.items():
        media = response.get("content", {}).get(PROBLEM, {})
        examples = {"example": media} if "example" in media else media.get("examples", {})
        for key, example in examples.items():
            yield f"{name} {key}", example.get("value", example.get("example"))


@pytest.mark.parametrize("name, example", [pytest.param(*each, id=each[0]) for each in problem_examples()])
def test_problem_examples_are_like_those_that_are_sent(survey, name, example):
    assert (example["status"], example["title"]) == survey.judge.problems[example["code"]]


def test_each_code_has_a_page(survey):
    """That there is one is in the table; here that it is about the code."""
    pages = {
        outcome.row.path["code"]: outcome.answer for outcome in survey.outcomes
        if outcome.row.operation == "getProblemPage" and outcome.row.status == 200}
    assert set(pages) == set(SCHEMAS["Problem"]["properties"]["code"]["enum"])
    for code, answer in pages.items():
        status, title = survey.judge.problems[code]
        assert answer.status == 200
        assert f"<h1>{title}</h1>" in answer.body.decode() and f"status {status}" in answer.body.decode(), code


def test_the_document_that_is_served_is_this_one(survey):
    assert json.loads(survey.served["/openapi.json"]) == DOCUMENT
    assert survey.served["/openapi.yaml"] == (ROOT / "openapi" / "openapi.yaml").read_bytes()
