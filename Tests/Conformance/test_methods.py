"""HEAD, OPTIONS and 405 on every path; documents with their ETag; problem pages."""
import json

import pytest

from service import assert_problem, wait_until

PATHS = {
    "/": set(), "/healthz": set(), "/openapi.json": set(), "/openapi.yaml": set(), "/problems/not-found": set(),
    "/v1": set(), "/metrics": set(), "/v1/interfaces": {"POST"}, "/v1/interfaces/vcan0": {"PATCH", "DELETE"},
    "/v1/frames": set(), "/v1/watches": {"DELETE"}, "/v1/interfaces/vcan0/watches": {"POST"},
    "/v1/interfaces/vcan0/frames": {"POST"}, "/v1/interfaces/vcan0/filters": {"PUT", "DELETE"},
    "/v1/interfaces/vcan0/latest": set(), "/v1/streams": set(), "/v1/interfaces/vcan0/jobs": {"POST"},
    "/v1/jobs": {"DELETE"}, "/v1/jobs/{job}": {"PATCH", "DELETE"},
}
STREAMS = ("/v1/frames", "/v1/interfaces/vcan0/frames")
CODES = [
    "malformed-request", "origin-refused", "permission-denied", "not-found", "interface-not-found", "job-not-found",
    "method-not-allowed", "not-acceptable", "interface-down", "job-exists", "body-too-large", "unsupported-media-type",
    "invalid-frame", "invalid-filter", "invalid-job", "not-a-can-interface", "upgrade-required", "too-many-requests",
    "interface-exists", "interface-busy", "watch-not-found", "invalid-interface-setting", "invalid-watch",
    "invalid-isotp", "isotp-error", "isotp-timeout", "transmit-unconfirmed", "too-many-streams", "history-lost", "internal", "not-supported", "transmit-queue-full", "shutting-down"]


@pytest.fixture
def job(jobs):
    return jobs("vcan0", [{"id": "123"}], interval_ms=1000, start=False)["id"]


@pytest.mark.parametrize("path", PATHS)
def test_head_is_get_without_the_body(service, job, path):
    path = path.format(job=job)
    head = service.request("HEAD", path)
    assert (head.status, head.body) == (200, b"")
    if path in STREAMS:
        assert head["X-Accel-Buffering"] == "no" and head["Cache-Control"] == "no-store"
        return
    get = service.request("GET", path)
    for name in ("Content-Type", "Cache-Control", "ETag", "Vary"):
        assert head[name] == get[name], name
    if "Content-Length" in dict(head.headers) and path in ("/", "/openapi.json"):
        assert head["Content-Length"] == get["Content-Length"]


@pytest.mark.parametrize("path", PATHS)
def test_options_list_the_methods(service, path):
    # The path alone decides, not whether the thing exists, nor what the query says.
    for variant in (path.format(job="j1"), path.format(job="nothing").replace("vcan0", "can77") + "?no=such"):
        answer = service.request("OPTIONS", variant)
        assert (answer.status, answer.body) == (204, b"")
        assert answer.names("Allow") == {"GET", "HEAD", "OPTIONS"} | PATHS[path]


def test_options_of_a_path_that_does_not_exist(service):
    assert_problem(service.request("OPTIONS", "/v1/nowhere"), 404, "not-found")


@pytest.mark.parametrize("path", PATHS)
def test_any_other_method_is_405_with_allow(service, job, path):
    known = {"GET", "HEAD", "OPTIONS"} | PATHS[path]
    for method in ({"POST", "PUT", "PATCH", "DELETE"} - known) | {"BREW", "get"}:
        answer = service.request(method, path.format(job=job))
        problem = assert_problem(answer, 405, "method-not-allowed")
        assert answer.names("Allow") == known == set(problem["allowed"]), method


def test_the_head_of_a_refusal_has_its_status_and_no_body(service):
    for path, status in (("/v1/nowhere", 404), ("/v1/interfaces/can77", 404), ("/v1/interfaces/lo", 422),
                         ("/v1/jobs/j999999", 404), ("/v1/frames?count=0", 400), ("/problems/no-such", 404)):
        answer = service.request("HEAD", path)
        assert (answer.status, answer.body) == (status, b"")


def test_the_head_of_a_stream_opens_none(service):
    before = service.descriptors()
    for _ in range(5):
        assert service.request("HEAD", "/v1/frames").status == 200
    # One more is open for a moment where the service looks at its interfaces just then. A stream would stay.
    wait_until(lambda: service.descriptors() <= before + 1, "no stream is open", 5)


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.yaml", "/problems/interface-down"])
def test_documents_are_sent_again_only_when_they_changed(service, path):
    first = service.request("GET", path)
    tag = first["ETag"]
    assert first.status == 200 and tag.startswith('"') and first["Cache-Control"] == "no-cache"
    for current in (tag, f'"other", {tag}', "*", f"W/{tag}"):
        again = service.request("GET", path, headers={"If-None-Match": current})
        assert (again.status, again.body, again["ETag"]) == (304, b"", tag), current
        assert service.request("HEAD", path, headers={"If-None-Match": current}).status == 304
    assert service.request("GET", path, headers={"If-None-Match": '"other"'}).body == first.body


def test_the_description_of_the_api_is_served(service):
    document = service.get("/openapi.json")
    assert document["openapi"] == "3.1.0" and set(document["paths"]) >= {"/v1", "/v1/frames", "/healthz"}
    text = service.request("GET", "/openapi.yaml")
    assert text["Content-Type"].startswith("application/yaml") and text.body.startswith(b"openapi: 3.1.0\n")
    assert document["info"]["version"] == service.get("/v1")["version"]


@pytest.mark.parametrize("code", CODES)
def test_every_problem_has_a_page(service, code):
    page = service.request("GET", f"/problems/{code}")
    assert page.status == 200 and page["Content-Type"].startswith("text/html")
    assert code in page.body.decode()


def test_the_front_page_leads_on(service):
    page = service.curl(path="/")
    assert page.status == 200 and page["Content-Type"].startswith("text/html")
    assert b"canhttpd" in page.body and b"/v1" in page.body


def test_the_service_says_what_it_is(service):
    told = service.get("/v1")
    assert told["name"] == "canhttpd" and told["uptime_s"] > 0
    assert told["protocols"] == {"raw": True, "bcm": True, "isotp": True, "j1939": True, "gw": True}
    with open("/proc/sys/kernel/osrelease", encoding="ascii") as release:
        assert told["kernel"] == release.read().strip()
    for link in told["links"].values():
        assert service.request("HEAD", link).status == 200, link
    assert service.request("GET", "/healthz").json == {"status": "ok"}


def test_live_answers_are_not_to_be_kept(service):
    for path in ("/", "/v1", "/v1/interfaces", "/v1/jobs", "/healthz", "/v1/nowhere"):
        assert service.request("GET", path)["Cache-Control"] == "no-store"


def test_json_is_compact(service):
    body = service.request("GET", "/v1/interfaces").body.decode().rstrip("\n")
    assert body == json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False)
