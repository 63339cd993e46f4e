"""Schemathesis finds nothing: requests made up from the description, valid ones and invalid ones, get described answers.

It is used without its pytest plugin, which takes long to load and is not needed for that.
"""
import contextlib
import gzip
import logging
import re

import pytest

from description import OPERATIONS
from links import remove
from rows import STREAMS
from service import Service
from witnesses import ip, ip_json
from world import INTERFACES, ONE_JOB, ONE_WATCH, Client, interfaces, make

# How many valid and invalid requests are made up for an operation: most where there is most to make up.
WITH_BODY, STREAM, PLAIN, HEAD, FEW = (12, 8), (6, 5), (5, 5), (3, 2), (2, 2)
DOCUMENTS = ("/openapi.json", "/openapi.yaml")
# A job that any patch suits: it has both intervals and a count.
JOB = ONE_JOB | {"initial_interval_ms": 60000, "count": 5, "start": False}
# One whose lease runs.
LEASED_JOB = ONE_JOB | {"lease_ms": 3600000}
# Fields that take whole numbers written as such: to JSON Schema 10.0 is one, to the service it is not.
WHOLE = {
    "id", "mask", "length", "dlc", "count", "interval_us", "initial_interval_us", "mtu", "txqueuelen", "tx_id", "rx_id",
    "fc_id", "tx_address", "rx_address", "tx_padding", "rx_padding", "block_size", "st_min_us", "tx_data_length"}
# What a virtual interface has of the settings that a PATCH takes.
SETTINGS_OF_ALL = ("up", "mtu", "txqueuelen")
# Operations whose valid requests do not succeed here, with the reason.
WITHOUT_SUCCESS = {"restartInterface": "no controller here goes bus-off"}
# Operations that answer everything alike, with the reason.
ALWAYS_REFUSED = {
    "streamPDUs": "what is made up asks for no WebSocket, and is 426",
    "headPDUs": "a HEAD asks for no WebSocket, and is 426"}


def targets():
    """The operations in both modes, those with a body once for each media type.

    Without invalid requests for the documents, whose one parameter takes any text; and without form-encoded bodies,
    since what the service takes under that name is no form, and only forms can be made up.
    """
    for name, operation in OPERATIONS.items():
        modes = ["positive", "negative"]
        if operation.path in DOCUMENTS:
            modes.remove("negative")
        if name in WITHOUT_SUCCESS:
            modes.remove("positive")
        if name in ALWAYS_REFUSED:
            modes = []
        for mode in modes:
            for media in MEDIA.get(name, ["application/json"]) if "requestBody" in operation.item else [None]:
                yield pytest.param(name, media, mode, id="-".join(filter(None, (name, media, mode))))


MEDIA = {"sendFrames": ["application/json", "text/plain"]}


@pytest.fixture(scope="module")
def service():
    with interfaces():
        running = Service()
        # A newest frame.
        assert running.request("POST", "/v1/interfaces/up72/frames", "123#", type="text/plain").status == 200
        yield running
        running.check()
        running.stop()


@pytest.fixture(scope="module")
def schema(service):
    import schemathesis
    from description import DOCUMENT

    know_utf_8()
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    config = schemathesis.Config.from_dict({"seed": 1, "generation": {"database": "none"}})
    return schemathesis.openapi.from_dict(DOCUMENT, config=config)


def know_utf_8():
    """Tells Hypothesis by its own cache which characters UTF-8 can write: it would try each of them, which takes long."""
    from hypothesis.internal.charmap import charmap_file

    cache = charmap_file("codec-v2-utf-8")
    if not cache.exists():
        with contextlib.suppress(OSError):
            cache.parent.mkdir(parents=True, exist_ok=True)
            cache.write_bytes(gzip.compress(b"[[[0, 55295], [57344, 1114111]], []]"))


@pytest.fixture(scope="module")
def connections():
    """Connections that are kept, to this machine and through no proxy."""
    import requests

    with requests.Session() as kept:
        kept.trust_env = False
        yield kept


@pytest.fixture(scope="module")
def client(service):
    client = Client(service)
    yield client
    client.close()


def made_for(client, operation):
    """What stands for `id` in the path of an operation."""
    if "/latest/" in operation.path:
        return "123"
    if "/watches/" in operation.path:
        return make(client, "up72", "watches", ONE_WATCH)
    return make(client, "up72", "jobs", LEASED_JOB if operation.id == "renewJob" else JOB)


def interface_for(operation):
    """The interface that an operation is tried on: what it does to it shall touch no other test."""
    return "spare72" if operation.id in ("patchInterface", "deleteInterface") else "up72"


def changes_interfaces(operation):
    return operation.id in ("createInterface", "patchInterface", "deleteInterface", "restartInterface")


def suited(operation, body):
    """A valid body with what the world of the tests lacks left out, and what a schema cannot tell put right.

    A virtual interface has few settings; nobody answers on up72, so that a message is only sent and fits one frame; bits of
    a value that lie outside its mask are none.
    """
    if operation.id == "patchInterface":
        return {name: value for name, value in body.items() if name in (*SETTINGS_OF_ALL, "cycle")}
    if operation.id == "exchangePDU":
        dropped = ("pending", "max_wait_ms", "fc_id", "timeout_ms")
        kept = {name: value for name, value in body.items() if name not in dropped}
        return kept | {"response": False, "data": body["data"][:2], "timeout_ms": 60000}
    if operation.id == "createWatch" and "mux" in body:
        return body | {"mux": [body["mux"][0] | {"value": "00"}]}
    return body


def against_a_rule(operation, body):
    """Whether a body is against a rule that a schema cannot tell."""
    if operation.id == "createInterface":
        return body["name"] == body.get("peer")
    if operation.id == "patchInterface":
        return not any(name in body for name in SETTINGS_OF_ALL)
    if operation.id == "exchangePDU":
        return "rx_id" in body and number_of(body["tx_id"]) == number_of(body["rx_id"])
    return False


def number_of(identifier):
    return int(identifier, 16) if isinstance(identifier, str) else identifier


def stop_jobs(client, operation):
    """Ends what a request has started, which would keep the machine busy."""
    if operation.id == "createJob":
        client.request("DELETE", "/v1/jobs")
    elif operation.id == "createWatch":
        client.request("DELETE", "/v1/watches")
    elif operation.id == "patchJob":
        for job in client.request("GET", "/v1/jobs").json["jobs"]:
            client.request("PATCH", f"/v1/jobs/{job['id']}", '{"state":"stopped"}', {"Content-Type": "application/json"})


@contextlib.contextmanager
def same_interfaces():
    """Afterwards there are the interfaces that there were, and spare72 is as it was."""
    before = {link["ifname"] for link in ip_json("link", "show")}
    yield
    remove({link["ifname"] for link in ip_json("link", "show")} - before)
    remove(["spare72"])
    options, _ = INTERFACES["spare72"]
    ip("link", "add", "spare72", *options, "type", "vcan")
    ip("link", "set", "spare72", "up")


def examples(operation):
    """How many requests are made up, valid and invalid ones."""
    if operation.path in DOCUMENTS or operation.method == "OPTIONS":
        return FEW
    if operation.method == "HEAD":
        return HEAD
    if operation.id in STREAMS:
        return STREAM
    return WITH_BODY if "requestBody" in operation.item else PLAIN


def numbers_written_as_fractions(value):
    """Whether 10.0 stands where 10 is asked for."""
    if isinstance(value, dict):
        return any(
            name in WHOLE and isinstance(part, float) or numbers_written_as_fractions(part)
            for name, part in value.items())
    return isinstance(value, list) and any(numbers_written_as_fractions(part) for part in value)


def contradictory(body):
    """Whether filters say the same thing twice in different ways, a rule that a schema cannot tell."""
    if not isinstance(body, dict) or not isinstance(body.get("filters"), list):
        return False
    texts = [part for part in body["filters"] if isinstance(part, str)]
    masks = {int(text[1:], 16) for text in texts if text.startswith("#")}
    joins = any(text in ("j", "J") for text in texts)
    return bool(len(masks) > 1 or masks and "errors" in body or joins and body.get("join") is False)


def inconsistent(query):
    """Whether a stream's query has what goes only with something else, or a time out of bounds: a schema cannot tell."""
    is_latest = query.get("mode") == "latest"
    times = [query[name] for name in ("since", "for") if re.fullmatch(r"[0-9.]+[a-z]+", query.get(name, ""))]
    return (
        any(str(query.get(name)).lower() == "true" for name in ("batch", "strict"))
        or "confirm_ms" in query and str(query.get("confirm")).lower() != "true"
        or "rate" in query and not is_latest or is_latest and query.get("format") in ("candump", "pcap")
        or any(not re.fullmatch(r"[1-9][0-9]{0,3}(?:m?s|m)", time) for time in times))


@pytest.mark.parametrize("name, media, mode", list(targets()))
def test_nothing_is_found(service, schema, connections, client, name, media, mode):
    from hypothesis import HealthCheck, Phase, assume, given, settings
    from hypothesis.errors import Unsatisfiable
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi.checks import response_schema_conformance

    operation = OPERATIONS[name]
    fixed = {}
    # What else names an interface is an example's can0, which shall stay as it is.
    if mode == "positive" or operation.method == "OPTIONS" or name == "patchInterface":
        known = {"name": interface_for(operation), "code": "interface-down"}
        if "{id}" in operation.path:
            known["id"] = made_for(client, operation)
        fixed["path_parameters"] = {key: value for key, value in known.items() if "{" + key + "}" in operation.path}
    if name in STREAMS:
        # It ends at once; and no wrong lists of filters, which soon are longer than a request may be.
        fixed["query"] = {"for": "1ms"} | ({"filter": ["123:7FF"]} if mode == "negative" else {})
    if media:
        fixed["media_type"] = media
    # Schemathesis parses YAML and events, and holds the result against the schema, which is one of text.
    excluded = [response_schema_conformance] if name in (*STREAMS, "getOpenAPIYAML") else []
    strategy = schema[operation.path][operation.method].as_strategy(
        generation_mode=GenerationMode(mode), **{key: value for key, value in fixed.items() if value})

    @given(case=strategy)
    @settings(
        max_examples=examples(operation)[mode == "negative"], derandomize=True, database=None, deadline=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    def check(case):
        if mode == "positive":
            # A query's number has no exponent.
            assume(not any("e" in str((case.query or {}).get(name, "")) for name in ("timeout_ms", "confirm_ms")))
            if "confirm_ms" in (case.query or {}):
                # Whatever it is: the machine may be slower than that.
                case.query["confirm_ms"] = 60000
            if media == "application/json" and isinstance(case.body, dict):
                case.body = suited(operation, case.body)
                assume(not against_a_rule(operation, case.body))
            assume(not numbers_written_as_fractions(case.body) and not contradictory(case.body))
            assume(not operation.path.endswith("/frames") or not inconsistent(case.query or {}))
        try:
            case.call_and_validate(base_url=service.base, session=connections, timeout=20, excluded_checks=excluded)
        finally:
            stop_jobs(client, operation)

    with same_interfaces() if changes_interfaces(operation) else contextlib.nullcontext():
        try:
            check()
        except Unsatisfiable:
            assert mode == "negative", "nothing valid could be made up"
    for what in ("jobs", "watches"):
        client.request("DELETE", f"/v1/{what}")
