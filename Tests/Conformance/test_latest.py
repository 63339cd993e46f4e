"""For screens: `mode=latest`, the newest frame of each identifier at most so many times a second, whatever comes.

Each with how many there were of that identifier and how far apart the last two.
"""
import time

import pytest

from commands import acknowledged
from exactness import on_time
from service import assert_problem
from streams import websocket
from traffic import ENDLESS, Sender
from transports import WITH_JSON, following
from witnesses import ERROR, RawSocket, cansend, ip

IDENTIFIERS = 10


def latest(name, query=""):
    return f"/v1/interfaces/{name}/frames?mode=latest{query}"


def by_identifier(events):
    """The events of each identifier, in their order."""
    found = {}
    for event in events:
        if event["type"] in ("frame", "error"):
            found.setdefault((event["interface"], event["id"]), []).append(event)
    return found


def until_newest(stream, counts):
    """Reads on until the newest events have these counts, by interface and identifier; these events."""
    def newest():
        return {key: events[-1] for key, events in by_identifier(stream.seen).items()}

    stream.until(lambda _: {key: event["count"] for key, event in newest().items()} == counts)
    return newest()


def until_counted(stream, count, of=IDENTIFIERS):
    """Reads on until so many identifiers have come to a count."""
    complete = {event["id"] for event in stream.seen if event.get("count") == count}
    while len(complete) < of:
        event = stream.until(lambda event: event.get("count") == count)
        complete.add(event["id"])


@pytest.mark.parametrize("rate, transport", [
    *((5, transport) for transport in WITH_JSON), (0.7, "ndjson"), (50, "ndjson")])
def test_each_identifier_comes_at_most_at_the_rate_and_the_newest_comes(service, wire, make_interface, rate, transport):
    """Every event is checked against candump: what it shows, the how many-th of its identifier, and its period."""
    name = make_interface()
    count = 300
    begin = time.monotonic()
    with following(service, latest(name, f"&rate={rate}"), transport) as stream:
        with Sender(name, count * IDENTIFIERS, 1000, identifier=0x100, identifiers=IDENTIFIERS) as sender:
            until_counted(stream, count)
            sender.finish()
        took = time.monotonic() - begin
    sent = wire.wait_for_count(name, count * IDENTIFIERS)
    told = by_identifier(stream.seen)
    assert len(told) == IDENTIFIERS
    for (_, identifier), events in told.items():
        assert 2 <= len(events) <= rate * took + 1
        counts = [event["count"] for event in events]
        # The last is the newest; none comes that is not news.
        assert counts == sorted(set(counts)) and counts[-1] == count
        frames = [frame for frame in sent if frame.id == identifier]
        for event in events:
            shown, before = frames[event["count"] - 1], frames[event["count"] - 2]
            assert (event["data"], f"{event['timestamp']:.6f}") == (shown.data, shown.timestamp)
            if event["count"] == 1:
                assert "period_ms" not in event
            else:
                assert event["period_ms"] == pytest.approx((shown.time - before.time) * 1000, abs=0.002)


def test_an_event_is_a_frame_with_count_and_period(service, make_interface):
    name = make_interface()
    with (
        websocket(service, f"/v1/interfaces/{name}/frames") as everything,
        websocket(service, latest(name, "&rate=100")) as stream,
    ):
        for number in range(1, 4):
            cansend(name, f"18DAF110##1{number:02X}")
            frame, event = everything.frames(1)[0], stream.frames(1)[0]
            assert event.pop("count") == number
            assert (event.pop("period_ms", None) is None) == (number == 1)
            # Its number is the stream's place, which may lie behind the frame.
            assert event.pop("seq") >= frame.pop("seq")
            assert event == frame


def test_ten_a_second_are_the_default(service, make_interface):
    name = make_interface()
    with Sender(name, ENDLESS, 1000, identifier=0x100):

        def twenty():
            """The shortest and the longest time, in seconds, from the first to the twentieth of a stream's frames."""
            begin = time.monotonic()
            with websocket(service, latest(name)) as stream:
                stream.frames(1)
                first = time.monotonic()
                stream.frames(19)
                now = time.monotonic()
            return now - first, now - begin

        on_time(twenty, 1.9, 1)


def test_nothing_is_said_without_news(service, make_interface):
    name = make_interface()
    with websocket(service, latest(name, "&rate=20&heartbeat=1")) as stream:
        for text in ("123#01", "124#02"):
            cansend(name, text)
        assert {event["id"] for event in stream.frames(2)} == {"123", "124"}
        assert [stream.next()["type"], stream.next()["type"]] == ["heartbeat", "heartbeat"]
        cansend(name, "124#03")
        event = stream.news()
        assert (event["id"], event["data"], event["count"]) == ("124", "03", 2)


def test_identifiers_of_two_kinds_and_two_interfaces_are_different(service, make_interface):
    names = [make_interface(), make_interface()]
    path = f"/v1/frames?interface={names[0]}&interface={names[1]}&mode=latest&rate=20"
    with websocket(service, path) as stream:
        for name, text, times in ((names[0], "123#01", 3), (names[0], "00000123#02", 2), (names[1], "123#03", 1)):
            for _ in range(times):
                cansend(name, text)
        newest = until_newest(stream, {(names[0], "123"): 3, (names[0], "00000123"): 2, (names[1], "123"): 1})
    assert {key: event["data"] for key, event in newest.items()} == {
        (names[0], "123"): "01", (names[0], "00000123"): "02", (names[1], "123"): "03"}


def test_error_frames_are_told_apart_by_their_classes(service, make_interface):
    name = make_interface()
    with websocket(service, latest(name, "&rate=20")) as stream, RawSocket(name) as raw:
        for data in ("0004000000000000", "0020000000000000"):
            raw.send(ERROR | 0x4, bytes.fromhex(data))
        raw.send(ERROR | 0x40, bytes(8))
        cansend(name, "004#")
        newest = until_newest(stream, {(name, "20000004"): 2, (name, "20000040"): 1, (name, "004"): 1})
    error = newest[name, "20000004"]
    assert (error["type"], error["data"], error["classes"]) == ("error", "0020000000000000", ["controller"])


def test_only_what_the_stream_selects_is_shown_and_counted(service, make_pair):
    near, far = make_pair()
    query = "&rate=20&direction=rx&filter=123:7FF,7FE:7FF"
    with websocket(service, latest(near, query)) as stream:
        for source, text in ((near, "123#01"), (far, "124#02"), (far, "123#03"), (near, "123#04"), (far, "7FE#")):
            cansend(source, text)
        newest = until_newest(stream, {(near, "123"): 1, (near, "7FE"): 1})
    assert {event["direction"] for event in newest.values()} == {"rx"} and newest[near, "123"]["data"] == "03"


def test_a_filter_that_changes_live_holds_for_it_too(service, make_interface):
    name = make_interface()
    with websocket(service, latest(name, "&rate=20")) as stream:
        cansend(name, "123#01")
        assert stream.next()["id"] == "123"
        acknowledged(stream, "filter", filters=["7FE:7FF"])
        for text in ("123#02", "7FE#"):
            cansend(name, text)
        assert stream.next()["id"] == "7FE"


def test_what_is_no_frame_comes_too(service, make_interface):
    name = make_interface()
    with websocket(service, latest(name, "&rate=20")) as stream:
        ip("link", "set", name, "down")
        stream.until_type("interface", change="down")
        ip("link", "set", name, "up")
        stream.until_type("interface", change="up")
        cansend(name, "123#")
        assert stream.until_type("frame")["count"] == 1


def test_a_stream_counts_from_its_own_beginning(service, make_interface):
    name = make_interface()
    with websocket(service, latest(name, "&rate=20")) as first:
        cansend(name, "123#01")
        first.frames(1)
        with websocket(service, latest(name, "&rate=20")) as second:
            cansend(name, "123#02")
            assert first.frames(1)[0]["count"] == 2 and second.frames(1)[0]["count"] == 1


def test_it_ends_after_a_time(service, make_interface):
    name = make_interface()
    answer = service.curl("-N", path=latest(name, "&for=300ms"))
    assert answer.status == 200 and answer.body.startswith(b'{"type":"open"')


def test_identifiers_over_the_limit_are_forgotten_the_longest_unseen_first(service, make_interface):
    most = service.get("/v1")["limits"]["latest_identifiers"]
    assert most == 4096
    name = make_interface()
    lines = [f"{number:08X}#" for number in range(most)]

    def post(lines):
        path = f"/v1/interfaces/{name}/frames"
        assert service.request("POST", path, "\n".join(lines), type="text/plain").json == {"sent": len(lines)}

    with websocket(service, latest(name, "&rate=20")) as stream:
        post(lines)
        stream.frames(most)
        shown = len(stream.seen)
        # This one is new, and takes the place of the first, which then is new itself.
        post(["1FFFFFFF#", lines[0], lines[-1], "1FFFFFFF#"])
        expected = {"1FFFFFFF": 2, "00000000": 1, f"{most - 1:08X}": 2}
        stream.until(lambda _: {event["id"]: event["count"] for event in stream.seen[shown:]} == expected)


@pytest.mark.parametrize("query, field", [
    ("mode=newest", "mode"), ("mode=", "mode"), ("mode=latest&mode=latest", "mode"), ("rate=10", "rate"),
    ("mode=latest&rate=0", "rate"), ("mode=latest&rate=0.09", "rate"), ("mode=latest&rate=100.5", "rate"),
    ("mode=latest&rate=-1", "rate"), ("mode=latest&rate=ten", "rate"), ("mode=latest&rate=", "rate"),
    ("mode=latest&rate=NaN", "rate"), ("mode=latest&format=candump", None), ("mode=latest&format=pcap", None),
])
def test_a_query_that_makes_no_sense(service, query, field):
    answer = service.curl(path=f"/v1/interfaces/vcan0/frames?{query}")
    problem = assert_problem(answer, 400, "malformed-request")
    assert problem["field"] in ((field,) if field else ("mode", "format"))


@pytest.mark.parametrize("rate", ["0.1", "0.5", "1", "99.9", "100"])
def test_rates_that_may_be(service, rate):
    assert service.request("HEAD", f"/v1/frames?mode=latest&rate={rate}").status == 200
