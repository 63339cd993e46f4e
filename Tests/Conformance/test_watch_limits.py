"""What watches take: how many there may be, what they leave behind, and what they lose."""
from keep_alive import KeptAlive
from periodic import ONE
from service import asleep, assert_problem
from streams import websocket
from traffic import Sender
from watching import make, report, stream, watch_operations
from witnesses import cansend

FRAMES = "/v1/interfaces/vcan0/frames"
WATCHES = "/v1/interfaces/vcan0/watches"


def test_jobs_and_watches_of_one_interface_go_together(watches, jobs, stream):
    watch = watches("vcan0")
    jobs("vcan0", ONE, interval_ms=20)
    for _ in range(3):
        report(stream, watch, "changed", data="01")


def test_nothing_is_left_in_the_kernel_when_the_service_stops(start):
    service = start()
    for members in ({"mask": "FF"}, {"timeout_ms": 100}, {"reply": {"id": "123"}}, {}):
        assert make(service, "vcan0", **members).status == 201
    assert len(watch_operations()) == 4
    status, took = service.stop()
    assert status == 0 and took < 10
    assert watch_operations() == []


def test_there_may_be_1024_and_no_more(start):
    service = start()
    most = service.get("/v1")["limits"]["watches"]
    assert most == 1024
    with KeptAlive(service) as connection:
        for number in range(most):
            assert connection.request("POST", WATCHES, {"id": number}).status == 201
        assert_problem(connection.request("POST", WATCHES, {"id": "7FF"}), 429, "too-many-requests")
        assert len(connection.request("GET", "/v1/watches").json["watches"]) == len(watch_operations()) == most
        first = connection.request("GET", "/v1/watches").json["watches"][0]
        assert connection.request("DELETE", f"/v1/watches/{first['watch']}").status == 204
        assert connection.request("POST", WATCHES, {"id": "7FF"}).status == 201
    # All of them work.
    with websocket(service, FRAMES + "?events=watch") as stream:
        for identifier in ("3FF#", "7FF#"):
            cansend("vcan0", identifier)
            assert stream.next()["frame"]["id"] == identifier[:3]


def test_reports_that_the_kernel_drops_are_counted(start):
    """While the service sleeps, more is reported than its socket holds."""
    service = start("--receive-buffer-bytes", "100000")
    count = 3000
    with websocket(service, FRAMES + "?events=watch") as stream:
        assert make(service, "vcan0").status == 201
        with asleep(service):
            with Sender("vcan0", count) as sender:
                sender.finish()

        def accounted(_):
            events = [event for event in stream.seen if event["type"] == "watch"]
            return sum(event.get("lost", 1) for event in events) >= count

        stream.until(accounted)
        lost = [event for event in stream.seen if event.get("change") == "lost"]
        assert lost, "the kernel dropped nothing"
        for event in lost:
            assert set(event) == {"type", "seq", "timestamp", "interface", "change", "lost"}
            assert event["interface"] == "vcan0" and event["lost"] > 0
        cansend("vcan0", "123#FF")
        stream.until(lambda event: event.get("frame", {}).get("data") == "FF")
        events = [event for event in stream.seen if event["type"] == "watch"]
        assert sum(event.get("lost", 1) for event in events) == count + 1
