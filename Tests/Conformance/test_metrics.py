"""`GET /metrics`: numbers for Prometheus, which agree with what the service says elsewhere."""
import subprocess

import pytest

from periodic import ONE, patch
from prometheus import parsed_metrics
from service import asleep, assert_problem, wait_until
from streams import websocket
from traffic import Sender
from witnesses import cansend, ip

FRAMES = "/v1/interfaces/vcan0/frames"
# Each family that somebody who watches over a bus needs, its type and its labels.
FAMILIES = {
    "canhttpd_info": ("gauge", {"version", "epoch", "kernel"}),
    "canhttpd_uptime_seconds": ("gauge", set()),
    "canhttpd_log_events_total": ("counter", set()),
    "canhttpd_streams": ("gauge", set()),
    "canhttpd_stream_frames_delivered_total": ("counter", set()),
    "canhttpd_stream_frames_lost_total": ("counter", set()),
    "canhttpd_jobs": ("gauge", {"state"}),
    "canhttpd_watches": ("gauge", set()),
    "canhttpd_confirmations": ("gauge", set()),
    "canhttpd_isotp_exchanges": ("gauge", set()),
    "canhttpd_interface_up": ("gauge", {"interface"}),
    "canhttpd_bus_load_ratio": ("gauge", {"interface"}),
    "canhttpd_frames_captured_total": ("counter", {"interface"}),
    "canhttpd_frames_kernel_dropped_total": ("counter", {"interface"}),
    "canhttpd_frames_sent_total": ("counter", {"interface"}),
}


def metrics(service):
    answer = service.request("GET", "/metrics")
    assert answer.status == 200
    return parsed_metrics(answer.body.decode("utf-8"))


def total(family):
    return sum(family.samples.values())


def test_it_is_text_of_prometheus(service):
    answer = service.request("GET", "/metrics")
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer["Cache-Control"] == "no-store"
    for name, family in parsed_metrics(answer.body.decode("utf-8")).items():
        assert name.startswith("canhttpd_") and family.help and family.type in ("counter", "gauge"), name
        # Counters are named as what they are, and all units are in the names.
        assert name.endswith("_total") == (family.type == "counter"), name
        assert not name.endswith(("_ms", "_percent")), name


def test_curl_and_head_get_it_too(service):
    assert b"canhttpd_info{" in service.curl(path="/metrics").body
    answer = service.request("HEAD", "/metrics")
    assert answer.status == 200 and answer.body == b""
    # A scraper says what it would like.
    accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"
    assert service.request("GET", "/metrics", headers={"Accept": accept}).status == 200


def test_what_one_expects_is_there(service, watches, jobs):
    # can0 has a bit rate and is up: its load is known after a second.
    wait_until(lambda: service.get("/v1/interfaces/can0")["bus_load"] is not None, "a second has passed")
    watches("vcan0")
    jobs("vcan0", ONE, interval_ms=1000)
    cansend("vcan0", "123#")
    found = metrics(service)
    for name, (type, labels) in FAMILIES.items():
        assert name in found, name
        assert found[name].type == type, name
        for sample in found[name].samples:
            assert labels in (None, set(dict(sample))), (name, sample)


def test_the_service_is_named(service):
    told, found = service.get("/v1"), metrics(service)
    assert found["canhttpd_info"](version=told["version"], epoch=told["epoch"], kernel=told["kernel"]) == 1
    assert found["canhttpd_uptime_seconds"]() == pytest.approx(service.get("/v1")["uptime_s"], abs=10)


def test_every_interface_is_there_as_it_is(service, make_interface):
    down = make_interface(up=False)
    found = metrics(service)["canhttpd_interface_up"].of("interface")
    assert found == {
        interface["name"]: interface["up"] for interface in service.get("/v1/interfaces")["interfaces"]}
    assert (found[down], found["vcan0"], found["can0"]) == (0, 1, 1)
    ip("link", "set", down, "up")
    wait_until(lambda: metrics(service)["canhttpd_interface_up"](interface=down) == 1, "it is up")
    ip("link", "del", down)
    wait_until(lambda: metrics(service)["canhttpd_interface_up"](interface=down) is None, "it is gone")


def test_frames_that_come_and_go_are_counted(service):
    before = metrics(service)
    with websocket(service, FRAMES) as stream:
        for _ in range(3):
            cansend("vcan0", "123#")
        assert service.request("POST", FRAMES, "123#01\n123#02", type="text/plain").json == {"sent": 2}
        assert service.request("POST", FRAMES + "?confirm=true", "123#03", type="text/plain").json["sent"] == 1
        stream.frames(6)

        def grown(name, **labels):
            return metrics(service)[name](**labels) - (before[name](**labels) or 0 if name in before else 0)

        wait_until(lambda: grown("canhttpd_stream_frames_delivered_total") >= 6, "they are counted as delivered")
        assert grown("canhttpd_frames_captured_total", interface="vcan0") == 6
        assert grown("canhttpd_frames_sent_total", interface="vcan0") == 3
        assert grown("canhttpd_frames_captured_total", interface="vcan1") == 0
        assert grown("canhttpd_log_events_total") >= 6


def test_what_the_kernel_dropped_is_counted(start):
    """While the service sleeps, more comes than its socket holds."""
    service = start("--receive-buffer-bytes", "100000")
    with websocket(service, FRAMES) as stream:
        with asleep(service):
            with Sender("vcan0", 3000) as sender:
                sender.finish()
        gap = stream.until_type("gap", where="kernel")

    def dropped():
        return metrics(service)["canhttpd_frames_kernel_dropped_total"](interface="vcan0")

    wait_until(lambda: dropped() >= gap["lost"], "the losses are counted")
    assert dropped() == service.get("/v1/interfaces/vcan0")["capture"]["kernel_dropped"] > 0
    assert metrics(service)["canhttpd_frames_kernel_dropped_total"](interface="vcan1") == 0


def test_jobs_are_counted_by_their_state(service, jobs):
    def counted():
        return metrics(service)["canhttpd_jobs"].of("state")

    assert set(counted()) == {"running", "stopped", "finished", "lapsed", "interface-down", "interface-gone"}
    assert set(counted().values()) == {0}
    made = [jobs("vcan0", ONE, interval_ms=1000) for _ in range(3)]
    patch(service, made[0], state="stopped")
    jobs("vcan0", ONE, interval_ms=10, lease_ms=10)
    wait_until(lambda: counted()["lapsed"] == 1, "the lease lapses")
    assert (counted()["running"], counted()["stopped"]) == (2, 1)
    assert service.request("DELETE", "/v1/jobs").status == 204
    assert set(counted().values()) == {0}


def test_watches_and_streams_are_counted(service, watches):
    def counted(name):
        return total(metrics(service)[name])

    before = counted("canhttpd_streams")
    with websocket(service, FRAMES), websocket(service, FRAMES):
        assert counted("canhttpd_streams") == before + 2
    wait_until(lambda: counted("canhttpd_streams") == before, "they are closed")
    for number in range(3):
        watches("vcan0", number)
    assert counted("canhttpd_watches") == 3


def test_the_load_of_a_bus_is_a_ratio(service):
    """Nothing is known of a bus without a bit rate."""
    wait_until(lambda: service.get("/v1/interfaces/can0")["bus_load"] is not None, "a second has passed")
    found = metrics(service)["canhttpd_bus_load_ratio"].of("interface")
    assert {"can0", "can1"} <= set(found) and not {"vcan0", "vcan1"} & set(found)
    assert all(0 <= load <= 1 for load in found.values())


def test_counters_only_grow(service, jobs):
    jobs("vcan0", ONE, interval_ms=5)
    before = metrics(service)
    for _ in range(10):
        assert service.request("POST", FRAMES, "124#", type="text/plain").status == 200
        after = metrics(service)
        for name, family in before.items():
            if family.type == "counter":
                for labels, value in family.samples.items():
                    assert after[name].samples.get(labels, 0) >= value, (name, labels)
        before = after


def test_a_name_with_quotes_is_escaped(service):
    """Linux lets an interface have nearly any name."""
    name = 'v"c\\n'
    ip("link", "add", name, "type", "vcan")
    try:
        wait_until(lambda: metrics(service)["canhttpd_interface_up"](interface=name) == 0, "it is there")
    finally:
        subprocess.run(["ip", "link", "del", name], check=True)


def test_it_takes_no_query_and_no_other_method(service):
    assert_problem(service.request("GET", "/metrics?x=1"), 400, "malformed-request", field="x")
    answer = service.request("POST", "/metrics", "{}")
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.names("Allow") >= {"GET", "HEAD"}
