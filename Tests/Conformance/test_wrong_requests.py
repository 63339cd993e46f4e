"""Requests that are refused: names, queries, media types, sizes. Each with its status and code."""
import json

import pytest

from service import assert_problem

FRAMES = "/v1/interfaces/vcan0/frames"
ONE = json.dumps({"id": "123"})
JOB = json.dumps({"frames": [{"id": "123"}], "interval_ms": 10})
FILTERS = json.dumps({"filters": []})

ON_AN_INTERFACE = [
    ("GET", "", None), ("GET", "/frames", None), ("POST", "/frames", ONE), ("POST", "/frames?dry_run=true", ONE),
    ("GET", "/filters", None), ("PUT", "/filters", FILTERS), ("DELETE", "/filters", None), ("GET", "/jobs", None),
    ("POST", "/jobs", JOB), ("GET", "/latest", None), ("GET", "/latest/123", None),
]


@pytest.mark.parametrize("method, rest, body", ON_AN_INTERFACE)
@pytest.mark.parametrize("name", ["can77", "an-interface-of-too-many-bytes", "%C3%A4", ".."])
def test_an_unknown_interface(service, method, rest, body, name):
    answer = service.request(method, f"/v1/interfaces/{name}{rest}", body)
    if name == "..":
        # Some clients would resolve it; the service takes it for what it is.
        assert answer.status == 404
    else:
        assert_problem(answer, 404, "interface-not-found")


@pytest.mark.parametrize("method, rest, body", ON_AN_INTERFACE)
def test_an_interface_that_is_not_can(service, method, rest, body):
    problem = assert_problem(
        service.request(method, f"/v1/interfaces/lo{rest}", body), 422, "not-a-can-interface")
    assert "lo" in problem["detail"]


def test_an_unknown_interface_among_those_of_a_stream(service):
    assert_problem(service.request("GET", "/v1/frames?interface=vcan0&interface=can77"), 404, "interface-not-found")
    assert_problem(service.request("GET", "/v1/frames?interface=lo"), 422, "not-a-can-interface")


def test_errno_names_the_kernels_reason(service):
    for path in ("/v1/interfaces/can77", "/v1/interfaces/can77/frames"):
        assert_problem(service.request("GET", path), 404, "interface-not-found", errno="ENODEV")


QUERIES = [
    ("POST", "timeout_ms=abc", "timeout_ms"), ("POST", "timeout_ms=-1", "timeout_ms"),
    ("POST", "timeout_ms=60001", "timeout_ms"), ("POST", "timeout_ms=", "timeout_ms"),
    ("POST", "timeout_ms=1&timeout_ms=2", "timeout_ms"), ("POST", "timeout_ms=NaN", "timeout_ms"),
    ("POST", "dry_run=maybe", "dry_run"), ("POST", "dry_run=", "dry_run"), ("POST", "dryrun=true", "dryrun"),
    ("POST", "confirm=maybe", "confirm"),
    ("GET", "count=0", "count"), ("GET", "count=-1", "count"), ("GET", "count=1.5", "count"),
    ("GET", "count=99999999999999999999", "count"), ("GET", "count=1&count=2", "count"),
    ("GET", "for=10", "for"), ("GET", "for=0s", "for"), ("GET", "for=s", "for"), ("GET", "for=-1s", "for"),
    ("GET", "for=1d", "for"), ("GET", "for=1e1s", "for"),
    ("GET", "heartbeat=0", "heartbeat"), ("GET", "heartbeat=301", "heartbeat"), ("GET", "heartbeat=1.5", "heartbeat"),
    ("GET", "direction=up", "direction"), ("GET", "direction=RX", "direction"),
    ("GET", "format=xml", "format"), ("GET", "format=", "format"),
    ("GET", "strict=maybe", "strict"), ("GET", "strict=", "strict"), ("GET", "since=all&since=all", "since"),
    ("GET", "events=frame&events=error", "events"), ("GET", "batch=maybe", "batch"),
    ("GET", "interface=vcan0", "interface"), ("GET", "filters=123:7FF", "filters"),
    ("GET", "verbose", "verbose"),
]


@pytest.mark.parametrize("method, query, field", QUERIES)
def test_a_query_that_is_not_known_or_out_of_range(service, method, query, field):
    answer = service.request(method, f"{FRAMES}?{query}", ONE if method == "POST" else None)
    problem = assert_problem(answer, 400, "malformed-request", field=field)
    assert field in problem["detail"]


@pytest.mark.parametrize("method, path", [
    ("GET", "/"), ("GET", "/healthz"), ("GET", "/openapi.json"), ("GET", "/v1"), ("GET", "/v1/interfaces"),
    ("GET", "/v1/interfaces/vcan0"), ("GET", "/v1/interfaces/vcan0/filters"),
    ("DELETE", "/v1/interfaces/vcan0/filters"),
    ("GET", "/v1/interfaces/vcan0/latest"), ("GET", "/v1/streams"), ("GET", "/v1/jobs"),
    ("DELETE", "/v1/jobs"), ("GET", "/problems/not-found"),
])
def test_no_call_takes_a_query_that_it_does_not_know(service, method, path):
    assert_problem(service.request(method, path + "?limit=10"), 400, "malformed-request", field="limit")


@pytest.mark.parametrize("filter, index", [
    ("zz:7FF", 0), ("123", 0), ("123:", 0), (":7FF", 0), ("123:7FF,,", 1), ("123:7FF,456", 1), ("#", 0), ("%23XYZ", 0),
    ("123:123456789", 0), ("123456789:7FF", 0), ("20000000:7FF", 0), ("123:7FF,k", 1), ("", 0),
])
def test_a_stream_filter_against_the_grammar(service, filter, index):
    answer = service.request("GET", f"{FRAMES}?filter={filter.replace('#', '%23')}")
    assert_problem(answer, 422, "invalid-filter", field="filter", index=index)


def test_a_stream_with_513_filters(service):
    filters = [f"{number:X}:7FF" for number in range(513)]
    query = "&".join("filter=" + ",".join(filters[begin:begin + 27]) for begin in range(0, 513, 27))
    assert query.count(":") == 513
    assert_problem(service.request("GET", f"{FRAMES}?{query}"), 422, "invalid-filter")
    answer = service.request("HEAD", f"{FRAMES}?{query.rpartition(',')[0]}")
    assert answer.status == 200


@pytest.mark.parametrize("method, path, body, allowed", [
    ("POST", FRAMES, ONE, {"application/json", "application/x-www-form-urlencoded", "text/plain"}),
    ("PUT", "/v1/interfaces/vcan0/filters", FILTERS, {"application/json", "application/x-www-form-urlencoded"}),
    ("POST", "/v1/interfaces/vcan0/jobs", JOB, {"application/json", "application/x-www-form-urlencoded"}),
])
@pytest.mark.parametrize("type", ["application/xml", "application/jsonp", "multipart/form-data; boundary=x", "json"])
def test_a_body_of_another_type(service, method, path, body, allowed, type):
    problem = assert_problem(
        service.request(method, path, body, type=type), 415, "unsupported-media-type", field="Content-Type")
    assert set(problem["allowed"]) == allowed


@pytest.mark.parametrize("method, path, body", [
    ("PUT", "/v1/interfaces/vcan0/filters", "123:7FF"), ("POST", "/v1/interfaces/vcan0/jobs", "123#01"),
])
def test_text_is_only_taken_where_frames_are_sent(service, method, path, body):
    assert_problem(service.request(method, path, body, type="text/plain"), 415, "unsupported-media-type")


@pytest.mark.parametrize("path, code", [
    ("/v1/nowhere", "not-found"), ("/v2", "not-found"), ("/v1/", "not-found"), ("/v1/interfaces/vcan0/", "not-found"),
    ("/v1/interfaces//frames", None), ("/healthz/x", "not-found"), ("/problems/no-such", "not-found"),
    ("/problems/", "not-found"), ("/metrics/x", "not-found"), ("/v1/jobs/j999999", "job-not-found"),
    ("/v1/jobs/x", "job-not-found"), ("/v1/jobs/j0", "job-not-found"),
    ("/v1/jobs/j99999999999999999999", "job-not-found"),
    ("/%00", "not-found"), ("/v1%2Finterfaces", "not-found"), ("//v1", "not-found"),
])
def test_nothing_is_at_other_paths(service, path, code):
    answer = service.request("GET", path)
    assert answer.status == 404
    if code:
        assert_problem(answer, 404, code)


def test_changing_a_job_that_does_not_exist(service):
    for method, body in (("PATCH", '{"state":"stopped"}'), ("DELETE", None)):
        assert_problem(service.request(method, "/v1/jobs/j999999", body), 404, "job-not-found")


def test_each_request_has_a_name_of_its_own(service):
    paths = ("/", "/v1", "/v1/nowhere", "/healthz", FRAMES + "?x=1")
    names = {service.request("GET", path)["X-Request-Id"] for path in paths}
    assert len(names) == len(paths) and None not in names
