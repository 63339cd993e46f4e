"""ISO-TP over HTTP: a PDU out, a PDU back, whatever its length, with partners that know nothing of the service."""
import time

import pytest

from exactness import meanwhile
from isotp_partners import LONGEST, Partner, answered, exchange, exchanging, isotprecv, isotpsend, listeners, pdu
from service import PATIENCE, assert_problem, wait_until
from streams import websocket
from uds_responder import IDENTIFIERS, UdsResponder

ISOTP = "/v1/interfaces/vcan0/isotp"


@pytest.fixture
def unit():
    """A control unit on vcan0."""
    with UdsResponder("vcan0") as unit:
        yield unit


# Requests and answers.


def test_a_request_is_answered(service, unit, wire):
    begin = time.monotonic()
    answer = exchange(service, "3e00")
    took = 1000 * (time.monotonic() - begin)
    assert answer.status == 200 and answer["Content-Type"] == "application/json"
    assert set(answer.json) == {"data", "elapsed_ms"} and answer.json["data"] == "7E00"
    assert 0 < answer.json["elapsed_ms"] < took
    assert unit.requests == ["3E00"]
    assert [frame.text for frame in wire.wait_for_count("vcan0", 2)] == ["7E0#023E00", "7E8#027E00"]


def test_curl_reads_a_number_of_a_vehicle(service, unit):
    answer = service.curl("-d", '{"tx_id":"7E0","rx_id":"7E8","data":"22F190"}', path=ISOTP)
    assert answer.status == 200 and answer.json["data"] == "62F190" + IDENTIFIERS["F190"]
    assert unit.requests == ["22F190"]


@pytest.mark.parametrize("identifier", ["F186", "F190", "F1A0", "F1A1", "F1A2", "F1A3"])
def test_answers_of_every_length_come_whole(service, unit, identifier):
    """In one frame, in some, in 4095 bytes and in more, for which the length takes another form."""
    assert answered(service, f"22{identifier}") == f"62{identifier}{IDENTIFIERS[identifier]}"


def test_a_refusal_of_the_unit_is_its_answer(service, unit):
    assert answered(service, "22FFFF") == "7F2231"
    assert answered(service, "2701") == "7F2711"


@pytest.mark.parametrize("length", [1, 6, 7, 8, 13, 62, 63, 4095, 4096, 8000])
def test_requests_of_every_length_go_out_whole(service, length):
    with Partner("vcan0") as partner:
        answer = exchange(service, pdu(length), response=False, timeout_ms=20000)
        assert answer.status == 200, answer
        assert set(answer.json) == {"sent", "elapsed_ms"} and answer.json["sent"] == length
        assert partner.receive() == pdu(length)


def test_a_long_request_has_a_long_answer(service):
    """The partner answers when it has everything."""
    with Partner("vcan0") as partner, meanwhile(lambda: answered(service, pdu(5000), timeout_ms=20000)) as pending:
        assert partner.receive() == pdu(5000)
        partner.send(pdu(6000, first=3))
        assert pending.result() == pdu(6000, first=3)


def test_data_are_taken_in_any_case(service):
    with Partner("vcan0") as partner:
        assert exchange(service, "deadBEEF", response=False).json["sent"] == 4
        assert partner.receive() == "DEADBEEF"


@pytest.mark.parametrize("identifiers", [
    {"tx_id": "7e0", "rx_id": "7e8"}, {"tx_id": 0x7E0, "rx_id": 0x7E8}, {"tx_id": "7E0", "rx_id": 0x7E8},
    {"tx_id": "000007E0", "rx_id": "000007E8", "extended": False},
])
def test_identifiers_are_taken_as_in_a_frame(service, unit, identifiers):
    assert answered(service, "3E00", **identifiers) == "7E00"


def test_one_exchange_follows_another(service, unit):
    for _ in range(20):
        assert answered(service, "22F190") == "62F190" + IDENTIFIERS["F190"]
    assert unit.requests == ["22F190"] * 20


def test_exchanges_with_several_units_go_on_at_the_same_time(service):
    with (
        UdsResponder("vcan0", 0x7E8, 0x7E0), UdsResponder("vcan0", 0x7E9, 0x7E1), UdsResponder("vcan1", 0x7EA, 0x7E2),
    ):
        units = [("vcan0", "7E0", "7E8"), ("vcan0", "7E1", "7E9"), ("vcan1", "7E2", "7EA")]
        calls = [
            lambda interface=interface, tx=tx, rx=rx: answered(service, "22F1A0", interface, tx_id=tx, rx_id=rx)
            for interface, tx, rx in units * 2]
        # Not two at once with one unit, which would mix them up.
        for some in (calls[:3], calls[3:]):
            with meanwhile(*some) as pending:
                assert [call.result() for call in pending] == ["62F1A0" + IDENTIFIERS["F1A0"]] * 3


def test_requests_to_one_unit_go_one_after_the_other(service, wire):
    """Each gets its own answer, though all have the same identifiers and are asked at once."""
    with UdsResponder("vcan0") as unit:
        asked = ["3E00", "22F190", "22F1A0"] * 4
        with meanwhile(*(lambda data=data: answered(service, data) for data in asked)) as pending:
            answers = [call.result() for call in pending]
    assert answers == ["7E00", "62F190" + IDENTIFIERS["F190"], "62F1A0" + IDENTIFIERS["F1A0"]] * 4
    assert sorted(unit.requests) == sorted(asked)
    # One flow control frame for each answer that needs one.
    assert len([frame for frame in wire.frames("vcan0") if frame.text.startswith("7E0#30")]) == 8


def test_requests_that_are_answered_by_one_identifier_go_one_after_the_other(service):
    """What the unit says while it takes its time is no answer to a request to everybody."""
    with UdsResponder("vcan0", functional=0x7DF, pending=3, pause=0.3) as unit:
        with meanwhile(lambda: exchange(service, "3101FF00", pending=True, timeout_ms=5000)) as routine:
            wait_until(lambda: unit.requests, "the routine has begun")
            assert answered(service, "3E00", tx_id="7DF", functional=True, timeout_ms=5000) == "7E00"
            assert (routine.result().json["data"], routine.result().json["pending"]) == ("7101FF00", 3)
    assert unit.requests == ["3101FF00", "3E00"]


def test_over_two_controllers(service, wire):
    # No faster than the emulated controllers are served, and no more at once than they have room for.
    with UdsResponder("can1"):
        assert answered(service, "22F1A0", "can0", st_min_us=1000, block_size=4) == "62F1A0" + IDENTIFIERS["F1A0"]
        assert answered(service, "3E00", "can0") == "7E00"
    with Partner("can1", st_min=1, block_size=4) as partner:
        assert exchange(service, pdu(500), "can0", response=False).json["sent"] == 500
        assert partner.receive() == pdu(500)
    assert wire.frames("can1")


def test_streams_show_the_frames_of_an_exchange(service, unit):
    with websocket(service, "/v1/interfaces/vcan0/frames") as stream:
        assert answered(service, "22F190") == "62F190" + IDENTIFIERS["F190"]
        events = stream.frames(5)
    assert [event["id"] for event in events] == ["7E0", "7E8", "7E0", "7E8", "7E8"]
    assert events[0]["data"] == "0322F190" and events[2]["data"][:2] == "30"


# The tools of can-utils.


@pytest.mark.parametrize("length", [5, 200, 4000])
def test_isotprecv_receives_what_is_sent(service, length):
    with isotprecv("vcan0") as program:
        assert exchange(service, pdu(length), response=False).json["sent"] == length
        assert program.received() == pdu(length)


@pytest.mark.parametrize("length", [5, 200, 4000])
def test_what_isotpsend_answers_is_received(service, length):
    with isotprecv("vcan0") as program, meanwhile(lambda: answered(service, "22F190", timeout_ms=20000)) as pending:
        assert program.received() == "22F190"
        isotpsend("vcan0", pdu(length, first=9))
        assert pending.result() == pdu(length, first=9)


# A unit that takes its time.


@pytest.mark.parametrize("times", [0, 1, 4])
def test_a_unit_that_asks_to_wait_is_waited_for(service, times):
    """Each time it asks, the whole time begins anew."""
    with UdsResponder("vcan0", pending=times, pause=1.1):
        answer = exchange(service, "3101FF00", timeout_ms=4000, pending=True)
        assert answer.status == 200, answer.body
        assert set(answer.json) == {"data", "elapsed_ms", "pending"}
        assert (answer.json["data"], answer.json["pending"]) == ("7101FF00", times)
        assert answer.json["elapsed_ms"] >= 1100 * times


def test_without_being_told_so_a_request_to_wait_is_the_answer(service):
    with UdsResponder("vcan0", pending=2):
        assert answered(service, "3101FF00") == "7F3178"


def test_a_unit_that_asks_to_wait_for_ever_is_not_waited_for_longer_than_that(service):
    with UdsResponder("vcan0", pending=1000, pause=0.1):
        begin = time.monotonic()
        answer = exchange(service, "3101FF00", timeout_ms=3000, pending=True, max_wait_ms=5000)
        assert 5 <= time.monotonic() - begin < 20
    assert_problem(answer, 504, "isotp-timeout")


def test_a_unit_that_asks_to_wait_and_falls_silent_is_not_waited_for(service):
    with UdsResponder("vcan0", pending=1, pause=30):
        begin = time.monotonic()
        assert_problem(exchange(service, "3101FF00", timeout_ms=400, pending=True), 504, "isotp-timeout")
        assert 0.4 <= time.monotonic() - begin < 20


@pytest.mark.parametrize("answer", ["7F3178", "7F3131", "7F31", "7F"])
def test_only_a_request_to_wait_of_the_same_service_extends_the_wait(service, answer):
    """The request is of service 22."""
    with Partner("vcan0") as partner, meanwhile(lambda: exchange(service, "22F190", pending=True)) as pending:
        partner.receive()
        partner.send(answer)
        assert pending.result().json["data"] == answer and pending.result().json["pending"] == 0


# What else goes on.


def test_a_wait_for_an_answer_holds_up_nobody(service):
    with Partner("vcan0") as partner, exchanging(service, "11", timeout_ms=30000) as pending:
        assert partner.receive() == "11"
        for _ in range(20):
            assert service.request("GET", "/v1").status == 200
        assert not pending.done()
        partner.send("51")
        assert pending.result().json["data"] == "51"


def test_exchanges_that_came_and_went_leave_no_descriptor(service, unit):
    assert answered(service, "3E00") == "7E00"
    before = service.descriptors()
    for _ in range(20):
        assert answered(service, "22F190")
    wait_until(lambda: service.descriptors() <= before, "the descriptors are given back")
    assert wait_until(lambda: listeners("vcan0") == [0x7E0], "only the unit listens")


def test_the_service_says_that_the_kernel_has_it(service):
    told = service.get("/v1")
    assert told["protocols"]["isotp"] is True
    assert told["limits"]["isotp_exchanges"] == 64 and told["limits"]["isotp_pdu_bytes"] <= LONGEST


def test_the_service_stops_in_the_middle_of_an_exchange(start):
    """A close of the kernel's may take a second; what is waiting does not."""
    stopping = start()
    with Partner("vcan0"), meanwhile(lambda: attempt(stopping)) as pending:
        wait_until(lambda: 0x7E8 in listeners("vcan0"), "the exchange has begun")
        status, took = stopping.stop()
        assert status == 0 and took < 10
        assert pending.result(PATIENCE) != 200
    assert 0x7E8 not in listeners("vcan0")


def attempt(service):
    """The status of an exchange that nobody answers; None where the connection is cut."""
    try:
        return exchange(service, "11").status
    except OSError:
        return None
