"""What can be set of a controller, tried on two real drivers with emulated controllers; `ip` says what became of it."""
import subprocess

import pytest

from links import Adapter, change, changed, controller, is_up, lasting, link, modes, settings, told_of
from service import assert_problem, wait_until
from streams import websocket
from witnesses import cansend, ip

# What the emulated controllers do not reach with their clock: a bit is never so long.
UNREACHABLE = 1000
# Settings of every sort, none of them as the machine began.
UNUSUAL = {"bit_timing": {"brp": 2, "prop_seg": 3, "phase_seg1": 4, "phase_seg2": 2, "sjw": 2}, "restart_ms": 70,
           "modes": {"one_shot": True, "triple_sampling": True}}


@pytest.fixture(autouse=True)
def restored(controllers):
    """Whatever a test sets, the next finds the controllers as the machine began with them."""
    return controllers


def assert_as_ip_says(told, name):
    """Fails unless the resource says of a controller what `ip` does."""
    shown = controller(name)
    timing = dict(shown["bittiming"])
    assert told["up"] == is_up(name)
    assert (told["bitrate"], told["sample_point"]) == (timing.pop("bitrate"), float(timing.pop("sample_point")))
    assert told["bit_timing"] == timing
    assert told["restart_ms"] == shown["restart_ms"]
    assert {mode for mode, on in told["modes"].items() if on} == modes(name)


def assert_in_use(service, sender="can0", receiver="can1"):
    """Fails unless frames go from one controller to the other."""
    with websocket(service, f"/v1/interfaces/{receiver}/frames?events=frame") as stream:
        answer = service.request("POST", f"/v1/interfaces/{sender}/frames", '{"id":"123","data":"AB"}')
        assert answer.status == 200, answer
        frame = stream.until_type("frame", id="123")
        assert (frame["direction"], frame["data"]) == ("rx", "AB")


# What can be set

@pytest.mark.parametrize("bitrate", [10000, 125000, 1000000])
def test_the_bit_rate_is_set(service, bitrate):
    told = changed(service, "can0", bitrate=bitrate, cycle=True)
    assert (told["bitrate"], told["up"], told["state"]) == (bitrate, True, "error-active")
    assert controller("can0")["bittiming"]["bitrate"] == bitrate
    assert_as_ip_says(told, "can0")
    assert_in_use(service)


def test_the_sample_point_is_set(service):
    changed(service, "can0", up=False)
    for asked, bitrate, sample_point in (
        ({"bitrate": 500000, "sample_point": 0.5}, 500000, 0.5),
        ({"bitrate": 250000, "sample_point": 0.75}, 250000, 0.75),
        # Alone it goes with the bit rate that is set.
        ({"sample_point": 0.875}, 250000, 0.875),
        ({"sample_point": 0.75}, 250000, 0.75),
        # Without it the kernel takes its own.
        ({"bitrate": 125000}, 125000, 0.875),
        ({"bitrate": 1000000}, 1000000, 0.75),
    ):
        told = changed(service, "can0", **asked)
        assert (told["bitrate"], told["sample_point"]) == (bitrate, sample_point)
        assert_as_ip_says(told, "can0")


def test_a_sample_point_is_set_as_near_as_the_controller_comes(service):
    ip("link", "set", "can1", "down")
    ip("link", "set", "can1", "type", "can", "bitrate", "500000", "sample-point", "0.811")
    told = changed(service, "can0", bitrate=500000, sample_point=0.811, cycle=True)
    assert told["sample_point"] == float(controller("can1")["bittiming"]["sample_point"])
    assert_as_ip_says(told, "can0")


@pytest.mark.parametrize("scale", ["tq", "brp"])
def test_the_whole_bit_timing_is_set(service, scale):
    clock = controller("can0")["clock"]
    # 20 time quanta in all.
    timing = {"prop_seg": 5, "phase_seg1": 8, "phase_seg2": 6, "sjw": 3}
    scaled = timing | ({"tq": 2 * 10**9 // clock} if scale == "tq" else {"brp": 2})
    told = changed(service, "can0", bit_timing=scaled, cycle=True)
    assert told["bit_timing"] == timing | {"tq": 2 * 10**9 // clock, "brp": 2}
    assert (told["bitrate"], told["sample_point"]) == (clock // 2 // 20, 0.7)
    assert_as_ip_says(told, "can0")
    assert_in_use(service)


def test_the_jump_width_may_be_left_to_the_kernel(service):
    timing = {"brp": 1, "prop_seg": 6, "phase_seg1": 7, "phase_seg2": 2}
    told = changed(service, "can0", bit_timing=timing, cycle=True)
    assert told["bit_timing"]["sjw"] >= 1
    assert {part: told["bit_timing"][part] for part in timing} == timing
    assert_as_ip_says(told, "can0")


def test_the_restart_delay_is_set(service):
    for delay in (1, 100):
        told = changed(service, "can0", restart_ms=delay, cycle=True)
        assert told["restart_ms"] == delay
        assert_as_ip_says(told, "can0")
    # `ip` shows it as -1.
    assert changed(service, "can0", restart_ms=4294967295, cycle=True)["restart_ms"] == 4294967295


def test_every_mode_that_the_driver_has_is_switched_on_and_off(service):
    supported = [mode.lower().replace("-", "_") for mode in controller("can1")["ctrlmode_supported"]]
    assert "listen_only" in supported and len(supported) >= 3
    changed(service, "can1", up=False)
    for mode in supported:
        told = changed(service, "can1", modes={mode: True})
        assert modes("can1") == {mode}
        assert_as_ip_says(told, "can1")
        changed(service, "can1", up=True)
        told = changed(service, "can1", modes={mode: False}, up=False)
        assert modes("can1") == set() and not any(told["modes"].values())


def test_modes_that_are_not_named_stay_as_they_are(service):
    changed(service, "can1", modes={"one_shot": True, "berr_reporting": True}, cycle=True)
    changed(service, "can1", modes={"triple_sampling": True, "berr_reporting": False}, cycle=True)
    assert modes("can1") == {"one_shot", "triple_sampling"}
    changed(service, "can1", bitrate=250000, cycle=True)
    assert modes("can1") == {"one_shot", "triple_sampling"}


def test_who_only_listens_hears_all_and_says_nothing(service):
    changed(service, "can1", modes={"listen_only": True}, cycle=True)
    assert_in_use(service)
    with websocket(service, "/v1/interfaces/can0/frames?events=frame") as stream:
        # Whether the kernel refuses it or drops it: it does not come on the bus.
        service.request("POST", "/v1/interfaces/can1/frames", '{"id":"124"}')
        cansend("can0", "125#")
        stream.until_type("frame", id="125")
        assert not any(event.get("id") == "124" for event in stream.seen)
    changed(service, "can1", modes={"listen_only": False}, cycle=True)
    assert_in_use(service, "can1", "can0")


def test_several_settings_at_once(service):
    told = changed(service, "can0", txqueuelen=25, cycle=True, **UNUSUAL)
    assert told["txqueuelen"] == link("can0")["txqlen"] == 25
    assert told["restart_ms"] == 70 and modes("can0") == {"one_shot", "triple_sampling"}
    assert told["bit_timing"] == UNUSUAL["bit_timing"] | {"tq": told["bit_timing"]["tq"]}
    assert_as_ip_says(told, "can0")
    assert_in_use(service)


def test_the_transmit_queues_length_is_set_while_the_controller_is_up(service):
    with websocket(service, "/v1/interfaces/can0/frames") as stream:
        assert changed(service, "can0", txqueuelen=40)["txqueuelen"] == 40
        assert link("can0")["txqlen"] == 40
        cansend("can0", "123#")
        stream.until_type("frame", id="123")
        assert told_of(stream.seen, "can0") == [("can0", "settings")]


def test_a_controller_that_is_down_is_set_up_in_one_request(service):
    changed(service, "can0", up=False)
    assert service.get("/v1/interfaces/can0")["state"] == "stopped"
    told = changed(service, "can0", bitrate=250000, restart_ms=100, up=True)
    assert (told["bitrate"], told["restart_ms"], told["up"], told["state"]) == (250000, 100, True, "error-active")
    assert_as_ip_says(told, "can0")
    assert_in_use(service)


def test_a_controller_is_set_and_switched_off_in_one_request(service):
    told = changed(service, "can0", bitrate=250000, up=False)
    assert (told["bitrate"], told["up"], told["state"]) == (250000, False, "stopped")
    assert_as_ip_says(told, "can0")


def test_a_controller_that_was_never_set_up_needs_a_bit_rate(service):
    """As it is when its adapter was just plugged in."""
    adapter = Adapter("can1")
    try:
        adapter.unplug()
        wait_until(lambda: link("can1") is None, "it is gone")
    finally:
        adapter.plug_in()
    told = wait_until(
        lambda: (answer := service.request("GET", "/v1/interfaces/can1")).status == 200 and answer.json, "it is back")
    assert (told["bitrate"], told["sample_point"], told["bit_timing"], told["state"]) == (None, None, None, "stopped")
    problem = assert_problem(
        change(service, "can1", up=True), 422, "invalid-interface-setting", field="bitrate")
    assert "bit rate" in problem["detail"]
    assert_problem(change(service, "can1", sample_point=0.8), 422, "invalid-interface-setting", field="sample_point")
    assert not is_up("can1")
    assert changed(service, "can1", bitrate=500000, up=True)["up"] is True
    assert_in_use(service)
    assert_in_use(service, "can1", "can0")


# What needs the controller down

def test_while_the_controller_is_up_it_is_busy_and_nothing_is_done(service):
    before = settings("can0")
    with websocket(service, "/v1/interfaces/can0/frames") as stream:
        for asked, field in (
            ({"bitrate": 250000}, "bitrate"), ({"sample_point": 0.75}, "sample_point"),
            ({"bit_timing": UNUSUAL["bit_timing"]}, "bit_timing"), ({"restart_ms": 100}, "restart_ms"),
            ({"modes": {"listen_only": True}}, "modes"), ({"bitrate": 250000, "up": True}, "bitrate"),
            ({"restart_ms": 100, "cycle": False}, "restart_ms"), ({"txqueuelen": 33, "bitrate": 250000}, "bitrate"),
            ({"txqueuelen": 33, "modes": {"one_shot": True}}, "modes"),
        ):
            problem = assert_problem(change(service, "can0", **asked), 409, "interface-busy")
            assert problem["field"].split(".")[0] == field
            assert settings("can0") == before, asked
        cansend("can0", "123#")
        assert stream.next()["type"] == "frame"


def test_with_cycle_the_controller_goes_down_and_comes_up_again(service):
    with websocket(service, "/v1/interfaces/can0/frames") as stream:
        changed(service, "can0", bitrate=250000, cycle=True)
        up = stream.until_type("interface", change="up")
        assert up["state"]["bitrate"] == 250000
        settings_event = next((event for event in stream.seen if event.get("change") == "settings"), None)
        settings_event = settings_event or stream.until_type("interface", change="settings")
        assert settings_event["state"]["bitrate"] == 250000
        told = [what for _, what in told_of(stream.seen, "can0") if what in ("up", "down")]
        assert told == ["down", "up"]
    assert_in_use(service)


def test_with_cycle_what_can_be_done_at_once_takes_nothing_down(service):
    with websocket(service, "/v1/interfaces/can0/frames") as stream:
        changed(service, "can0", txqueuelen=30, bitrate=500000, cycle=True)
        cansend("can0", "123#")
        stream.until_type("frame", id="123")
        assert told_of(stream.seen, "can0") == [("can0", "settings")]


@pytest.mark.parametrize("begins_up", [True, False])
def test_with_cycle_a_controller_that_is_to_be_down_stays_down(service, begins_up):
    changed(service, "can0", up=begins_up)
    told = changed(service, "can0", bitrate=250000, cycle=True, **({"up": False} if begins_up else {}))
    assert (told["up"], told["bitrate"]) == (False, 250000)
    assert not is_up("can0")


def test_what_is_already_so_is_no_change(service):
    before, resource = settings("can0"), service.get("/v1/interfaces/can0")
    with websocket(service, "/v1/interfaces/can0/frames") as stream:
        for asked in (
            {"bitrate": 500000}, {"bitrate": 500000, "sample_point": 0.875}, {"sample_point": 0.875},
            {"restart_ms": 0}, {"up": True}, {"modes": {"listen_only": False, "one_shot": False}}, {"txqueuelen": 10},
            {"mtu": 16},
            {"bitrate": 500000, "restart_ms": 0, "modes": {"loopback": False}, "up": True, "txqueuelen": 10},
        ):
            for cycle in ({}, {"cycle": True}):
                assert lasting(changed(service, "can0", **asked, **cycle)) == lasting(resource), asked
                cansend("can0", "123#")
                assert stream.next()["type"] == "frame", asked
    assert settings("can0") == before


def test_the_bit_timing_that_is_set_is_no_change(service):
    timing = service.get("/v1/interfaces/can0")["bit_timing"]
    for scale in ("tq", "brp"):
        asked = {part: value for part, value in timing.items() if part in (scale, "sjw") or "seg" in part}
        with websocket(service, "/v1/interfaces/can0/frames") as stream:
            changed(service, "can0", bit_timing=asked)
            cansend("can0", "123#")
            assert stream.next()["type"] == "frame"


# What the kernel refuses

def kernels_own_words(name, *arguments):
    """The sentence that comes with the kernel's refusal of what `ip` asks for; None where it gives only a number."""
    run = subprocess.run(
        ["ip", "link", "set", name, "type", "can", *arguments], capture_output=True, text=True, check=False)
    assert run.returncode != 0
    words = [line.removeprefix("Error: ").strip() for line in run.stderr.splitlines() if line.startswith("Error: ")]
    return words[0].removesuffix(".") if words else None


def test_what_the_kernel_refuses_is_told_in_its_words(service):
    changed(service, "can0", up=False)
    problem = assert_problem(change(service, "can0", bitrate=UNREACHABLE), 422, "invalid-interface-setting")
    # 6.1 has only a number for it, later kernels say how far off it would be.
    assert problem["errno"] in ("EDOM", "EINVAL")
    for words in ("RTM_NEWLINK", "can0", problem["errno"]):
        assert words in problem["detail"], problem
    sentence = kernels_own_words("can0", "bitrate", str(UNREACHABLE))
    assert sentence is None or sentence in problem["detail"]


@pytest.mark.parametrize("asked", [
    {"bitrate": UNREACHABLE}, {"bitrate": UNREACHABLE, "sample_point": 0.6},
    {"txqueuelen": 60, "restart_ms": 55, "modes": {"listen_only": True}, "bitrate": UNREACHABLE},
])
def test_with_cycle_and_what_the_kernel_refuses_the_old_settings_are_back(service, asked):
    changed(service, "can0", txqueuelen=25, cycle=True, **UNUSUAL)
    before, resource = settings("can0"), service.get("/v1/interfaces/can0")
    with websocket(service, "/v1/interfaces/can0/frames") as stream:
        problem = assert_problem(change(service, "can0", cycle=True, **asked), 422, "invalid-interface-setting")
        assert problem["errno"] in ("EDOM", "EINVAL")
        assert "old settings" in problem["detail"]
        assert settings("can0") == before
        assert lasting(service.get("/v1/interfaces/can0")) == lasting(resource)
        cansend("can0", "123#")
        stream.until_type("frame", id="123")
        # Only the kernel knows, and it has to be down to be asked.
        assert [what for _, what in told_of(stream.seen, "can0") if what in ("up", "down")] == ["down", "up"]
    assert_in_use(service)
    assert_in_use(service, "can1", "can0")


@pytest.mark.parametrize("more", [
    {"txqueuelen": 60}, {"restart_ms": 55, "modes": {"listen_only": True}}, {"up": True}])
def test_what_the_kernel_refuses_of_a_controller_that_is_down_is_not_done_in_part(service, more):
    changed(service, "can0", up=False, **UNUSUAL)
    before = settings("can0")
    assert_problem(change(service, "can0", bitrate=UNREACHABLE, **more), 422, "invalid-interface-setting")
    assert settings("can0") == before and not is_up("can0")
    assert changed(service, "can0", up=True)["up"] is True
    assert_in_use(service)


def test_a_refusal_with_up_false_leaves_the_controller_up(service):
    before = settings("can0")
    assert_problem(change(service, "can0", bitrate=UNREACHABLE, up=False), 422, "invalid-interface-setting")
    assert settings("can0") == before
    assert_in_use(service)


def test_jobs_of_a_controller_that_is_cycled_resume_if_they_may(service, jobs):
    stays = jobs("can0", [{"id": "301"}], interval_ms=20, resume=True)
    ends = jobs("can0", [{"id": "302"}], interval_ms=20)
    changed(service, "can0", bitrate=250000, cycle=True)
    wait_until(lambda: service.get(f"/v1/jobs/{stays['id']}")["state"] == "running", "it runs again")
    assert service.get(f"/v1/jobs/{ends['id']}")["state"] == "interface-down"
    with websocket(service, "/v1/interfaces/can1/frames?events=frame") as stream:
        assert {frame["id"] for frame in stream.frames(3)} == {"301"}


# Restarting by hand. The emulated controllers never go bus-off: QEMU simulates no errors.

@pytest.mark.parametrize("body", [None, "{}"])
def test_a_controller_that_is_not_bus_off_is_not_restarted(service, body):
    answer = service.request("POST", "/v1/interfaces/can0/restart", body)
    problem = assert_problem(answer, 422, "invalid-interface-setting", field="state")
    assert "bus-off" in problem["detail"] and "error-active" in problem["detail"]
    assert_in_use(service)


def test_a_controller_that_restarts_by_itself_is_not_restarted(service):
    changed(service, "can0", restart_ms=100, cycle=True)
    answer = service.request("POST", "/v1/interfaces/can0/restart")
    problem = assert_problem(answer, 422, "invalid-interface-setting", field="restart_ms")
    assert "100" in problem["detail"]


def test_a_controller_that_is_down_is_not_restarted(service):
    changed(service, "can0", restart_ms=100, up=False)
    assert_problem(service.request("POST", "/v1/interfaces/can0/restart"), 409, "interface-down")
    assert not is_up("can0")


def test_what_has_no_controller_is_not_restarted(service, make_interface, make_pair):
    for name in (make_interface(), make_interface(up=False), *make_pair()):
        assert_problem(service.request("POST", f"/v1/interfaces/{name}/restart"), 501, "not-supported")
