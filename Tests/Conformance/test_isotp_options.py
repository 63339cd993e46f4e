"""The options of an exchange, by what is then on the bus: padding, flow control, CAN FD, functional requests."""
import itertools
import pathlib

import pytest

from isotp_partners import LONGEST, Misbehaving, Partner, answered, completed, exchange, exchanging, pdu
from service import assert_problem, wait_until
from uds_responder import IDENTIFIERS, UdsResponder

VIN = "62F190" + IDENTIFIERS["F190"]
# CAN FD: mtu 72, up to 64 bytes a frame, no flags.
FLEXIBLE = (72, 64, 0)


def sent(wire, identifier="7E0"):
    """The frames of one side so far, as candump saw them."""
    return [frame for frame in wire.frames("vcan0") if frame.id == identifier]


def texts(wire, identifier="7E0"):
    return [frame.text for frame in sent(wire, identifier)]


# Padding.


@pytest.mark.parametrize("padding, byte", [("CC", "CC"), (0xCC, "CC"), ("aa", "AA"), (0, "00"), (255, "FF")])
def test_what_is_sent_is_padded(service, wire, padding, byte):
    with Partner("vcan0") as partner:
        for data in ("3E00", pdu(16)):
            assert exchange(service, data, tx_padding=padding, response=False).status == 200
            # Only what stands for data reaches the other side.
            assert partner.receive() == data
    single, *several = texts(wire)
    assert single == "7E0#023E00" + byte * 5
    assert [len(text) for text in several] == [20] * 3 and several[-1].endswith(byte)


def test_without_padding_frames_are_as_short_as_they_can_be(service, wire):
    with UdsResponder("vcan0"):
        assert answered(service, "22F190") == VIN
    assert texts(wire) == ["7E0#0322F190", "7E0#300000"]


def test_flow_control_is_padded_like_everything_that_is_sent(service, wire):
    with UdsResponder("vcan0"):
        assert answered(service, "22F190", tx_padding="CC") == VIN
    assert texts(wire) == ["7E0#0322F190CCCCCCCC", "7E0#300000CCCCCCCCCC"]


def test_an_answer_is_to_be_padded_as_agreed(service):
    with UdsResponder("vcan0", tx_padding=0x55):
        assert answered(service, "3E00", rx_padding="55") == "7E00"
        assert_problem(exchange(service, "3E00", rx_padding="AA"), 502, "isotp-error", errno="EBADMSG")


def test_a_unit_that_pads_its_answers_is_understood(service, wire):
    with UdsResponder("vcan0", tx_padding=0x55, rx_padding=0x55):
        assert answered(service, "22F190", tx_padding=0xCC, rx_padding=0x55) == VIN
        assert answered(service, "22F190") == VIN
    assert {len(text) for text in texts(wire, "7E8")} == {20}


# Flow control.


@pytest.mark.parametrize("block_size, asked", [(0, 1), (1, 9), (4, 3), (255, 1)])
def test_a_unit_is_asked_for_blocks_of_that_size(service, wire, block_size, asked):
    """An answer of 66 bytes is a first frame and nine others; before each block stands a flow control frame."""
    with Partner("vcan0") as partner, exchanging(
            service, "22F190", block_size=block_size, timeout_ms=10000) as pending:
        partner.receive()
        partner.send(pdu(66))
        assert pending.result().json["data"] == pdu(66)
    flow_control = [text for text in texts(wire) if text.startswith("7E0#3")]
    assert flow_control == [f"7E0#30{block_size:02X}00"] * asked


@pytest.mark.parametrize("st_min, byte, seconds", [
    (0, "00", 0), (100, "F1", 0.0001), (900, "F9", 0.0009), (1000, "01", 0.001), (20000, "14", 0.02),
    (127000, "7F", 0.127)])
def test_a_unit_is_asked_to_leave_that_time_between_frames(service, wire, st_min, byte, seconds):
    with Partner("vcan0") as partner, exchanging(service, "22F190", st_min_us=st_min, timeout_ms=10000) as pending:
        partner.receive()
        partner.send(pdu(27))
        assert pending.result().json["data"] == pdu(27)
    assert [text for text in texts(wire) if text.startswith("7E0#3")] == [f"7E0#3000{byte}"]
    times = [frame.time for frame in sent(wire, "7E8") if frame.data.startswith("2")]
    assert len(times) == 3
    # The partner's timer is the kernel's.
    assert all(later - earlier >= seconds - 0.0005 for earlier, later in itertools.pairwise(times))


def test_a_units_blocks_and_times_are_kept_to(service, wire):
    with Partner("vcan0", block_size=3, st_min=15) as partner:
        assert exchange(service, pdu(62), response=False, timeout_ms=10000).json["sent"] == 62
        assert partner.receive() == pdu(62)
    assert texts(wire, "7E8") == ["7E8#30030F"] * 3
    times = [frame.time for frame in sent(wire) if frame.data.startswith("2")]
    assert len(times) == 8
    assert all(times[place + 1] - times[place] >= 0.0145 for place in (0, 1, 3, 4, 6))


# CAN FD.


@pytest.mark.parametrize("brs, mark", [(False, "##0"), (True, "##1")])
def test_a_flexible_frame_holds_62_bytes(service, wire, brs, mark):
    with Partner("vcan0", link_layer=FLEXIBLE) as partner:
        for length in (7, 8, 62):
            answer = exchange(service, pdu(length), fd=True, brs=brs, tx_data_length=64, response=False)
            assert answer.json["sent"] == length
            assert partner.receive() == pdu(length)
    # Over eight bytes the length stands in a byte of its own, and what is left of the frame is filled.
    assert [text[:10] for text in texts(wire)] == [f"7E0{mark}{head}" for head in ("0700", "0008", "003E")]
    assert [len(text) for text in texts(wire)] == [6 + 16, 6 + 24, 6 + 128]


@pytest.mark.parametrize("length, frames", [(8, 15), (12, 10), (16, 7), (20, 6), (24, 5), (32, 4), (48, 3), (64, 2)])
def test_frames_are_as_long_as_is_asked_for(service, wire, length, frames):
    """A hundred bytes; each frame beside the first holds one less than its length."""
    with Partner("vcan0", link_layer=FLEXIBLE) as partner:
        answer = exchange(service, pdu(100), fd=True, tx_data_length=length, response=False, timeout_ms=10000)
        assert answer.json["sent"] == 100
        assert partner.receive() == pdu(100)
    seen = texts(wire)
    assert len(seen) == frames and {text[3:6] for text in seen} == {"##0"}
    assert [(len(text) - 6) // 2 for text in seen[:-1]] == [length] * (frames - 1)


def test_a_request_and_its_answer_in_flexible_frames(service, wire):
    with UdsResponder("vcan0", link_layer=FLEXIBLE):
        for identifier in ("F190", "F1A0", "F1A2"):
            assert answered(service, f"22{identifier}", fd=True, brs=True, tx_data_length=64, timeout_ms=10000) == (
                f"62{identifier}{IDENTIFIERS[identifier]}")
    # What it sends has the flag, flow control included.
    assert {text[:6] for text in texts(wire)} == {"7E0##1"} and {text[:6] for text in texts(wire, "7E8")} == {"7E8##0"}


def test_flexible_frames_can_be_padded(service, wire):
    with Partner("vcan0", link_layer=FLEXIBLE) as partner:
        assert exchange(service, "3E00", fd=True, tx_data_length=16, tx_padding="CC", response=False).status == 200
        assert partner.receive() == "3E00"
    assert texts(wire) == ["7E0##0023E00CCCCCCCCCC"]


def test_flexible_frames_need_an_interface_that_takes_them(service, make_interface):
    name = make_interface("mtu", "16")
    for interface in (name, "can0"):
        problem = assert_problem(
            exchange(service, "3E00", interface, fd=True, tx_data_length=64), 422, "invalid-isotp", field="fd")
        assert interface in problem["detail"]


# Functional requests.


def test_a_functional_request_goes_to_everybody_and_waits_for_nobody(service, wire):
    with UdsResponder("vcan0", functional=0x7DF) as unit:
        answer = exchange(service, "3E80", tx_id="7DF", rx_id=None, functional=True, response=False)
        assert answer.status == 200 and answer.json["sent"] == 2
        assert [frame.text for frame in wire.wait_for_count("vcan0", 1)] == ["7DF#023E80"]
        wait_until(lambda: unit.requests == ["3E80"], "the unit has it")
        assert answered(service, "3E00") == "7E00"
        assert unit.requests == ["3E80", "3E00"]


def test_a_functional_request_may_be_answered(service, wire):
    with UdsResponder("vcan0", functional=0x7DF):
        assert answered(service, "3E00", tx_id="7DF", functional=True, tx_padding="CC") == "7E00"
    assert [frame.text for frame in wire.wait_for_count("vcan0", 2)] == ["7DF#023E00CCCCCCCCCC", "7E8#027E00"]


def test_a_functional_request_is_one_frame(service, wire):
    with UdsResponder("vcan0", functional=0x7DF):
        members = {"tx_id": "7DF", "rx_id": None, "functional": True, "response": False}
        assert exchange(service, "3E80" + "00" * 5, **members).json["sent"] == 7
        problem = assert_problem(exchange(service, "00" * 8, **members), 422, "invalid-isotp", field="data")
        assert "7" in problem["detail"]
        assert_problem(exchange(service, "00" * 7, tx_address="F1", **members), 422, "invalid-isotp", field="data")
        assert texts(wire, "7DF") == ["7DF#073E800000000000"]


def test_a_functional_request_in_a_flexible_frame(service):
    with Partner("vcan0", tx=0x7E8, rx=0x7DF, link_layer=FLEXIBLE) as partner:
        members = {"tx_id": "7DF", "rx_id": None, "functional": True, "response": False, "fd": True,
                   "tx_data_length": 64}
        assert exchange(service, pdu(62), **members).json["sent"] == 62
        assert partner.receive() == pdu(62)
        assert_problem(exchange(service, pdu(63), **members), 422, "invalid-isotp", field="data")


# The largest PDU.


def largest():
    """As the kernel at hand has it; one that does not say has 66000 bytes."""
    parameter = pathlib.Path("/sys/module/can_isotp/parameters/max_pdu_size")
    return int(parameter.read_text(encoding="ascii")) if parameter.exists() else LONGEST


def test_the_largest_pdu_of_the_kernel_is_told_and_taken(service):
    most = service.get("/v1")["limits"]["isotp_pdu_bytes"]
    assert most == largest()

    def transfer():
        with Partner("vcan0") as partner:
            answer = exchange(service, pdu(most), response=False, timeout_ms=60000)
            assert answer.status != 200 or partner.receive() == pdu(most)
            return answer

    assert completed(transfer).json["sent"] == most


def test_the_largest_pdu_is_received(service):
    most = largest()

    def transfer():
        with Partner("vcan0") as partner, exchanging(service, "22F190", timeout_ms=60000) as pending:
            partner.receive()
            partner.send(pdu(most))
            return pending.result()

    assert completed(transfer).json["data"] == pdu(most)


def test_a_longer_one_is_refused_before_the_kernel_is_asked(service, wire):
    most = largest()
    problem = assert_problem(exchange(service, "00" * (most + 1)), 422, "invalid-isotp", field="data")
    assert str(most) in problem["detail"] and "errno" not in problem
    assert not wire.frames("vcan0")


def test_one_that_the_service_cannot_take_is_refused_by_itself(service):
    """Of a unit that announces 70000 bytes, nothing is awaited."""
    with Misbehaving("vcan0") as partner, exchanging(service, "22F190", timeout_ms=600) as pending:
        partner.hear("0322F190")
        partner.say("100000011170AAAA")
        # Overflow.
        assert partner.hear("3").startswith("32")
        assert pending.result().status in (502, 504)
