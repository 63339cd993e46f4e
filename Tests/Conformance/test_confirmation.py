"""`confirm=true`: the answer waits until each frame was on the bus, and says when; what was not is no success."""
import contextlib
import time

import pytest

from commands import acknowledged, assert_told, command, send_command
from confirming import ONE, assert_same_times, confirmed, frames_of
from exactness import meanwhile, on_time
from kinds import ALL
from processors import on_one_processor
from service import assert_problem, wait_until
from slow_buses import listening_only, overrunning, put_on_the_bus, slowed
from streams import websocket
from witnesses import RawSocket, cansend, ip


def numbered(count, identifier="123"):
    return [{"id": identifier, "data": f"{number:04X}"} for number in range(count)]


def times(answer):
    """The times that an answer tells, one for each frame."""
    assert answer.status == 200, answer
    assert set(answer.json) == {"sent", "frames"} and answer.json["sent"] == len(answer.json["frames"])
    assert all(set(frame) == {"timestamp"} for frame in answer.json["frames"])
    return [frame["timestamp"] for frame in answer.json["frames"]]


def shown(stream, count):
    """The times of the next frames of a stream, all sent from here."""
    events = stream.frames(count)
    assert {event["direction"] for event in events} == {"tx"}
    return [event["timestamp"] for event in events]


def afterwards_as_before(test):
    """Marks a test that changes can0."""
    return pytest.mark.usefixtures("controllers")(test)


# What is on the bus, and when.


@pytest.mark.parametrize("name", ["vcan0", "can0"])
def test_the_answer_tells_when_each_frame_was_on_the_bus(service, name):
    with websocket(service, frames_of(name)) as stream:
        told = times(confirmed(service, name, [ONE, {"id": "18DAF110"}, {"id": "124", "data": "02"}]))
        assert_same_times(told, shown(stream, 3))
        assert told == sorted(told) and told[0] == pytest.approx(service.get("/v1")["now"], abs=20)
        # Each is shown once, though a socket of its own waited for it.
        cansend(name, "7FE#")
        assert stream.next()["id"] == "7FE"


def test_a_single_frame_and_lines_are_confirmed_too(service):
    with websocket(service, frames_of("vcan0")) as stream:
        assert_same_times(times(confirmed(service, "vcan0", ONE)), shown(stream, 1))
        answer = service.curl("-d", "123#01\n124#02", path=f"{frames_of('vcan0')}?confirm=true&confirm_ms=2000.5")
        assert_same_times(times(answer), shown(stream, 2))


def test_what_was_confirmed_has_reached_the_other_node(service):
    with RawSocket("can1") as far:
        times(confirmed(service, "can0", ONE))
        assert far.receive()[8:9] == b"\x01"


def test_the_same_frame_twice_has_two_times(service):
    with websocket(service, frames_of("can0")) as stream:
        told = times(confirmed(service, "can0", [ONE, ONE, {"id": "124"}, ONE]))
        assert_same_times(told, shown(stream, 4))
        assert told == sorted(told) and len(set(told)) == 4


def test_every_kind_of_frame_is_confirmed(service, wire):
    frames = [frame for _, frame, _ in ALL.values()]
    with websocket(service, frames_of("vcan0")) as stream:
        told = times(confirmed(service, "vcan0", frames))
        events = stream.frames(len(frames))
        assert_same_times(told, [event["timestamp"] for event in events])
        assert [event["id"] for event in events] == [frame["id"] for frame in frames]
    assert len(wire.wait_for_count("vcan0", len(frames))) == len(frames)


def test_the_largest_batch_is_confirmed_whole_and_in_order(service, wire):
    with on_one_processor(service.pid):
        told = times(confirmed(service, "vcan0", numbered(4096)))
    assert len(told) == 4096 and told == sorted(told)
    seen = wire.wait_for_count("vcan0", 4096)
    assert [frame.data for frame in seen] == [f"{number:04X}" for number in range(4096)]
    assert_same_times(told, [frame.time for frame in seen])


def test_more_frames_than_a_controllers_queue_holds_are_confirmed(service):
    with overrunning(service), websocket(service, frames_of("can0")) as stream:
        told = times(confirmed(service, "can0", numbered(200), "&timeout_ms=15000&confirm_ms=15000"))
        assert_same_times(told, shown(stream, 200))


def test_frames_that_nobody_may_see_are_confirmed(service, make_interface):
    """Capture filters say what the service reads for its streams, not what it knows of its own frames."""
    name = make_interface()
    answer = service.request("PUT", f"/v1/interfaces/{name}/filters", json_body={"filters": []})
    assert answer.status == 200
    assert len(times(confirmed(service, name, [ONE, ONE]))) == 2


def test_an_end_of_a_virtual_cable_confirms(service, make_pair):
    near, far = make_pair()
    with RawSocket(far) as other:
        assert len(times(confirmed(service, near, numbered(3)))) == 3
        assert [other.receive()[8:10] for _ in range(3)] == [bytes([0, number]) for number in range(3)]


# Whose frames they are.


@pytest.mark.parametrize("name", ["vcan0", "can0"])
def test_requests_at_the_same_time_are_each_told_of_their_own(service, name):
    """All send the same frames."""
    def one():
        return times(confirmed(service, name, [ONE] * 20, "&timeout_ms=10000&confirm_ms=10000"))

    with overrunning(service), websocket(service, frames_of(name)) as stream:
        with meanwhile(one, one, one) as pending:
            told = [call.result() for call in pending]
        assert_same_times(sorted(sum(told, [])), sorted(shown(stream, 60)))
    assert all(mine == sorted(mine) for mine in told)


@afterwards_as_before
def test_the_same_frame_of_another_program_confirms_nothing(service):
    """Twenty of another program's wait before ours, and are on the bus long before it is."""
    with (
        slowed("can0", "5kbit", "10s"), websocket(service, frames_of("can0")) as stream, RawSocket("can0") as other,
    ):
        for _ in range(20):
            other.send(0x123, b"\x01")
        told = times(confirmed(service, "can0", ONE, "&confirm_ms=20000"))
        seen = shown(stream, 21)
    assert_same_times(told, seen[-1:])
    assert seen[-1] > seen[0] + 0.2


@afterwards_as_before
def test_the_same_frame_of_another_node_confirms_nothing(service):
    with listening_only(service), websocket(service, frames_of("can0")) as stream, RawSocket("can1") as other:
        def send():
            return confirmed(service, "can0", [ONE, ONE], "&confirm_ms=800")

        with meanwhile(send) as pending:
            while not pending.done():
                other.send(0x123, b"\x01")
                assert stream.frames(1)[0]["direction"] == "rx"
        assert_problem(pending.result(), 504, "transmit-unconfirmed", sent=2, confirmed=0, index=0)


# What was not on the service.


@afterwards_as_before
def test_what_a_listening_controller_takes_is_no_success(service):
    """Without confirmation nobody would know: Linux 6.1 says yes."""
    with listening_only(service), RawSocket("can1") as far:
        assert service.request("POST", frames_of("can0"), json_body=[ONE]).json == {"sent": 1}
        begin = time.monotonic()
        answer = confirmed(service, "can0", [ONE, {"id": "124"}, ONE], "&confirm_ms=300")
        took = time.monotonic() - begin
        problem = assert_problem(answer, 504, "transmit-unconfirmed", sent=3, confirmed=0, index=0)
        assert "can0" in problem["detail"] and 0.3 <= took < 10
        with websocket(service, frames_of("can0")) as stream:
            told = command(stream, "send", frames=[ONE], confirm=True, confirm_ms=100)
            assert_told(told, 504, "transmit-unconfirmed", op="send", sent=1, confirmed=0, index=0)
            # That it takes a second where nothing else is said.
            begin = time.monotonic()
            assert_told(command(stream, "send", frames=[ONE], confirm=True), 504, "transmit-unconfirmed")
            assert 1 <= time.monotonic() - begin < 10
        far.socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            far.receive()


@afterwards_as_before
def test_frames_that_come_back_too_late_are_told_by_number(service):
    """Ten frames are in a queue that lets six go at once: the kernel has them all, the bus some."""
    with slowed("can0", "128bit", "10s"), websocket(service, frames_of("can0")) as stream:
        before = put_on_the_bus("can0")
        begin = time.monotonic()
        answer = confirmed(service, "can0", numbered(10), "&timeout_ms=10000&confirm_ms=200")
        took = time.monotonic() - begin
        on_the_bus = put_on_the_bus("can0") - before
        problem = assert_problem(answer, 504, "transmit-unconfirmed", sent=10)
        assert 0 < problem["confirmed"] < 10 and problem["index"] == problem["confirmed"] <= on_the_bus
        assert 0.2 <= took < 10
        # The kernel keeps what it took.
        assert [event["data"] for event in stream.frames(10)] == [frame["data"] for frame in numbered(10)]


@afterwards_as_before
def test_the_time_to_come_back_begins_when_the_last_frame_was_taken(service):
    """The queue holds a dozen frames: until it had room for all takes longer than that time, and is no fault."""
    with slowed("can0", "5kbit", "100ms"):
        begin = time.monotonic()
        told = times(confirmed(service, "can0", numbered(200), "&timeout_ms=30000&confirm_ms=4000"))
        assert time.monotonic() - begin > 4.2
    assert len(told) == 200 and told[-1] - told[0] > 4.2


@afterwards_as_before
def test_what_did_not_fit_the_queue_is_told_as_without_confirmation(service):
    with slowed("can0", "5kbit", "100ms"), websocket(service, frames_of("can0")) as stream:
        answer = confirmed(service, "can0", numbered(90), "&timeout_ms=300")
        problem = assert_problem(answer, 503, "transmit-queue-full")
        assert 0 < problem["sent"] < 90
        assert [event["data"] for event in stream.frames(problem["sent"])] == [
            frame["data"] for frame in numbered(problem["sent"])]


def test_an_interface_that_is_down_confirms_nothing(service, make_interface):
    name = make_interface(up=False)
    assert_problem(confirmed(service, name, ONE), 409, "interface-down", errno="ENETDOWN", sent=0)


@afterwards_as_before
def test_a_controller_that_is_switched_off_ends_the_wait(service):
    with slowed("can0", "128bit", "10s"), websocket(service, frames_of("can0")) as stream:
        times_given = "&timeout_ms=10000&confirm_ms=30000"
        with meanwhile(lambda: confirmed(service, "can0", numbered(10), times_given)) as pending:
            # The seventh comes most of a second after the sixth: long since, all ten were taken.
            stream.frames(7)
            begin = time.monotonic()
            ip("link", "set", "can0", "down")
            answer = pending.result()
            assert time.monotonic() - begin < 10
        problem = assert_problem(answer, 409, "interface-down", sent=10)
        assert 7 <= problem["confirmed"] < 10


@afterwards_as_before
def test_a_controller_that_only_listens_and_is_switched_off_ends_the_wait(service):
    def dropped():
        return service.get("/v1/interfaces/can0")["statistics"]["tx_dropped"]

    with listening_only(service):
        before = dropped()
        with meanwhile(lambda: confirmed(service, "can0", [ONE], "&confirm_ms=30000")) as pending:
            # The driver counts what it drops: then the wait has begun.
            wait_until(lambda: dropped() > before, "the frame was taken")
            ip("link", "set", "can0", "down")
            problem = assert_problem(pending.result(), 409, "interface-down", sent=1, confirmed=0)
        ip("link", "set", "can0", "up")
    assert "can0" in problem["detail"]


def test_an_interface_that_goes_down_while_there_is_no_room_ends_the_wait(service, wire, make_interface):
    def unseen():
        """How many frames were sent and not seen."""
        name = make_interface()
        with slowed(name, "1kbit"), meanwhile(
                lambda: confirmed(service, name, numbered(300), "&timeout_ms=30000")) as pending:
            wire.wait_for_count(name, 6)
            ip("link", "set", name, "down")
            problem = assert_problem(pending.result(), 409, "interface-down")
        seen = len(wire.frames(name))
        # One may be on its way back.
        assert 5 <= seen - 1 <= problem["confirmed"] <= seen
        return problem["sent"] - seen

    # While it is being switched off the kernel takes some frames and drops them: a few, where it is quick.
    on_time(unseen, 0, 10)


def test_an_interface_that_is_removed_ends_the_wait(service, wire, make_interface):
    name = make_interface()
    with slowed(name, "1kbit"), meanwhile(
            lambda: confirmed(service, name, numbered(300), "&timeout_ms=30000")) as pending:
        wire.wait_for_count(name, 5)
        ip("link", "del", name)
        answer = pending.result()
    # It goes down before it is gone.
    assert answer.status in (404, 409) and answer.json["code"] in ("interface-not-found", "interface-down")


# What else goes on.


@afterwards_as_before
def test_a_wait_holds_up_nobody(service):
    with listening_only(service):
        with meanwhile(
                lambda: confirmed(service, "can0", ONE, "&confirm_ms=30000"),
                lambda: confirmed(service, "can0", ONE, "&confirm_ms=30000")) as pending:
            assert len(times(confirmed(service, "vcan0", ONE))) == 1
            assert service.request("POST", frames_of("can0"), json_body=ONE).json == {"sent": 1}
            assert service.request("GET", "/v1").status == 200
            assert not any(call.done() for call in pending)
            ip("link", "set", "can0", "down")
            assert [call.result().status for call in pending] == [409, 409]
        ip("link", "set", "can0", "up")


@afterwards_as_before
def test_a_client_that_leaves_and_all_who_waited_leave_no_descriptor(service):
    confirmed(service, "can0", ONE)
    with listening_only(service):
        before = service.descriptors()
        for _ in range(10):
            with contextlib.closing(service.connect()) as connection:
                connection.sendall(
                    b"POST /v1/interfaces/can0/frames?confirm=true&confirm_ms=500 HTTP/1.1\r\nHost: localhost\r\n"
                    b"Content-Type: text/plain\r\nContent-Length: 6\r\n\r\n123#01")
        assert confirmed(service, "can0", ONE, "&confirm_ms=10").status == 504
        wait_until(lambda: service.descriptors() <= before, "the sockets are closed")
    with websocket(service, frames_of("vcan0")) as stream:
        before = service.descriptors()
        for _ in range(10):
            acknowledged(stream, "send", frames=[ONE], confirm=True)
        wait_until(lambda: service.descriptors() <= before, "the sockets are closed")


@afterwards_as_before
def test_the_service_stops_though_a_frame_does_not_come_back(service, start):
    stopping = start()
    with listening_only(service), websocket(stopping, frames_of("can0")) as stream:
        with contextlib.closing(stopping.connect()) as connection:
            connection.sendall(
                b"POST /v1/interfaces/can0/frames?confirm=true&confirm_ms=60000 HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: text/plain\r\nContent-Length: 6\r\n\r\n123#01")
            send_command(stream, "send", frames=[ONE], confirm=True, confirm_ms=60000)
            acknowledged(stream, "ping")
            status, took = stopping.stop()
            assert status == 0 and took < 10
            # It is told, or cut; a success it is not.
            answer = connection.recv(4096)
            assert answer == b"" or int(answer.split(b" ")[1]) >= 400
