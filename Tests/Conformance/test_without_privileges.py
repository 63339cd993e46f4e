"""The service without CAP_NET_ADMIN: what it cannot do is told with how to grant it, and all else it does."""
import pytest

from links import change, changed, lasting, link, make, settings
from periodic import becomes
from service import Service, assert_problem, wait_until
from streams import websocket
from witnesses import RawSocket, cansend, ip, receivers

FRAMES = "/v1/interfaces/vcan0/frames"
LAUNCHERS = {
    "as nobody": ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all",
                  "--bounding-set=-all"],
    "as root with everything else": ["setpriv", "--inh-caps=-net_admin", "--bounding-set=-net_admin"],
}


@pytest.fixture(scope="module", params=LAUNCHERS)
def bare(request):
    service = Service(launcher=LAUNCHERS[request.param])
    yield service
    service.check()
    assert service.stop()[0] == 0


def assert_denied(answer, name):
    problem = assert_problem(answer, 403, "permission-denied", needs="CAP_NET_ADMIN", errno="EPERM")
    assert name in problem["detail"]
    # How to grant it: to the binary, or by the service manager.
    assert "CAP_NET_ADMIN" in problem["detail"]
    assert any(word in problem["detail"] for word in ("setcap", "AmbientCapabilities")), problem["detail"]


def test_it_has_no_right_to_change_interfaces(bare):
    """The trick itself."""
    with open(f"/proc/{bare.pid}/status", encoding="ascii") as status:
        effective = next(int(line.split()[1], 16) for line in status if line.startswith("CapEff"))
    assert not effective & 1 << 12


@pytest.mark.parametrize("name, asked", [
    ("vcan0", {"up": False}), ("vcan0", {"txqueuelen": 77}), ("vcan0", {"mtu": 16, "cycle": True}),
    ("vcan0", {"mtu": 16, "up": False}), ("can0", {"bitrate": 250000, "cycle": True}), ("can0", {"txqueuelen": 40}),
    ("can0", {"restart_ms": 100, "modes": {"listen_only": True}, "cycle": True}), ("can0", {"up": False}),
])
def test_a_change_is_denied_and_nothing_is_changed(bare, name, asked):
    before = settings(name)
    with websocket(bare, f"/v1/interfaces/{name}/frames") as stream:
        assert_denied(change(bare, name, **asked), name)
        assert settings(name) == before
        cansend(name, "123#")
        # It was not even down for a moment.
        assert stream.next()["type"] == "frame"


def test_an_interface_that_is_down_stays_down(bare, make_interface):
    name = make_interface(up=False)
    before = settings(name)
    assert_denied(change(bare, name, up=True), name)
    assert_denied(change(bare, name, mtu=16), name)
    assert settings(name) == before


@pytest.mark.parametrize("kind, members", [
    ("vcan", {}), ("vcan", {"up": True, "mtu": 16}), ("vxcan", {"peer": "other"})])
def test_making_is_denied(bare, new_name, kind, members):
    name = new_name()
    assert_denied(make(bare, name, kind, **members), name)
    assert link(name) is None and link("other") is None


def test_removing_is_denied(bare, make_interface):
    name = make_interface()
    assert_denied(bare.request("DELETE", f"/v1/interfaces/{name}"), name)
    assert "UP" in link(name)["flags"]


def test_the_problem_has_a_page_that_says_what_to_do(bare):
    page = bare.request("GET", "/problems/permission-denied")
    assert page.status == 200 and b"setcap" in page.body and b"cap_net_admin" in page.body.lower()


def test_what_is_wrong_is_wrong_without_the_right_too(bare):
    assert_problem(change(bare, "vcan0", mtu=17), 422, "invalid-interface-setting", field="mtu")
    assert_problem(change(bare, "vcan0", bitrate=500000), 501, "not-supported", field="bitrate")
    assert_problem(change(bare, "can0", bitrate=250000), 409, "interface-busy", field="bitrate")
    assert_problem(make(bare, "vcan0"), 409, "interface-exists", field="name")
    assert_problem(bare.request("DELETE", "/v1/interfaces/can0"), 422, "invalid-interface-setting", field="kind")


def test_what_is_already_so_needs_no_right(bare):
    before = bare.get("/v1/interfaces/can0")
    assert lasting(changed(bare, "can0", up=True, bitrate=500000)) == lasting(before)


def test_the_service_says_that_it_is_well(bare):
    assert bare.get("/healthz") == {"status": "ok"}
    # What is shown of interfaces is the same that another service shows who may do all.
    assert bare.get("/v1/interfaces/can0")["bitrate"] == 500000
    assert {"vcan0", "vcan1", "can0", "can1"} <= {
        interface["name"] for interface in bare.get("/v1/interfaces")["interfaces"]}


def test_frames_are_sent_and_shown(bare, wire):
    with websocket(bare, FRAMES) as stream:
        assert bare.request("POST", FRAMES, '{"id":"123"}').json == {"sent": 1}
        assert stream.next()["direction"] == "tx"
        cansend("vcan0", "124#")
        assert stream.next()["id"] == "124"
        with RawSocket("vcan0") as raw:
            raw.send(0x20000004, bytes.fromhex("0020000000000000"))
        assert stream.next()["controller"] == ["tx-passive"]
    assert wire.wait_for_count("vcan0", 3)


def test_a_controllers_frames_are_sent_and_shown(bare):
    with websocket(bare, "/v1/interfaces/can1/frames?events=frame") as stream:
        answer = bare.request("POST", "/v1/interfaces/can0/frames?confirm=true", '{"id":"123"}')
        assert answer.status == 200 and len(answer.json["frames"]) == 1
        assert stream.next()["direction"] == "rx"


def test_jobs_run(bare, wire):
    answer = bare.request(
        "POST", "/v1/interfaces/vcan0/jobs", json_body={"frames": [{"id": "124"}], "interval_ms": 20})
    assert answer.status == 201
    wire.wait_for_count("vcan0", 3)
    becomes(bare, answer.json, "running")
    assert bare.request("DELETE", answer["Location"]).status == 204


def test_filters_are_installed(bare, make_interface):
    name = make_interface()
    wait_until(lambda: bare.request("GET", f"/v1/interfaces/{name}").status == 200, "it is known")
    body = {"filters": [{"id": "321", "extended": False}]}
    assert bare.request("PUT", f"/v1/interfaces/{name}/filters", json_body=body).status == 200
    assert (0x321, 0x800007FF) in receivers(name, "fil")


def test_what_others_do_to_an_interface_is_told(bare, make_interface):
    with websocket(bare) as stream:
        name = make_interface()
        stream.until_type("interface", interface=name, change="up")
        ip("link", "set", name, "txqueuelen", "66")
        event = stream.until_type("interface", interface=name, change="settings")
        assert event["state"]["txqueuelen"] == 66
        ip("link", "del", name)
        stream.until_type("interface", interface=name, change="removed")


def test_a_controller_is_not_restarted_by_who_may_not(bare):
    """It would be told first that there is nothing to restart."""
    answer = bare.request("POST", "/v1/interfaces/can0/restart")
    assert_problem(answer, 422, "invalid-interface-setting", field="state")
