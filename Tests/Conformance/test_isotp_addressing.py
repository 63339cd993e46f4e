"""The ways in which ISO-TP names who is meant: identifiers of 11 and 29 bits, with an address byte and without."""
import pytest

from isotp_partners import Misbehaving, Partner, answered, exchange, exchanging, isotprecv, pdu
from service import assert_problem
from uds_responder import IDENTIFIERS, UdsResponder
from witnesses import EXTENDED

VIN = "62F190" + IDENTIFIERS["F190"]


def heads(wire, count, length=4):
    """How the data of the next frames begin."""
    return [f"{frame.id}#{frame.data[:length]}" for frame in wire.wait_for_count("vcan0", count)]


def test_normal_addressing_has_no_address_byte(service, wire):
    with UdsResponder("vcan0"):
        assert answered(service, "22F190") == VIN
    assert heads(wire, 5) == ["7E0#0322", "7E8#1014", "7E0#3000", "7E8#215A", "7E8#2257"]


@pytest.mark.parametrize("identifiers", [
    {"tx_id": "18DA10F1", "rx_id": "18DAF110"}, {"tx_id": "18da10f1", "rx_id": 0x18DAF110, "extended": True},
])
def test_identifiers_of_29_bits(service, wire, identifiers):
    with UdsResponder("vcan0", EXTENDED | 0x18DAF110, EXTENDED | 0x18DA10F1):
        assert answered(service, "22F190", **identifiers) == VIN
    assert [frame.id for frame in wire.wait_for_count("vcan0", 5)] == [
        "18DA10F1", "18DAF110", "18DA10F1", "18DAF110", "18DAF110"]


def test_a_small_identifier_of_29_bits_is_another_than_one_of_11(service, wire):
    with UdsResponder("vcan0"), UdsResponder("vcan0", EXTENDED | 0x7E8, EXTENDED | 0x7E0) as long:
        assert answered(service, "3E00", extended=True) == "7E00"
        assert long.requests == ["3E00"]
    assert heads(wire, 2) == ["000007E0#023E", "000007E8#027E"]


@pytest.mark.parametrize("addresses", [
    {"tx_address": "F1"}, {"tx_address": 241}, {"tx_address": "f1", "rx_address": 241},
])
def test_mixed_addressing_has_one_address_both_ways(service, wire, addresses):
    with UdsResponder("vcan0", addresses=(0xF1,)):
        assert answered(service, "22F190", **addresses) == VIN
    assert heads(wire, 5) == ["7E0#F103", "7E8#F110", "7E0#F130", "7E8#F121", "7E8#F122"]


@pytest.mark.parametrize("addresses", [{"tx_address": "10", "rx_address": "F1"}, {"tx_address": 16, "rx_address": 241}])
def test_extended_addressing_has_an_address_for_each(service, wire, addresses):
    with UdsResponder("vcan0", addresses=(0xF1, 0x10)):
        assert answered(service, "22F190", **addresses) == VIN
    assert heads(wire, 5) == ["7E0#1003", "7E8#F110", "7E0#1030", "7E8#F121", "7E8#F122"]


@pytest.mark.parametrize("address", [0, 255])
def test_an_address_may_be_any_byte(service, wire, address):
    with UdsResponder("vcan0", addresses=(address,)):
        assert answered(service, "3E00", tx_address=address) == "7E00"
    assert heads(wire, 2, 6) == [f"7E0#{address:02X}023E", f"7E8#{address:02X}027E"]


def test_addresses_and_identifiers_of_29_bits_go_together(service):
    with UdsResponder("vcan0", EXTENDED | 0x18CEF110, EXTENDED | 0x18CE10F1, addresses=(0x22, 0x33)) as unit:
        assert answered(service, "22F1A0", tx_id="18CE10F1", rx_id="18CEF110", tx_address="33", rx_address="22",
                        timeout_ms=15000) == "62F1A0" + IDENTIFIERS["F1A0"]
        assert unit.requests == ["22F1A0"]


def test_of_units_that_share_identifiers_the_one_that_is_meant_answers(service):
    with UdsResponder("vcan0", addresses=(0xF1, 0x10)) as one, UdsResponder("vcan0", addresses=(0xF1, 0x11)) as other:
        for unit, address in ((one, "10"), (other, "11"), (one, "10")):
            assert answered(service, "3E00", tx_address=address, rx_address="F1") == "7E00"
            assert unit.requests.pop() == "3E00"
        assert not one.requests and not other.requests


def test_an_answer_to_somebody_else_is_none(service):
    with Misbehaving("vcan0") as partner, exchanging(
            service, "3E00", tx_address="10", rx_address="F1", timeout_ms=15000) as pending:
        assert partner.hear() == "10023E00"
        # To another address, without one, with one's own.
        for data in ("F2027E01", "027E02", "10027E03", "F1027E04"):
            partner.say(data)
        assert pending.result().json["data"] == "7E04"


def test_with_an_address_a_frame_holds_a_byte_less(service, wire):
    with Partner("vcan0", addresses=(0xF1,)) as partner:
        for length in (6, 7):
            assert exchange(service, pdu(length), tx_address="F1", response=False).json["sent"] == length
            assert partner.receive() == pdu(length)
    assert heads(wire, 4) == ["7E0#F106", "7E0#F110", "7E8#F130", "7E0#F121"]


def test_isotprecv_with_addresses(service):
    with isotprecv("vcan0", "-x", "F1:10") as program:
        assert exchange(service, pdu(100), tx_address="10", rx_address="F1", response=False).json["sent"] == 100
        assert program.received() == pdu(100)


@pytest.mark.parametrize("members, field", [
    ({"rx_address": "F1"}, "rx_address"), ({"tx_address": 256}, "tx_address"), ({"tx_address": -1}, "tx_address"),
    ({"tx_address": "F"}, "tx_address"), ({"tx_address": "F1F"}, "tx_address"), ({"tx_address": "XY"}, "tx_address"),
    ({"tx_address": ""}, "tx_address"), ({"tx_address": "10", "rx_address": 256}, "rx_address"),
    ({"tx_address": "10", "rx_address": "0x1"}, "rx_address"),
])
def test_addresses_that_are_none(service, members, field):
    assert_problem(exchange(service, "3E00", **members), 422, "invalid-isotp", field=field)


@pytest.mark.parametrize("field", ["tx_address", "rx_address"])
@pytest.mark.parametrize("value", [True, 1.5, ["F1"], {}])
def test_addresses_of_a_wrong_type(service, field, value):
    members = {"tx_address": "F1"} | {field: value}
    assert_problem(exchange(service, "3E00", **members), 400, "malformed-request", field=field)
