"""What a stream shows and when it ends: interface, filter, direction, count, for, heartbeat."""
import time

import pytest

from exactness import on_time
from service import assert_problem
from streams import WebSocketReader, curl_follow, websocket
from transports import WITH_JSON, following
from witnesses import RawSocket, cansend, ip

FRAMES = "/v1/interfaces/vcan0/frames"
# One frame of each sort that a filter can tell from the others, and two error frames.
FRAMES_SENT = ["123#01", "00000123#02", "124#03", "523#04", "123#R", "00000123#R", "123##0AA", "18DAF110#05",
               "18DAF1F1#06"]
ERRORS = {"bus-off": 0x20000040, "controller": 0x20000004}
ALL = [*FRAMES_SENT, *ERRORS]


def but(*hidden):
    return [text for text in ALL if text not in hidden]


def only(*wanted):
    """Those frames, and the error frames, which only a `#` part hides."""
    return [text for text in ALL if text in wanted or text in ERRORS]


CASES = {
    "filter=123:7FF": only("123#01", "00000123#02", "123#R", "00000123#R", "123##0AA"),
    "filter=123:C00007FF": only("123#01", "123##0AA"),
    "filter=123:800007FF": only("123#01", "123#R", "123##0AA"),
    "filter=00000123:9FFFFFFF": only("00000123#02", "00000123#R"),
    "filter=18DAF110:9FFFFFFF": only("18DAF110#05"),
    "filter=18DAF100:9FFFFF00": only("18DAF110#05", "18DAF1F1#06"),
    "filter=40000000:40000000": only("123#R", "00000123#R"),
    "filter=123~7FF": only("124#03", "523#04", "18DAF110#05", "18DAF1F1#06"),
    "filter=123~C00007FF": but("123#01", "123##0AA"),
    "filter=124:7FF,523:7FF": only("124#03", "523#04"),
    "filter=124:7FF&filter=523:7FF": only("124#03", "523#04"),
    "filter=120:7F0,123~7FF,j": only("124#03"),
    "filter=J,23:0FF,123~7FF": only("523#04"),
    "filter=0:0": ALL,
    "filter=0~0": list(ERRORS),
    "filter=0~0,%2300000040": ["bus-off"],
    "filter=0~0,%23FFFFFFFF": list(ERRORS),
    "filter=124:7FF,%2304": ["124#03", "controller"],
    "filter=%2300000040": but("controller"),
}


@pytest.fixture(scope="module")
def shown(common):
    """What streams with these filters, all open at once, say of the frames above: by query, the reader."""
    service = common.get()
    readers = {query: WebSocketReader(service, f"{FRAMES}?{query}&heartbeat=3") for query in [*CASES, ""]}
    # One that is refused fails its own test only.
    readers = {query: reader for query, reader in readers.items() if reader.status == 101}
    assert all(reader.next()["type"] == "open" for reader in readers.values())
    assert service.request("POST", FRAMES, "\n".join(FRAMES_SENT), type="text/plain").status == 200
    with RawSocket("vcan0") as raw:
        for identifier in ERRORS.values():
            raw.send(identifier, bytes(8))
    everything = readers.pop("")
    everything.frames(len(FRAMES_SENT))
    last = everything.until_type("error", classes=["controller"])["seq"]
    for reader in readers.values():
        # The heartbeat says that the stream has passed all of them.
        reader.until(lambda event: event["type"] == "heartbeat" and event["seq"] >= last)
    yield readers
    for reader in [*readers.values(), everything]:
        reader.close()


def text(event):
    if event["type"] == "error":
        return event["classes"][0]
    return event["id"] + ("#R" if "rtr" in event else "##0" + event["data"] if "fd" in event else "#" + event["data"])


@pytest.mark.parametrize("query", CASES)
def test_filters_are_candumps(service, shown, query):
    assert query in shown, "this filter is refused"
    events = [event for event in shown[query].seen if event["type"] in ("frame", "error")]
    assert [text(event) for event in events] == CASES[query]


def test_a_stream_says_which_filters_it_has(service, shown):
    assert shown["filter=124:7FF&filter=523:7FF"].seen[0]["filters"] == ["124:7FF", "523:7FF"]
    assert len(shown["filter=120:7F0,123~7FF,j"].seen[0]["filters"]) == 3


def test_a_stream_of_named_interfaces_shows_no_other(service):
    # What can1 sends comes in on can0.
    shown_of = {"vcan1": [], "vcan0": [("vcan0", "tx")] * 2, "can1": [("can0", "rx")] * 2, "can0": [("can0", "tx")] * 2}
    with websocket(service, "/v1/frames?interface=vcan0&interface=can0") as stream:
        assert sorted(stream.opened["interfaces"]) == ["can0", "vcan0"]
        for interface, shown in shown_of.items():
            for text in ("123#", "124#"):
                cansend(interface, text)
            # Read before the next are sent: what waits on two interfaces is read in any order.
            events = stream.frames(len(shown))
            assert [(event["interface"], event["direction"]) for event in events] == shown


def test_a_stream_of_one_interface_shows_no_other(service):
    with websocket(service, "/v1/interfaces/vcan1/frames") as stream:
        cansend("vcan0", "123#")
        cansend("vcan1", "124#")
        assert stream.next()["id"] == "124"


@pytest.mark.parametrize("direction, interface", [("rx", "can1"), ("tx", "can0")])
def test_direction_tells_the_bus_from_this_host(service, direction, interface):
    both_ends = "/v1/frames?interface=can0&interface=can1"
    with websocket(service, both_ends) as both, websocket(service, f"{both_ends}&direction={direction}") as stream:
        cansend("can0", "123#")
        cansend("can0", "124#")
        events = stream.frames(2)
        # Nothing is left for another test.
        both.frames(4)
    assert [(event["interface"], event["direction"], event["id"]) for event in events] == [
        (interface, direction, "123"), (interface, direction, "124")]


def test_what_comes_out_of_a_virtual_pair_was_received(service, make_pair):
    near, far = make_pair()
    with websocket(service, f"/v1/interfaces/{near}/frames?direction=rx&count=1") as stream:
        cansend(near, "123#")
        cansend(far, "124#")
        assert [event["id"] for event in stream.rest()] == ["124"]


@pytest.fixture
def eventful(service, make_interface):
    """Lets a frame, an error frame, and then an interface that goes down and up happen, and at last frame 7FE."""
    name = make_interface()

    def happen():
        with RawSocket(name) as raw:
            raw.send(0x123)
            raw.send(0x20000040, bytes(8))
        with websocket(service, f"/v1/interfaces/{name}/frames?events=interface") as witness:
            ip("link", "set", name, "down")
            ip("link", "set", name, "up")
            witness.until_type("interface", change="up")
        cansend(name, "7FE#")

    return name, happen


@pytest.mark.parametrize("events, shown", [
    ("frame", {"frame"}), ("frame,error", {"frame", "error"}), ("frame,interface", {"frame", "interface"}),
    ("frame,job,filters", {"frame"}), ("open,frame,gap,heartbeat", {"frame"}),
    ("frame,error,interface,job,filters", {"frame", "error", "interface"}),
])
@pytest.mark.parametrize("transport", WITH_JSON)
def test_only_the_events_that_were_asked_for_are_shown(service, eventful, transport, events, shown):
    name, happen = eventful
    with following(service, f"/v1/interfaces/{name}/frames?events={events}", transport) as stream:
        happen()
        stream.until_type("frame", id="7FE")
        assert {event["type"] for event in stream.seen} == {"open"} | shown


def test_a_stream_without_frames_has_the_rest_and_heartbeats(service, eventful):
    name, happen = eventful
    frames = f"/v1/interfaces/{name}/frames"
    with websocket(service, frames) as everything, websocket(service, frames + "?events=error&heartbeat=1") as stream:
        happen()
        last = everything.until_type("frame", id="7FE")["seq"]
        stream.until(lambda event: event["type"] == "heartbeat" and event["seq"] >= last)
        assert [event["type"] for event in stream.seen if event["type"] != "heartbeat"] == ["open", "error"]


@pytest.mark.parametrize("events", ["frames", "frame,x", "", "frame,", "frame,,error", "loads"])
def test_an_event_that_is_none_is_told_which_there_are(service, events):
    problem = assert_problem(
        service.request("GET", f"{FRAMES}?events={events}"), 400, "malformed-request", field="events")
    assert set(problem["allowed"]) >= {"frame", "error", "interface", "job", "filters"}


def test_count_ends_the_stream_after_so_many_frames(service):
    with curl_follow(service, FRAMES + "?count=3&filter=123:7FF") as stream:
        for text in ("123#01", "124#", "123#02", "124#", "123#03", "123#04"):
            cansend("vcan0", text)
        assert [event["data"] for event in stream.rest()] == ["01", "02", "03"]
        assert stream.exit_status() == 0


def test_for_ends_the_stream_after_that_time(service):
    begin = time.monotonic()
    with curl_follow(service, FRAMES + "?for=2s") as stream:
        cansend("vcan0", "123#")
        events = stream.rest()
        took = time.monotonic() - begin
        assert [event["type"] for event in events] == ["frame"]
        assert stream.exit_status() == 0
        assert 2 <= took < 8


@pytest.mark.parametrize("time", ["300ms", "0.3s", "0.005m", "0.0001h"])
def test_for_knows_its_units(service, time):
    answer = service.curl("-N", path=f"{FRAMES}?for={time}")
    assert answer.status == 200 and answer.body.startswith(b'{"type":"open"')


def test_a_quiet_stream_has_a_heartbeat(service):
    with curl_follow(service, FRAMES + "?heartbeat=1") as stream:
        begin = time.time()
        cansend("vcan0", "123#")
        last = stream.frames(1)[0]["seq"]

        def off():
            """By how much the time between two heartbeats differs from a second, in seconds."""
            beats = [stream.next(), stream.next()]
            assert [beat["type"] for beat in beats] == ["heartbeat"] * 2
            assert all(set(beat) == {"type", "seq", "now"} and beat["seq"] >= last for beat in beats)
            assert begin <= beats[0]["now"] <= beats[1]["now"] <= time.time()
            return abs(beats[1]["now"] - beats[0]["now"] - 1)

        on_time(off, 0, 0.1)


def test_a_heartbeat_repeats_the_last_number_that_the_stream_passed(service):
    """Also over frames that its filter hides, so that resuming from it misses and repeats nothing."""
    with websocket(service) as everything, websocket(service, FRAMES + "?heartbeat=1&filter=700:7FF") as stream:
        for text in ("123#", "124#"):
            cansend("vcan0", text)
        cansend("vcan1", "700#")
        last = everything.frames(3)[-1]["seq"]
        assert stream.until_type("heartbeat", seq=last)


def test_websockets_count_and_select_too(service):
    with websocket(service, "/v1/frames?interface=vcan0&filter=123:7FF&count=2") as stream:
        for text in ("124#", "123#01", "124#", "123#02"):
            cansend("vcan0", text)
        assert [event["data"] for event in stream.rest()] == ["01", "02"]
        assert stream.closed == 1000
