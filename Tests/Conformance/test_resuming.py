"""Resuming: a stream goes on where an earlier one ended and says that nothing is missing, or exactly how much is."""
import contextlib
import time

import pytest

from service import assert_problem
from streams import HANDSHAKE, websocket
from traffic import OVERRUN, Sender, accounted, gaps, numbers, overrun, send_numbered
from transports import TRANSPORTS, WITH_JSON, following
from witnesses import ERROR, RawSocket

FRAMES = "/v1/interfaces/vcan0/frames"


def recorded(service, count=10):
    """Sends numbered frames, and returns the events of a stream that shows them, and what names their run."""
    with websocket(service, FRAMES) as stream, RawSocket("vcan0") as raw:
        send_numbered(raw, count)
        return stream.frames(count), stream.opened["epoch"]


def point(epoch, event):
    return f"{epoch}:{event['seq']}"


def refused(service, path, fields=None):
    """What curl gets, who would not wait for the end of a stream for ever."""
    return service.curl(*(f"-H{name}: {value}" for name, value in (fields or {}).items()), path=path)


def until_last(reader):
    """Reads on to frame 7FE; the events after `open`."""
    reader.until_type("frame", id="7FE")
    return reader.seen[1:]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_stream_goes_on_after_the_point_that_it_is_given(service, transport):
    events, epoch = recorded(service)
    path = f"{FRAMES}?since={point(epoch, events[3])}"
    with following(service, path, transport) as stream, RawSocket("vcan0") as raw:
        assert stream.opened["resumed"] in (True, "true")
        assert (stream.opened["epoch"], stream.opened["seq"]) == (epoch, events[3]["seq"])
        told = stream.frames(6)
        assert numbers(told) == [4, 5, 6, 7, 8, 9]
        if transport in WITH_JSON:
            assert told == events[4:]
        raw.send(0x7FE)
        assert stream.next()["id"] == "7FE"


def test_from_the_newest_event_on_nothing_is_repeated(service):
    events, epoch = recorded(service)
    with following(service, f"{FRAMES}?since={point(epoch, events[-1])}", "ndjson") as stream:
        with RawSocket("vcan0") as raw:
            raw.send(0x7FE)
        assert stream.opened["resumed"] is True
        assert stream.next()["id"] == "7FE"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_last_event_id_goes_before_since(service, transport):
    events, epoch = recorded(service)
    fields = {"Last-Event-ID": point(epoch, events[7])}
    for query in ("?since=all", f"?since={point(epoch, events[2])}", "?since=10s", ""):
        with following(service, FRAMES + query, transport, fields) as stream:
            assert stream.opened["seq"] == events[7]["seq"]
            assert numbers([stream.next(), stream.next()]) == [8, 9]


def test_an_empty_last_event_id_is_none(service):
    events, epoch = recorded(service)
    empty = {"Last-Event-ID": ""}
    with following(service, f"{FRAMES}?since={point(epoch, events[7])}", "sse", empty) as stream:
        assert numbers([stream.next(), stream.next()]) == [8, 9]
    with following(service, FRAMES, "sse", empty) as stream:
        assert "resumed" not in stream.opened


def test_a_heartbeat_is_a_point_to_resume_from(service):
    """It says how far the stream has come, also over frames that its filter hides."""
    with websocket(service, FRAMES + "?filter=7F0:7F0&heartbeat=1") as stream:
        events, epoch = recorded(service)
        beat = stream.until_type("heartbeat", seq=events[-1]["seq"])
        with RawSocket("vcan0") as raw:
            raw.send(0x7FE)
    with following(service, f"{FRAMES}?since={point(epoch, beat)}", "ndjson") as stream:
        assert stream.next()["id"] == "7FE"


def test_what_was_missed_is_selected_like_what_comes(service):
    events, epoch = recorded(service)
    with RawSocket("vcan0") as raw:
        raw.send(0x7FE)
    query = f"since={point(epoch, events[0])}&filter=7FE:7FF&direction=tx&events=frame"
    with following(service, f"{FRAMES}?{query}", "ndjson") as stream:
        assert stream.opened["resumed"] is True and stream.next()["id"] == "7FE"


def test_a_counted_stream_is_resumed_by_since(service):
    events, epoch = recorded(service)
    for transport in TRANSPORTS:
        with following(service, f"{FRAMES}?count=2&since={point(epoch, events[3])}", transport) as stream:
            assert numbers(stream.rest()) == [4, 5]


def test_all_is_all_since_the_service_began(start):
    service = start()
    events, epoch = recorded(service)
    with following(service, "/v1/frames?since=all", "ndjson") as stream:
        assert (stream.opened["seq"], stream.opened["resumed"]) == (0, True)
        stream.until(lambda event: event == events[-1])
        assert [event["seq"] for event in stream.seen] == list(range(events[-1]["seq"] + 1))
    with following(service, f"/v1/frames?since={epoch}:0", "ndjson") as again:
        again.until(lambda event: event == events[-1])
        assert again.seen == stream.seen


def test_a_duration_goes_back_by_the_clock(service, wire, jobs):
    jobs("vcan0", [{"id": "123"}], interval_ms=20)
    wire.wait_for("vcan0", lambda frames: frames and frames[-1].time - frames[0].time > 3, "three seconds of frames")
    before = time.time()
    with following(service, FRAMES + "?since=2s", "ndjson") as stream:
        after = time.time()
        assert stream.opened["resumed"] is True
        told = [f"{event['timestamp']:.6f}" for event in stream.frames(120)]
    sent = [frame.timestamp for frame in wire.frames("vcan0")]
    first = sent.index(told[0])
    assert told == sent[first:first + 120]
    assert float(told[0]) >= before - 2.000001
    assert float(sent[first - 1]) <= after - 2 + 0.000001


def test_history_goes_over_into_news_without_a_seam(start):
    """Streams of the whole run that are opened while a thousand frames a second go by."""
    service = start()
    with contextlib.ExitStack() as stack, RawSocket("vcan0") as raw:
        clock = stack.enter_context(websocket(service, FRAMES))
        sender = stack.enter_context(Sender("vcan0", 3000, 1000))
        streams = []
        for number in range(500, 3000, 500):
            clock.until(lambda event, number=number: numbers([event]) == [number])
            streams.append(stack.enter_context(following(service, "/v1/frames?since=all", "ndjson")))
        sender.finish()
        raw.send(0x7FE)
        for stream in streams:
            until_last(stream)
            assert [event["seq"] for event in stream.seen] == list(range(stream.seen[-1]["seq"] + 1))
            assert numbers(stream.seen) == list(range(3000))


@pytest.fixture
def small(start):
    """A service whose log holds little."""
    return start("--log-bytes", "262144")


# More than that log holds, and less than eight times as much.
FORGOTTEN = 3500


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_what_was_forgotten_is_counted_exactly(small, transport):
    events, epoch = recorded(small)
    with RawSocket("vcan0") as raw:
        for _ in range(3):
            raw.send(ERROR | 0x40, bytes(8))
    # What goes by on another interface is not this stream's.
    overrun(small, "vcan1", 300)
    overrun(small, count=FORGOTTEN)
    with following(small, f"{FRAMES}?since={point(epoch, events[4])}", transport) as stream:
        assert stream.opened["seq"] == events[4]["seq"]
        assert stream.opened.get("resumed", False) in (False, "false")
        gap, *shown = until_last(stream)
    assert (gap["type"], gap["where"]) == ("gap", "server")
    assert len(gaps(shown)) == 0 and 0 < gap["lost"] < FORGOTTEN
    assert accounted([gap, *shown]) == 5 + 3 + FORGOTTEN + 1
    if transport in WITH_JSON:
        assert set(gap) == {"type", "seq", "lost", "exact", "where", "from_seq", "to_seq"}
        assert gap["exact"] is True
        assert gap["from_seq"] == events[4]["seq"] + 1
        assert gap["to_seq"] == gap["seq"] < shown[0]["seq"]


def test_the_beginning_of_the_run_may_be_forgotten(small):
    recorded(small)
    overrun(small, count=FORGOTTEN)
    with following(small, FRAMES + "?since=all", "ndjson") as stream:
        assert (stream.opened["seq"], stream.opened["resumed"]) == (0, False)
        gap, *shown = until_last(stream)
    assert (gap["type"], gap["where"], gap["from_seq"]) == ("gap", "server", 1)
    assert accounted([gap, *shown]) == 10 + FORGOTTEN + 1


def test_a_duration_that_the_log_does_not_reach_is_an_upper_bound(small):
    recorded(small)
    overrun(small)
    with following(small, FRAMES + "?since=1h&strict=false", "ndjson") as stream:
        assert stream.opened["resumed"] is False
        gap, *shown = until_last(stream)
    assert (gap["type"], gap["where"], gap["exact"]) == ("gap", "server", False)
    assert accounted([gap, *shown]) >= 10 + OVERRUN + 1


def test_what_was_forgotten_long_ago_is_an_upper_bound(small):
    events, epoch = recorded(small)
    count = 4 * OVERRUN
    overrun(small, count=count)
    with following(small, f"{FRAMES}?since={point(epoch, events[4])}", "ndjson") as stream:
        assert stream.opened["resumed"] is False
        gap, *shown = until_last(stream)
    assert gap["exact"] is False
    assert 5 + count + 1 <= accounted([gap, *shown])


def test_on_a_stream_with_a_filter_what_was_forgotten_is_an_upper_bound(small):
    events, epoch = recorded(small)
    overrun(small)
    query = f"since={point(epoch, events[4])}&filter=7FE:7FF"
    with following(small, f"{FRAMES}?{query}", "ndjson") as stream:
        gap, last = until_last(stream)
    assert (gap["type"], gap["exact"], last["id"]) == ("gap", False, "7FE") and gap["lost"] > 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_point_of_another_run_is_lost_history(start, transport):
    """Nobody knows what happened in between; then comes everything that this run still has."""
    service = start()
    recorded(service)
    with following(service, FRAMES, transport, {"Last-Event-ID": "another:5"}) as stream:
        assert stream.opened["seq"] == 0
        gap = stream.next()
        assert (gap["type"], gap["where"], gap["lost"]) == ("gap", "server", 0)
        if transport in WITH_JSON:
            assert stream.opened["resumed"] is False
            assert set(gap) == {"type", "seq", "lost", "exact", "where"} and gap["exact"] is False
        assert numbers(stream.frames(10)) == list(range(10))


def test_of_another_runs_successor_some_may_be_forgotten_too(small):
    recorded(small)
    overrun(small)
    with following(small, FRAMES + "?since=another:5", "ndjson") as stream:
        assert (stream.opened["seq"], stream.opened["resumed"]) == (0, False)
        gap, *shown = until_last(stream)
    assert gap["exact"] is False and gap["from_seq"] == 1 and gap["to_seq"] < shown[0]["seq"]
    assert accounted([gap, *shown]) >= 10 + OVERRUN + 1


@pytest.mark.parametrize("since", ["all", "1h", "{epoch}:0", "{epoch}:1", "another:5"])
def test_strict_refuses_what_would_not_be_complete(small, since):
    recorded(small)
    overrun(small)
    since = since.format(epoch=small.get("/v1")["epoch"])
    path = f"{FRAMES}?strict=true&since={since}"
    for fields in ({}, {"Accept": "text/event-stream"}, {"Accept": "text/plain"}, HANDSHAKE):
        assert_problem(refused(small, path, fields), 410, "history-lost")
    answer = small.request("HEAD", path)
    assert (answer.status, answer.body) == (410, b"")
    if ":" in since:
        answer = refused(small, FRAMES + "?strict=true", {"Last-Event-ID": since})
        assert_problem(answer, 410, "history-lost")


def test_strict_without_a_point_changes_nothing(service):
    with following(service, FRAMES + "?strict=true", "ndjson") as stream, RawSocket("vcan0") as raw:
        assert "resumed" not in stream.opened
        raw.send(0x7FE)
        assert stream.next()["id"] == "7FE"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_strict_changes_nothing_where_all_is_there(service, transport):
    events, epoch = recorded(service)
    with following(service, f"{FRAMES}?strict=true&since={point(epoch, events[7])}", transport) as stream:
        assert numbers([stream.next(), stream.next()]) == [8, 9]


@pytest.mark.parametrize("value", [
    "", "x", "10", "ALL", "0s", "-1s", "1d", ":5", "x:", "x:y", "x:-1", "x:1.5", "x:1:2", "{epoch}:9007199254740991"])
def test_a_point_that_is_none_is_refused(service, value):
    value = value.format(epoch=service.get("/v1")["epoch"])
    assert_problem(refused(service, f"{FRAMES}?since={value}"), 400, "malformed-request", field="since")
    if value:
        for fields in ({}, {"Accept": "text/event-stream"}, HANDSHAKE):
            answer = refused(service, FRAMES + "?since=all", fields | {"Last-Event-ID": value})
            assert_problem(answer, 400, "malformed-request", field="Last-Event-ID")


@pytest.mark.parametrize("value", ["all", "10s"])
def test_last_event_id_is_an_events_name_and_nothing_else(service, value):
    answer = refused(service, FRAMES, {"Accept": "text/event-stream", "Last-Event-ID": value})
    assert_problem(answer, 400, "malformed-request", field="Last-Event-ID")
