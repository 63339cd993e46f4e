"""Web pages: which origins and hosts are served, and what a browser is told (CORS)."""
import json

import pytest

from service import HOST_NAME, PANEL, assert_problem
from streams import HANDSHAKE, websocket

FOREIGN = "http://elsewhere.example"
FRAMES = "/v1/interfaces/vcan0/frames"


@pytest.mark.parametrize("method, path, body", [
    ("GET", "/", None), ("GET", "/v1", None), ("HEAD", "/v1", None), ("GET", "/v1/interfaces", None),
    ("OPTIONS", "/v1/jobs", None), ("POST", FRAMES, '{"id":"123"}'), ("GET", FRAMES, None),
    ("DELETE", "/v1/jobs", None), ("GET", "/healthz", None), ("GET", "/openapi.json", None),
    ("PUT", "/v1/interfaces/vcan0/filters", '{"filters":[]}'),
])
@pytest.mark.parametrize("origin", [FOREIGN, "null"])
def test_a_foreign_page_is_refused_whatever_it_asks_for(service, method, path, body, origin):
    answer = service.request(method, path, body, headers={"Origin": origin})
    assert answer["Access-Control-Allow-Origin"] is None
    if method == "HEAD":
        assert (answer.status, answer.body) == (403, b"")
    else:
        assert_problem(answer, 403, "origin-refused", field="Origin")


def test_a_foreign_page_sends_no_frame_by_a_form(service, wire):
    """A form needs no preflight; the browser sends it along with its origin."""
    answer = service.request(
        "POST", FRAMES, "123#DEAD", type="application/x-www-form-urlencoded", headers={"Origin": FOREIGN})
    assert_problem(answer, 403, "origin-refused", field="Origin")
    answer = service.request("POST", FRAMES, "123#DEAD", type="text/plain", headers={"Origin": "null"})
    assert_problem(answer, 403, "origin-refused", field="Origin")
    assert service.request("POST", FRAMES, "7FF#", type="text/plain").status == 200
    assert wire.wait_for_count("vcan0", 1)[0].text == "7FF#"


def test_a_foreign_page_opens_no_websocket(service):
    answer = service.request("GET", FRAMES, headers=HANDSHAKE | {"Origin": FOREIGN})
    assert_problem(answer, 403, "origin-refused", field="Origin")


def test_the_services_own_pages_are_served(service):
    own = f"http://{service.authority}"
    assert service.request("GET", "/v1", headers={"Origin": own}).status == 200
    with websocket(service, FRAMES, {"Origin": own}):
        pass
    # The same host at another port is another origin.
    assert_problem(
        service.request("GET", "/v1", headers={"Origin": f"http://{service.host}:1"}), 403, "origin-refused")


@pytest.mark.parametrize("path", ["/v1", "/openapi.json", "/v1/nowhere", "/v1/jobs/x"])
def test_an_allowed_page_may_read_every_answer(service, path):
    answer = service.request("GET", path, headers={"Origin": PANEL})
    assert answer["Access-Control-Allow-Origin"] == PANEL
    assert "Origin" in answer.names("Vary")


def test_an_allowed_page_may_do_everything(service):
    answer = service.request("POST", FRAMES, '{"id":"123"}', headers={"Origin": PANEL})
    assert (answer.status, answer["Access-Control-Allow-Origin"]) == (200, PANEL)
    stream = service.curl("-N", "-H", f"Origin: {PANEL}", path=FRAMES + "?for=1ms")
    assert stream["Access-Control-Allow-Origin"] == PANEL
    with websocket(service, FRAMES, {"Origin": PANEL}):
        pass


def test_an_answer_without_origin_allows_none(service):
    answer = service.request("GET", "/v1")
    assert answer["Access-Control-Allow-Origin"] is None and "Origin" in answer.names("Vary")


def test_an_allowed_origin_is_matched_whole(service):
    for origin in (PANEL + ".evil.example", PANEL + ":8443", PANEL.replace("https", "http"), "https://panel.exampl"):
        assert_problem(service.request("GET", "/v1", headers={"Origin": origin}), 403, "origin-refused")


@pytest.mark.parametrize("path, methods", [
    (FRAMES, {"GET", "HEAD", "OPTIONS", "POST"}),
    ("/v1/interfaces/vcan0/filters", {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}),
    ("/v1/jobs/j1", {"GET", "HEAD", "OPTIONS", "PATCH", "DELETE"}),
])
def test_a_preflight_of_an_allowed_page_is_told_what_it_may_do(service, path, methods):
    answer = service.request("OPTIONS", path, headers={
        "Origin": PANEL, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"})
    assert (answer.status, answer.body) == (204, b"")
    assert answer["Access-Control-Allow-Origin"] == PANEL
    assert answer.names("Access-Control-Allow-Methods") >= methods - {"OPTIONS"}
    assert "content-type" in {name.lower() for name in answer.names("Access-Control-Allow-Headers")}


def test_a_preflight_of_a_foreign_page_is_refused(service):
    answer = service.request("OPTIONS", FRAMES, headers={"Origin": FOREIGN, "Access-Control-Request-Method": "POST"})
    assert_problem(answer, 403, "origin-refused", field="Origin")
    assert answer["Access-Control-Allow-Methods"] is None


def test_options_without_a_preflight_say_nothing_of_cors(service):
    answer = service.request("OPTIONS", FRAMES)
    assert answer.status == 204 and answer["Access-Control-Allow-Methods"] is None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:9", "localhost", "LOCALHOST:80", "[::1]:80", "192.0.2.7:8080",
                                  HOST_NAME, HOST_NAME.upper() + ":80"])
def test_addresses_localhost_and_allowed_names_are_hosts_of_the_service(service, host):
    assert service.request("GET", "/v1", headers={"Host": host}).status == 200


@pytest.mark.parametrize("host", ["rebound.example", "rebound.example:8080", "localhost.rebound.example",
                                  "127.0.0.1.nip.io", "x" + HOST_NAME, "1.2.3"])
def test_a_name_that_was_pointed_here_is_refused(service, host):
    """A page that gives its own name this machine's address would otherwise be of the same origin."""
    answer = service.request("GET", "/v1", headers={"Host": host, "Origin": f"http://{host}"})
    assert_problem(answer, 403, "origin-refused", field="Host")
    assert_problem(service.request("GET", "/v1", headers={"Host": host}), 403, "origin-refused", field="Host")


def test_by_default_no_origin_is_allowed(start):
    service = start()
    assert_problem(service.request("GET", "/v1", headers={"Origin": PANEL}), 403, "origin-refused")
    assert json.loads(service.request("GET", "/v1").body)["name"] == "canhttpd"
