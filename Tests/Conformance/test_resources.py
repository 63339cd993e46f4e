"""What the service takes of the machine, and gives back: descriptors, rights, sockets."""
import contextlib
import resource

from raw_http import FRAMES, get
from service import wait_until
from streams import WebSocketReader, websocket
from witnesses import cansend, ip, receivers



def test_streams_that_came_and_went_leave_no_descriptor(service):
    with websocket(service, FRAMES):
        # What the first stream needs may stay.
        pass
    wait_until(lambda: service.request("GET", "/v1").status == 200, "it answers")
    before = service.descriptors()
    with contextlib.ExitStack() as stack:
        for number in range(50):
            if number % 2:
                # One that answers no ping is cut after three heartbeats.
                reader = WebSocketReader(service, f"{FRAMES}?heartbeat=5")
                assert reader.next()["type"] == "open"
                stack.callback(reader.close)
            else:
                connection = stack.enter_context(contextlib.closing(service.connect()))
                form = "sse" if number % 4 else "ndjson"
                connection.sendall(get(f"{FRAMES}?heartbeat=1&format={form}").encode())
                assert b" 200 " in connection.recv(4096).split(b"\r\n")[0]
        assert service.descriptors() >= before + 45
        cansend("vcan0", "123#")
    # All are gone without a word.
    wait_until(lambda: service.descriptors() <= before, "the descriptors are given back")


def test_requests_that_came_and_went_leave_no_descriptor(service):
    service.request("GET", "/v1")
    before = service.descriptors()
    for _ in range(50):
        service.connect().close()
        service.request("GET", "/v1/nowhere")
    wait_until(lambda: service.descriptors() <= before, "the descriptors are given back")


def test_interfaces_that_came_and_went_leave_no_descriptor(service, make_interface):
    before = service.descriptors()
    for _ in range(3):
        name = make_interface()
        wait_until(lambda: receivers(name, "all"), "it is captured")
        assert service.request("POST", f"/v1/interfaces/{name}/frames", '{"id":"123"}').status == 200
        answer = service.request(
            "POST", f"/v1/interfaces/{name}/jobs", json_body={"frames": [{"id": "123"}], "interval_ms": 10})
        assert answer.status == 201
        ip("link", "del", name)
        wait_until(lambda: service.get(answer["Location"])["state"] == "interface-gone", "it is gone")
        assert service.request("DELETE", answer["Location"]).status == 204
    wait_until(lambda: service.descriptors() <= before, "the descriptors are given back")


def test_the_descriptor_limit_is_raised_to_the_hard_one(service):
    soft, hard = resource.prlimit(service.pid, resource.RLIMIT_NOFILE)
    assert soft == hard > 1024


def test_one_capture_serves_any_number_of_streams(service, make_interface):
    name = make_interface()
    wait_until(lambda: receivers(name, "all"), "it is captured")
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(websocket(service, f"/v1/interfaces/{name}/frames"))
        assert len(receivers(name, "all")) == len(receivers(name, "err")) == 1


def test_no_right_is_needed_to_send_and_to_listen(start, wire):
    """As nobody, without a capability: only the receive buffer is smaller than asked for."""
    service = start(launcher=[
        "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"])
    with websocket(service, FRAMES + "?count=2") as stream:
        assert service.request("POST", FRAMES, '{"id":"123"}').json == {"sent": 1}
        answer = service.request(
            "POST", "/v1/interfaces/vcan0/jobs", json_body={"frames": [{"id": "124"}], "interval_ms": 50})
        assert answer.status == 201
        assert [event["id"] for event in stream.rest()] == ["123", "124"]
    assert service.get("/v1/interfaces/vcan0")["capture"]["receive_buffer_bytes"] > 0
    assert wire.wait_for_count("vcan0", 2)
