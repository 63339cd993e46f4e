"""Exchanges that fail: each kind of failure is told as what it is, in time, and nobody else notices."""
import contextlib
import itertools
import json
import time
from concurrent.futures import wait

import pytest

from exactness import Stopwatch, meanwhile, on_time
from isotp_partners import Misbehaving, Partner, answered, exchange, exchanging, listeners, pdu
from service import PATIENCE, assert_problem, parsed, wait_until
from uds_responder import IDENTIFIERS, UdsResponder
from witnesses import ip

# Twenty bytes: a first frame and two others, once there is flow control.
LONG = pdu(20)
VIN = "62F190" + IDENTIFIERS["F190"]


@pytest.fixture
def partner():
    """Plays the partner, and does what it should not."""
    with Misbehaving("vcan0") as partner:
        yield partner


@pytest.fixture(autouse=True)
def all_is_well_afterwards(service):
    """After each of these, the next exchange works."""
    yield
    with UdsResponder("vcan0"):
        assert answered(service, "22F190") == VIN


def failed(service, data, status, code, errno=None, **members):
    """Makes an exchange that fails; how long it took."""
    begin = time.monotonic()
    assert_failed(exchange(service, data, **members), status, code, errno)
    return time.monotonic() - begin


def assert_failed(answer, status, code, errno=None):
    problem = assert_problem(answer, status, code)
    assert problem.get("errno") == errno, problem
    return problem


# Nobody is there.


def test_a_request_that_nobody_answers(service):
    on_time(lambda: failed(service, "3E00", 504, "isotp-timeout", timeout_ms=300), 0.3, 0.6)
    # By default it is a second.
    on_time(lambda: failed(service, "3E00", 504, "isotp-timeout", timeout_ms=None), 1, 1)


@pytest.mark.parametrize("response", [True, False])
def test_a_long_request_that_nobody_has_room_for(service, partner, response):
    """There is no flow control: the kernel waits a second for it."""
    took = failed(service, LONG, 504, "isotp-timeout", "ECOMM", response=response)
    assert 0.9 <= took < 5
    assert partner.hear().startswith("1014")


def test_sending_takes_no_longer_than_it_may(service):
    """A shorter time than the kernel's own, for which another exchange with the same identifiers would wait."""
    identifiers = itertools.count(0x600)

    def measure():
        number = next(identifiers)
        watch = Stopwatch(lambda: exchange(service, LONG, tx_id=number, rx_id=number + 0x80, timeout_ms=200))
        _, took = watch.read()
        assert_problem(watch.result, 504, "isotp-timeout")
        return took

    on_time(measure, 0.2, 0.7)


def test_a_partner_that_stops_in_the_middle_of_taking(service, partner):
    """It lets one frame through, and then says nothing more."""
    with exchanging(service, LONG) as pending:
        partner.hear("1014")
        partner.say("300100")
        partner.hear("21")
        assert_failed(pending.result(), 504, "isotp-timeout", "ECOMM")


# The partner does what it should not.


def test_a_wrong_sequence_number(service, partner):
    with exchanging(service, "22F190") as pending:
        partner.hear("0322F190")
        partner.say("101462F190000000")
        partner.hear("300000")
        partner.say("2300000000000000")
        assert_failed(pending.result(), 502, "isotp-error", "EILSEQ")


def test_a_sequence_number_that_is_wrong_later(service, partner):
    with exchanging(service, "22F190") as pending:
        partner.hear("0322F190")
        partner.say("101462F190000000")
        partner.hear("300000")
        partner.say("2100000000000000")
        partner.say("2100000000000000")
        assert_failed(pending.result(), 502, "isotp-error", "EILSEQ")


def test_a_frame_that_does_not_follow(service, partner):
    """The kernel waits a second for it."""
    with exchanging(service, "22F190") as pending:
        partner.hear("0322F190")
        partner.say("101462F190000000")
        partner.hear("300000")
        begin = time.monotonic()
        partner.say("2100000000000000")
        assert_failed(pending.result(), 504, "isotp-timeout", "ETIMEDOUT")
        assert 0.9 <= time.monotonic() - begin < 5


def test_an_answer_that_is_not_whole_in_time(service, partner):
    """A shorter time than the kernel's own."""
    def measure():
        with exchanging(service, "22F190", timeout_ms=600) as pending:
            partner.hear("0322F190")
            begin = time.monotonic()
            partner.say("101462F190000000")
            assert "whole" in assert_problem(pending.result(), 504, "isotp-timeout")["detail"]
            return time.monotonic() - begin

    on_time(measure, 0, 0.9)


def test_a_partner_that_has_no_room(service, partner):
    with exchanging(service, LONG) as pending:
        partner.hear("1014")
        partner.say("320000")
        assert_failed(pending.result(), 502, "isotp-error", "EMSGSIZE")


def test_a_partner_that_asks_to_wait_for_ever(service, partner):
    """The kernel would wait as long."""
    with exchanging(service, LONG, timeout_ms=800) as pending:
        partner.hear("1014")
        begin = time.monotonic()
        while not pending.done():
            partner.say("310000")
            wait([pending], timeout=0.2)
        assert_problem(pending.result(), 504, "isotp-timeout")
        assert time.monotonic() - begin < 15


def test_a_partner_that_asks_to_wait_and_then_does_not(service, partner):
    with exchanging(service, LONG) as pending:
        partner.hear("1014")
        for _ in range(3):
            partner.say("310000")
        partner.say("300000")
        assert partner.hear("21") and partner.hear("22")
        partner.say("027E00")
        assert pending.result().json["data"] == "7E00"


@pytest.mark.parametrize("noise", ["", "00", "0F", "FF", "21", "300000", "4000000000000000", "2100000000000000"])
def test_frames_that_mean_nothing_are_passed_over(service, partner, noise):
    with exchanging(service, "3E00") as pending:
        partner.hear("023E00")
        partner.say(noise)
        partner.say("027E00")
        assert pending.result().json["data"] == "7E00"


# The interface.


def test_an_interface_that_goes_down_ends_the_wait(service, make_interface):
    name = make_interface()
    with Partner(name), meanwhile(lambda: exchange(service, "11", name)) as pending:
        wait_until(lambda: 0x7E8 in listeners(name), "the exchange has begun")
        begin = time.monotonic()
        ip("link", "set", name, "down")
        assert_problem(pending.result(), 409, "interface-down", errno="ENETDOWN")
        assert time.monotonic() - begin < 10


def test_an_interface_that_is_removed_ends_the_wait(service, make_interface):
    name = make_interface()
    with meanwhile(lambda: exchange(service, "11", name)) as pending:
        wait_until(lambda: 0x7E8 in listeners(name), "the exchange has begun")
        begin = time.monotonic()
        ip("link", "del", name)
        answer = pending.result()
        assert time.monotonic() - begin < 10
    # It goes down before it is gone.
    assert (answer.status, answer.json["code"]) in ((409, "interface-down"), (404, "interface-not-found"))


# What the kernel takes its time for.


def test_sockets_that_take_a_second_to_close_hold_up_nobody(service):
    """Ten transfers are given up in the middle; the kernel closes such a socket when its own second is over."""
    # Others with the same identifiers would wait for that.
    identifiers = itertools.count(0x500)

    def slowest():
        calls = [
            lambda number=next(identifiers): exchange(
                service, LONG, tx_id=number, rx_id=number + 0x100, timeout_ms=150) for _ in range(10)]
        with meanwhile(*calls) as pending:
            assert {call.result().status for call in pending} == {504}
        # They are closing now.
        watches = [Stopwatch(lambda: service.get("/v1")).read() for _ in range(30)]
        with UdsResponder("vcan0"):
            watches.append(Stopwatch(lambda: answered(service, "3E00")).read())
        return max(took for _, took in watches)

    on_time(slowest, 0, 0.5)


def test_the_descriptors_of_failed_exchanges_come_back(service):
    failed(service, "3E00", 504, "isotp-timeout", timeout_ms=10)
    wait_until(lambda: listeners("vcan0") == [], "the socket is closed")
    before = service.descriptors()
    calls = [
        lambda number=number: exchange(
            service, LONG if number % 2 else "3E00", tx_id=0x600 + number, rx_id=0x680 + number, timeout_ms=100)
        for number in range(10)]
    with meanwhile(*calls) as pending:
        assert {call.result().status for call in pending} == {504}
    wait_until(lambda: listeners("vcan0") == [] and service.descriptors() <= before, "the sockets are closed")


def test_a_client_that_leaves_costs_nothing(service):
    before = service.descriptors()
    for data in (LONG, "3E00"):
        for _ in range(3):
            with contextlib.closing(service.connect()) as connection:
                connection.sendall(request(data, 0x7E0, 0x7E8, 1000))
                wait_until(lambda: 0x7E8 in listeners("vcan0"), "the exchange has begun")
    wait_until(lambda: listeners("vcan0") == [] and service.descriptors() <= before, "the sockets are closed")


def request(data, tx, rx, timeout):
    body = json.dumps({"tx_id": tx, "rx_id": rx, "data": data, "timeout_ms": timeout})
    return (
        f"POST /v1/interfaces/vcan0/isotp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}").encode()


def test_so_many_exchanges_at_once_and_no_more(service):
    most = service.get("/v1")["limits"]["isotp_exchanges"]
    assert most == 64
    with contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(contextlib.closing(service.connect())) for _ in range(most)]
        for number, connection in enumerate(waiting):
            connection.sendall(request("3E00", 0x500 + number, 0x600 + number, 5000))
        wait_until(lambda: len(listeners("vcan0")) == most, "all have begun")
        assert_problem(exchange(service, "3E00"), 429, "too-many-requests")
        # Wrong ones are told what is wrong all the same, and everything else works.
        assert_problem(exchange(service, "3"), 422, "invalid-isotp")
        assert service.request("POST", "/v1/interfaces/vcan0/frames", json_body={"id": "123"}).json == {"sent": 1}
        for connection in waiting:
            with connection.makefile("rb") as file:
                assert_problem(parsed(file.read()), 504, "isotp-timeout")

    def there_is_room():
        return exchange(service, "3E00", timeout_ms=1).status == 504

    wait_until(there_is_room, "there is room again", PATIENCE)
