"""Schemathesis finds nothing: requests made up from the description, valid ones and invalid ones, get described answers.

It is used without its pytest plugin, which takes long to load and is not needed for that.
"""
import contextlib
import gzip
import json
import logging
import re

import pytest

from description import OPERATIONS
from service import Service
from world import ONE_JOB, Client, interfaces

# How many valid and invalid requests are made up for an operation: most where there is most to make up.
WITH_BODY, STREAM, PLAIN, HEAD, FEW = (12, 8), (6, 5), (5, 5), (3, 2), (2, 2)
STREAMS = ("streamFrames", "streamInterfaceFrames")
DOCUMENTS = ("/openapi.json", "/openapi.yaml")
# A job that any patch suits: it has both intervals and a count.
JOB = ONE_JOB | {"initial_interval_ms": 60000, "count": 5, "start": False}
# Fields that take whole numbers written as such: to JSON Schema 10.0 is one, to the service it is not.
WHOLE = {"id", "mask", "length", "dlc", "count", "interval_us", "initial_interval_us"}


def targets():
    """The operations in both modes, those with a body once for each media type.

    Without invalid requests for the documents, whose one parameter takes any text; and without form-encoded bodies,
    since what the service takes under that name is no form, and only forms can be made up.
    """
    for name, operation in OPERATIONS.items():
        body = operation.item.get("requestBody")
        for mode in ("positive",) if operation.path in DOCUMENTS else ("positive", "negative"):
            for media in MEDIA[name] if body else [None]:
                yield pytest.param(name, media, mode, id="-".join(filter(None, (name, media, mode))))


MEDIA = {
    "sendFrames": ["application/json", "text/plain"], "putFilters": ["application/json"],
    "createJob": ["application/json"], "patchJob": ["application/json"],
}


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


def make_job(client):
    answer = client.request("POST", "/v1/interfaces/up72/jobs", json.dumps(JOB), {"Content-Type": "application/json"})
    return answer.json["id"]


def stop_jobs(client, operation):
    """Ends what a request has started, which would keep the machine busy."""
    if operation.id == "createJob":
        client.request("DELETE", "/v1/jobs")
    elif operation.id == "patchJob":
        for job in client.request("GET", "/v1/jobs").json["jobs"]:
            client.request("PATCH", f"/v1/jobs/{job['id']}", '{"state":"stopped"}', {"Content-Type": "application/json"})


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
    if mode == "positive" or operation.method == "OPTIONS":
        known = {"name": "up72", "code": "interface-down"}
        if "{id}" in operation.path:
            known["id"] = "123" if "/latest/" in operation.path else make_job(client)
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
            assume("e" not in str((case.query or {}).get("timeout_ms", "")))
            assume(not numbers_written_as_fractions(case.body) and not contradictory(case.body))
            assume(not operation.path.endswith("/frames") or not inconsistent(case.query or {}))
        try:
            case.call_and_validate(base_url=service.base, session=connections, timeout=20, excluded_checks=excluded)
        finally:
            stop_jobs(client, operation)

    try:
        check()
    except Unsatisfiable:
        assert mode == "negative", "nothing valid could be made up"
    client.request("DELETE", "/v1/jobs")
