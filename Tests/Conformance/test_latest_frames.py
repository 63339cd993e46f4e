"""`GET …/latest`: the newest frame of each identifier, for those who poll."""
import pytest

from processors import until_all_is_seen
from service import assert_problem
from streams import websocket
from witnesses import ERROR, RawSocket, cansend, ip


@pytest.fixture
def name(make_interface):
    """An interface on which nothing was sent yet."""
    return make_interface()


def path(name, rest=""):
    return f"/v1/interfaces/{name}/latest{rest}"


def shown(service, name, texts):
    """Sends frames, and returns the events of a stream that showed them."""
    with websocket(service, f"/v1/interfaces/{name}/frames") as stream:
        for text in texts:
            cansend(name, text)
        return stream.frames(len(texts))


def test_where_nothing_was_sent_there_is_nothing(service, name):
    assert service.get(path(name)) == {"frames": []}
    assert_problem(service.request("GET", path(name, "/123")), 404, "not-found")


def test_it_is_the_newest_event_of_each_identifier(service, name):
    events = shown(service, name, ["7FF#01", "123#01", "18DAF110#01", "123#02", "00000123#03", "123##3AA", "7FF#R4"])
    frames = service.get(path(name))["frames"]
    assert [frame["id"] for frame in frames] == ["123", "7FF", "00000123", "18DAF110"]
    newest = {event["id"]: event for event in events}
    counts = {"123": 3, "7FF": 2, "00000123": 1, "18DAF110": 1}
    for frame in frames:
        assert frame.pop("count") == counts[frame["id"]]
        period = frame.pop("period_ms")
        assert frame == newest[frame["id"]]
        before = [event["timestamp"] for event in events if event["id"] == frame["id"]][-2:]
        if len(before) == 1:
            assert period is None
        else:
            assert period == pytest.approx((before[1] - before[0]) * 1000, abs=0.002)


def test_it_counts_since_the_service_began_and_not_since_a_stream_did(service, name):
    for number in range(1, 4):
        shown(service, name, ["123#"])
        assert service.get(path(name, "/123"))["count"] == number


def test_error_frames_are_not_in_it(service, name):
    with websocket(service, f"/v1/interfaces/{name}/frames") as stream, RawSocket(name) as raw:
        raw.send(ERROR | 0x40, bytes(8))
        raw.send(0x123)
        stream.frames(1)
    assert [frame["id"] for frame in service.get(path(name))["frames"]] == ["123"]


@pytest.mark.parametrize("asked, found", [
    ("123", "123"), ("7ff", "7FF"), ("1", "001"), ("00000123", "00000123"), ("18daf110", "18DAF110"),
    ("123?extended=false", "123"), ("123?extended=true", "00000123"), ("18DAF110?extended=true", "18DAF110"),
    ("0000123?extended=true", "00000123"), ("0000123?extended=false", "123"),
])
def test_one_identifier_is_asked_for(service, name, asked, found):
    shown(service, name, ["123#01", "7FF#02", "001#03", "00000123#04", "18DAF110#05"])
    answer = service.request("GET", path(name, f"/{asked}"))
    assert answer.status == 200 and answer.json["id"] == found
    assert answer.json in service.get(path(name))["frames"]
    assert service.request("HEAD", path(name, f"/{asked}")).status == 200


@pytest.mark.parametrize("asked, field", [
    ("1234", "extended"), ("07FF", "extended"), ("1234567", "extended"), ("800", "id"), ("FFF", "id"),
    ("20000000", "id"), ("12G", "id"), ("0x123", "id"), ("-12", "id"), ("123456789", "id"),
    ("800?extended=false", "id"), ("18DAF110?extended=false", "id"), ("20000000?extended=true", "id"),
    ("123?extended=yes", "extended"), ("123?extended=", "extended"), ("123?ext=true", "ext"),
])
def test_what_is_no_identifier(service, name, asked, field):
    assert_problem(service.request("GET", path(name, f"/{asked}")), 400, "malformed-request", field=field)


def test_what_was_not_seen(service, name):
    shown(service, name, ["123#01"])
    for asked in ("124", "00000123", "123?extended=true"):
        assert_problem(service.request("GET", path(name, f"/{asked}")), 404, "not-found")


def test_an_interface_that_is_unknown_or_none(service):
    for rest in ("", "/123"):
        assert_problem(service.request("GET", path("can77", rest)), 404, "interface-not-found")
        assert_problem(service.request("GET", path("lo", rest)), 422, "not-a-can-interface")


def test_an_interface_that_went_down_keeps_it_and_one_that_is_gone_has_none(service, make_interface):
    name = make_interface()
    shown(service, name, ["123#01"])
    with websocket(service) as stream:
        ip("link", "set", name, "down")
        stream.until_type("interface", interface=name, change="down")
        assert service.get(path(name, "/123"))["data"] == "01"
        ip("link", "del", name)
        stream.until_type("interface", interface=name, change="removed")
    for rest in ("", "/123"):
        assert_problem(service.request("GET", path(name, rest)), 404, "interface-not-found")


def test_of_too_many_identifiers_the_longest_unseen_are_forgotten(service, name):
    most = service.get("/v1")["limits"]["latest_identifiers"]
    with websocket(service, f"/v1/interfaces/{name}/frames?filter=7FE:7FF") as stream:
        for numbers in (range(4000), range(4000, most + 100)):
            lines = "\n".join(f"{number:08X}#" for number in numbers)
            answer = service.request("POST", f"/v1/interfaces/{name}/frames", lines, type="text/plain")
            assert answer.status == 200
        until_all_is_seen()
        cansend(name, "7FE#")
        stream.frames(1)
    kept = [frame["id"] for frame in service.get(path(name))["frames"]]
    assert len(kept) <= most
    assert {"7FE", f"{most + 99:08X}"} <= set(kept) and "00000000" not in kept
    assert_problem(service.request("GET", path(name, "/00000000")), 404, "not-found")


def test_other_methods_are_refused(service, name):
    for rest in ("", "/123"):
        answer = service.request("DELETE", path(name, rest))
        assert_problem(answer, 405, "method-not-allowed")
        assert answer.names("Allow") == service.request("OPTIONS", path(name, rest)).names("Allow") == {
            "GET", "HEAD", "OPTIONS"}
