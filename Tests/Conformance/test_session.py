"""A session over HTTP alone, from two controllers that are off to all that one does with a bus."""
import pytest

from links import changed, is_up, link, make
from periodic import becomes
from service import assert_problem
from streams import websocket


def test_a_session(service, controllers, wire):
    """The steps of README's, one after the other, on one stream of everything that stays from first to last."""
    for name in controllers:
        changed(service, name, up=False, bitrate=250000)
    with websocket(service, "/v1/frames?interface=can0&interface=can1") as stream:
        # Both controllers are set up.
        for name in controllers:
            told = changed(service, name, bitrate=500000, up=True)
            assert (told["bitrate"], told["state"], told["up"]) == (500000, "error-active", True)
            assert stream.until_type("interface", interface=name, change="up")["state"]["bitrate"] == 500000
            assert link(name)["linkinfo"]["info_data"]["bittiming"]["bitrate"] == 500000

        # A frame is sent with confirmation, and seen on both sides.
        answer = service.request(
            "POST", "/v1/interfaces/can0/frames?confirm=true&confirm_ms=10000", '{"id":"123","data":"DEADBEEF"}')
        assert answer.status == 200 and answer.json["sent"] == 1
        seen = {frame["interface"]: frame for frame in stream.frames(2)}
        assert (seen["can0"]["direction"], seen["can1"]["direction"]) == ("tx", "rx")
        assert {frame["data"] for frame in seen.values()} == {"DEADBEEF"}
        # The time at which it was on the bus.
        assert answer.json["frames"] == [{"timestamp": pytest.approx(seen["can0"]["timestamp"], abs=2e-6)}]
        assert seen["can1"]["timestamp"] == pytest.approx(seen["can0"]["timestamp"], abs=10)

        # A watch is set. It sees the frame, then its absence, then the frame again.
        watch = service.request(
            "POST", "/v1/interfaces/can1/watches", '{"id":"123","mask":"FF","timeout_ms":2000}')
        assert watch.status == 201
        number = watch.json["watch"]
        try:
            service.request("POST", "/v1/interfaces/can0/frames", '{"id":"123","data":"01"}')
            event = stream.until_type("watch", watch=number)
            assert (event["interface"], event["change"], event["frame"]["data"]) == ("can1", "changed", "01")
            silent = stream.until_type("watch", watch=number)
            assert silent["change"] == "timeout" and "frame" not in silent
            assert silent["timestamp"] - event["timestamp"] >= 1.999
            service.request("POST", "/v1/interfaces/can0/frames", '{"id":"123","data":"02"}')
            assert stream.until_type("watch", watch=number)["change"] == "resumed"
        finally:
            assert service.request("DELETE", watch["Location"]).status == 204

        # A leased job runs, and lapses as nobody renews it.
        job = service.request(
            "POST", "/v1/interfaces/can0/jobs",
            json_body={"frames": [{"id": "321", "data": "00"}], "interval_ms": 20, "lease_ms": 300})
        assert job.status == 201 and job.json["lease_ms"] == 300
        try:
            stream.until_type("frame", id="321", interface="can1")
            lapsed = stream.until_type("job")
            assert (lapsed["job"], lapsed["interface"], lapsed["change"]) == (job.json["id"], "can0", "lapsed")
            assert becomes(service, job.json, "lapsed")["sent"] >= 1
            assert wire.renewed().stays_quiet("can0", 0.1)
        finally:
            service.request("DELETE", job["Location"])

        # An interface goes away and comes back, and the stream stays.
        changed(service, "can1", up=False)
        stream.until_type("interface", interface="can1", change="down")
        assert not is_up("can1")
        assert_problem(service.request("POST", "/v1/interfaces/can1/frames", '{"id":"124"}'), 409, "interface-down")
        changed(service, "can1", up=True)
        stream.until_type("interface", interface="can1", change="up")
        service.request("POST", "/v1/interfaces/can1/frames?confirm=true&confirm_ms=10000", '{"id":"125"}')
        for _ in range(2):
            frame = stream.until_type("frame", id="125")
            assert frame["direction"] == ("tx" if frame["interface"] == "can1" else "rx")
        assert not any(event["type"] in ("gap", "problem") for event in stream.seen)
        numbers = [event["seq"] for event in stream.seen]
        assert numbers == sorted(numbers)


def test_a_virtual_interface_of_a_session_is_removed_and_made_again(service, new_name):
    name = new_name()
    made = make(service, name, up=True)
    with websocket(service, made["Location"] + "/frames") as stream:
        for data in ("01", "02"):
            answer = service.request(
                "POST", made["Location"] + "/frames?confirm=true", json_body={"id": "123", "data": data})
            assert answer.json["sent"] == 1
            assert stream.until_type("frame")["data"] == data
            assert service.request("DELETE", made["Location"]).status == 204
            stream.until_type("interface", change="removed")
            assert make(service, name, up=True).status == 201
            stream.until_type("interface", change="added")
