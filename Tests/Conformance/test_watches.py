"""Watches: what the kernel reports of identifiers that are watched, and where that is said."""
import pytest

from service import assert_problem
from streams import curl_follow, websocket
from watching import current, make, raw, report, reports_until, stream, watch_operations
from witnesses import ERROR, EXTENDED, REMOTE, cansend

FRAMES = "/v1/interfaces/vcan0/frames"
WATCHES = "/v1/interfaces/vcan0/watches"
RESOLUTION = 1.5e-6


def send(raw, *data, identifier=0x123):
    for text in data:
        raw.send(identifier, bytes.fromhex(text))


# What they are.


def test_a_watch_is_what_was_asked_for(service):
    asked = {"mask": "ff00ff00ff00ff00", "timeout_ms": 60000.5, "throttle_ms": 20.001, "check_dlc": True}
    answer = make(service, "vcan0", **asked)
    assert answer.status == 201
    watch = answer.json
    path = f"/v1/watches/{watch['watch']}"
    assert answer["Location"] == path
    assert watch["watch"][0] == "w" and watch["watch"][1:].isdigit()
    assert watch.pop("created") == pytest.approx(service.get("/v1")["now"], abs=10)
    assert watch == {
        "watch": watch["watch"], "interface": "vcan0", "id": "123", "extended": False, "fd": False,
        "mask": "FF00FF00FF00FF00", "mux": None, "timeout_ms": 60000.5, "throttle_ms": 20.001, "check_dlc": True,
        "reply": None, "state": "active", "changes": 0, "timeouts": 0}
    listed = service.get(WATCHES)["watches"]
    assert [entry["watch"] for entry in listed] == [watch["watch"]] and listed == service.get("/v1/watches")["watches"]
    assert listed[0] == service.get(path)
    assert service.get("/v1/interfaces/vcan1/watches") == {"watches": []}
    assert len(watch_operations()) == 1
    deleted = service.request("DELETE", path)
    assert (deleted.status, deleted.body) == (204, b"")
    assert_problem(service.request("GET", path), 404, "watch-not-found")
    assert_problem(service.request("DELETE", path), 404, "watch-not-found")
    assert service.get("/v1/watches") == {"watches": []} and watch_operations() == []


def test_what_is_not_asked_for_is_not_there(watches):
    watch = watches("vcan0", "18daf110")
    assert (watch["id"], watch["extended"]) == ("18DAF110", True)
    assert {name: watch[name] for name in ("fd", "mask", "mux", "timeout_ms", "throttle_ms", "check_dlc", "reply")} == {
        "fd": False, "mask": None, "mux": None, "timeout_ms": None, "throttle_ms": None, "check_dlc": False,
        "reply": None}


@pytest.mark.parametrize("identifier, members, shown", [
    ("7f", {}, ("07F", False)), (291, {}, ("123", False)), ("123", {"extended": True}, ("00000123", True)),
    (0x18DAF110, {"extended": True}, ("18DAF110", True)), ("00000123", {}, ("00000123", True)),
    ("00000123", {"extended": False}, ("123", False)),
])
def test_an_identifier_is_taken_as_in_a_frame(watches, identifier, members, shown):
    watch = watches("vcan0", identifier, **members)
    assert (watch["id"], watch["extended"]) == shown


def test_curl_makes_reads_and_removes_a_watch(service, stream):
    made = service.curl("-d", '{"id":"123","mask":"FF"}', path=WATCHES)
    assert made.status == 201
    cansend("vcan0", "123#01")
    assert report(stream, made.json, "changed")["frame"]["data"] == "01"
    assert service.curl(path=made["Location"]).json["changes"] == 1
    assert service.curl("-X", "DELETE", path=made["Location"]).status == 204


def test_delete_removes_all_watches(service, watches):
    for interface in ("vcan0", "vcan1", "vcan0"):
        watches(interface, timeout_ms=60000)
    listed = service.get("/v1/watches")["watches"]
    assert [watch["interface"] for watch in listed] == ["vcan0", "vcan1", "vcan0"]
    assert len({watch["watch"] for watch in listed}) == len(watch_operations()) == 3
    answer = service.request("DELETE", "/v1/watches")
    assert (answer.status, answer.body) == (204, b"")
    assert service.get("/v1/watches") == {"watches": []} and watch_operations() == []
    # Names are not given twice.
    assert watches("vcan0")["watch"] not in {watch["watch"] for watch in listed}


# What they report.


def test_without_a_mask_every_frame_is_reported(watches, stream, raw):
    watch = watches("vcan0")
    send(raw, "01", "01", "01", "", "0102030405060708", "02")
    assert reports_until(stream, watch, "02") == ["01", "01", "01", "", "0102030405060708", "02"]


def test_under_a_mask_only_changes_are_reported(service, watches, stream, raw):
    watch = watches("vcan0", mask="FF000F0000000000")
    sent = ["0000000000000000", "0000000000000000", "00FF00FF00000000", "01FF00FF00000000", "0100000000000000",
            "0100F00000000000", "01000F0000000000", "01AA0F00AAAAAAAA", "01000E0000000000"]
    send(raw, *sent)
    assert reports_until(stream, watch, sent[-1]) == [sent[0], sent[3], sent[6], sent[8]]
    assert current(service, watch)["changes"] == 4


def test_the_first_frame_is_a_change_whatever_it_holds(watches, stream, raw):
    watch = watches("vcan0", mask="FFFFFFFFFFFFFFFF")
    send(raw, "0000000000000000", "0000000000000000", "0000000000000001")
    assert reports_until(stream, watch, "0000000000000001") == ["0000000000000000", "0000000000000001"]


def test_a_short_mask_is_filled_with_zeros(watches, stream, raw):
    watch = watches("vcan0", mask="F0")
    send(raw, "0011", "0022", "0F33", "1033")
    assert reports_until(stream, watch, "1033") == ["0011", "1033"]


def test_a_report_is_of_the_frame_and_its_time(watches, service, raw):
    with websocket(service, FRAMES) as stream:
        watch = watches("vcan0", "18DAF110", mask="FF")
        raw.send(EXTENDED | 0x18DAF110, b"\x01\x02")
        told = {stream.next()["type"]: stream.seen[-1] for _ in range(2)}
        event = told["watch"]
        assert set(event) == {"type", "seq", "timestamp", "interface", "watch", "change", "frame"}
        assert (event["interface"], event["watch"], event["change"]) == ("vcan0", watch["watch"], "changed")
        assert event["frame"] == {"id": "18DAF110", "extended": True, "data": "0102"}
        # Of the kernel, as the frame's own.
        assert event["timestamp"] == pytest.approx(told["frame"]["timestamp"], abs=RESOLUTION, rel=0)


def test_only_that_identifier_is_watched(watches, stream, raw):
    watch, long = watches("vcan0"), watches("vcan0", "123", extended=True)
    send(raw, "01", identifier=0x124)
    send(raw, "02", identifier=EXTENDED | 0x123)
    raw.send(REMOTE | 0x123)
    send(raw, "03", identifier=0x523)
    raw.send(ERROR | 0x123, bytes(8))
    send(raw, "04")
    assert reports_until(stream, watch, "04") == ["04"]
    told = [event["frame"] for event in stream.seen if event.get("watch") == long["watch"]]
    told = told or [stream.until_type("watch", watch=long["watch"])["frame"]]
    assert told == [{"id": "00000123", "extended": True, "data": "02"}]


def test_frames_of_this_host_and_of_others_are_watched(service, watches, make_pair):
    near, far = make_pair()
    with websocket(service, f"/v1/interfaces/{near}/frames?events=watch") as stream:
        watch = watches(near)
        cansend(far, "123#01")
        report(stream, watch, data="01")
        cansend(near, "123#02")
        report(stream, watch, data="02")
        assert service.request("POST", f"/v1/interfaces/{near}/frames", json_body={"id": "123"}).json == {"sent": 1}
        report(stream, watch, data="")


def test_multiplexed_messages_are_each_compared_with_their_own(service, watches, stream, raw):
    """The first byte says which one it is; 01 is compared in all, 02 in its third byte, others are not looked at."""
    watch = watches("vcan0", mask="FF", mux=[{"value": "01"}, {"value": "02", "mask": "0000FF"}])
    assert len(watch["mux"]) == 2 and watch["mux"][0]["value"].startswith("01")
    send(raw, "01AA00", "02BB00", "01AA00", "02BB00", "02CC00", "03DD00", "03DE00", "01AB00", "02CC01", "01AB00",
         "01AB01", "02DD01", "02DD02")
    assert reports_until(stream, watch, "02DD02") == ["01AA00", "02BB00", "01AB00", "02CC01", "01AB01", "02DD02"]
    assert current(service, watch)["changes"] == 6


def test_a_multiplexer_may_be_bits_anywhere(watches, stream, raw):
    watch = watches("vcan0", mask="00000000000000F0", mux=[
        {"value": "0000000000000010", "mask": "FF"}, {"value": "00000000000000A0", "mask": "00FF"}])
    send(raw, "0000000000000010", "00000000000000A0", "0000000000000013", "0100000000000010", "01000000000000A0",
         "00010000000000A5")
    assert reports_until(stream, watch, "00010000000000A5") == [
        "0000000000000010", "00000000000000A0", "0100000000000010", "00010000000000A5"]


def test_a_message_may_have_256_kinds(service, watches, stream, raw):
    """As many as the kernel takes beside the multiplexer's own mask."""
    watch = watches("vcan0", mask="FF", mux=[{"value": f"{value:02X}"} for value in range(256)])
    assert len(current(service, watch)["mux"]) == 256
    first = [f"{value:02X}00" for value in range(256)]
    send(raw, *first, *first, "8001")
    assert reports_until(stream, watch, "8001") == [*first, "8001"]


def test_with_check_dlc_a_change_of_length_is_one(watches, stream, raw):
    plain = watches("vcan0", mask="FF")
    checking = watches("vcan0", mask="FF", check_dlc=True)
    sent = ["01", "01", "0100", "0100", "010000", "02"]
    send(raw, *sent)
    assert reports_until(stream, checking, "02") == ["01", "0100", "010000", "02"]
    # What the other one reports may come before or after.
    told = [event["frame"]["data"] for event in stream.seen if event.get("watch") == plain["watch"]]
    assert (told if told[-1:] == ["02"] else told + reports_until(stream, plain, "02")) == ["01", "02"]


def test_watches_of_one_identifier_do_not_disturb_each_other(service, stream, watches, raw):
    """The kernel has one place for an identifier and a socket."""
    every, masked, other = watches("vcan0"), watches("vcan0", mask="F0"), watches("vcan0", mask="0F", timeout_ms=60000)
    assert len({watch["watch"] for watch in (every, masked, other)}) == 3
    sent = ["00", "01", "10", "10", "FF"]
    send(raw, *sent)
    expected = {every["watch"]: sent, masked["watch"]: ["00", "10", "FF"], other["watch"]: ["00", "01", "10", "FF"]}

    def told():
        return {name: [event["frame"]["data"] for event in stream.seen if event.get("watch") == name]
                for name in expected}

    stream.until(lambda _: told() == expected)
    assert service.request("DELETE", f"/v1/watches/{masked['watch']}").status == 204
    send(raw, "10", "EE")
    assert reports_until(stream, every, "EE") == ["10", "EE"]
    assert len(watch_operations()) == 2


def test_flexible_frames_are_watched_apart_from_classic_ones(watches, stream, raw):
    classic, flexible = watches("vcan0"), watches("vcan0", fd=True)
    assert flexible["fd"] is True
    raw.send_flexible(0x123, b"\x01" * 64)
    send(raw, "02")
    raw.send_flexible(0x123, b"\x03", flags=1)
    events = [stream.until_type("watch") for _ in range(3)]
    assert [event["frame"] for event in events if event["watch"] == classic["watch"]] == [
        {"id": "123", "extended": False, "data": "02"}]
    assert [event["frame"] for event in events if event["watch"] == flexible["watch"]] == [
        {"id": "123", "extended": False, "data": "01" * 64, "fd": True},
        {"id": "123", "extended": False, "data": "03", "fd": True, "brs": True}]


def test_a_mask_of_flexible_frames_has_up_to_64_bytes(watches, stream, raw):
    watch = watches("vcan0", fd=True, mask="00" * 60 + "FF000000")
    for position, value in ((0, 1), (59, 1), (60, 1), (61, 1), (60, 2)):
        raw.send_flexible(0x123, bytes(position) + bytes([value]) + bytes(63 - position))
    last = "00" * 60 + "02" + "00" * 3
    assert reports_until(stream, watch, last) == [
        "01" + "00" * 63, "00" * 60 + "01" + "00" * 3, "00" * 61 + "01" + "00" * 2, last]


# Where they are reported.


def test_streams_of_its_interface_report_it_whatever_they_filter(service, watches):
    with (
        websocket(service, FRAMES + "?filter=0~0") as filtered, websocket(service) as every,
        websocket(service, FRAMES + "?events=frame") as frames, websocket(service, FRAMES + "?direction=rx") as direct,
        websocket(service, "/v1/interfaces/vcan1/frames") as elsewhere,
    ):
        watch = watches("vcan0")
        cansend("vcan0", "123#01")
        told = [report(stream, watch, "changed", data="01") for stream in (filtered, every, direct)]
        # It is in the log, in one place.
        assert told[0] == told[1] == told[2]
        assert filtered.seen[1:] == told[:1]
        for interface in ("vcan0", "vcan1"):
            cansend(interface, "7FE#")
        frames.until_type("frame", id="7FE")
        elsewhere.until_type("frame", id="7FE")
        assert not [event for event in frames.seen + elsewhere.seen if event["type"] == "watch"]


def test_server_sent_events_and_lines_report_it(service, watches):
    with curl_follow(service, FRAMES + "?events=watch") as lines, curl_follow(
            service, FRAMES + "?events=watch&format=sse") as events:
        watch = watches("vcan0")
        cansend("vcan0", "123#01")
        event = report(lines, watch, "changed", data="01")
        assert report(events, watch, "changed", data="01") == event
        assert lines.raw[-1].startswith('{"type":"watch",')
        assert f":{event['seq']}\n" in events.raw[-1]


def test_a_stream_that_resumes_is_told_what_was_reported_meanwhile(service, watches, stream):
    watch = watches("vcan0")
    for number in range(3):
        cansend("vcan0", f"123#0{number}")
    told = [report(stream, watch) for _ in range(3)]
    epoch = stream.opened["epoch"]
    with websocket(service, f"{FRAMES}?events=watch&since={epoch}:{told[0]['seq']}") as again:
        assert [again.next(), again.next()] == told[1:]
