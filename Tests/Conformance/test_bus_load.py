"""How busy a bus is, against bit lengths that are computed here by ISO 11898-1, on two controllers at 500 kbit/s."""
import contextlib
import random
import threading
import time

import pytest

from exactness import on_time
from links import changed
from service import wait_until
from streams import websocket
from transports import TRANSPORTS, following
from witnesses import EXTENDED, REMOTE, RawSocket, cansend

BITRATE = 500000
BOTH = "/v1/frames?interface=can0&interface=can1&events=load"


# The reference: a classic frame's bits, written down one by one.

def binary(value, width):
    return format(value, f"0{width}b")


def check_sequence(bits):
    """The 15 bits of the check sequence over these (ISO 11898-1: x15 + x14 + x10 + x8 + x7 + x4 + x3 + 1)."""
    register = [0] * 15
    taps = {14, 10, 8, 7, 4, 3, 0}
    for bit in bits:
        feedback = int(bit) ^ register[14]
        register = [
            (register[place - 1] if place else 0) ^ (feedback if place in taps else 0) for place in range(15)]
    return "".join(str(bit) for bit in reversed(register))


def stuffed(bits):
    """With a bit of the other kind after each five equal ones, which counts among those that follow."""
    sent, run = "", 0
    for bit in bits:
        run = run + 1 if sent and sent[-1] == bit else 1
        sent += bit
        if run == 5:
            sent += "10"[int(bit)]
            run = 1
    return sent


def bits_of(identifier, data):
    """How many bits the bus is taken by a frame: from its start to the end of the intermission."""
    remote, length = binary(bool(identifier & REMOTE), 1), binary(len(data), 4)
    if identifier & EXTENDED:
        base, rest = binary(identifier >> 18 & 0x7FF, 11), binary(identifier & 0x3FFFF, 18)
        # SRR and IDE are recessive; then RTR, r1 and r0.
        head = "0" + base + "11" + rest + remote + "00" + length
    else:
        # RTR; then IDE and r0, dominant.
        head = "0" + binary(identifier & 0x7FF, 11) + remote + "00" + length
    head += "".join(binary(byte, 8) for byte in data)
    # CRC delimiter, acknowledgement slot and delimiter, end of frame, intermission.
    return len(stuffed(head + check_sequence(head))) + 1 + 2 + 7 + 3


def test_the_reference_is_right():
    """Against what is known from elsewhere."""
    assert stuffed("000001111100000") == "00000" "1" "1111" "0" "1" "00000" "1"
    assert stuffed("01" * 20) == "01" * 20
    # The check value of CRC-15/CAN.
    assert int(check_sequence("".join(binary(byte, 8) for byte in b"123456789")), 2) == 0x059E
    # 8 bytes take 111 bits without stuffing, and one bit more for each four at most.
    lengths = [bits_of(identifier, bytes([value] * 8)) for identifier in (0x2AA, 0x555, 0, 0x7FF)
               for value in (0x55, 0xAA, 0, 0xFF, 0x3C, 0x87)]
    assert min(lengths) == 111 and 125 < max(lengths) <= 135
    # Without data it is 47, and one for the length: four dominant bits after two or three others.
    assert min(bits_of(identifier, b"") for identifier in range(0x800)) == 48


# Traffic

def send(raw, far, frames, count):
    """Sends so many frames, those given in turn, at most five hundred a second."""
    begin = time.monotonic()
    for number in range(count):
        raw.send(*frames[number % len(frames)])
        # An emulated controller has room for five: the next one goes when this one is through.
        far.receive()
        # And they are as fast as the machine: it is the sender who keeps the pace.
        time.sleep(max(0, begin + number / 500 - time.monotonic()))


def until_quiet(stream):
    stream.until_type("load", interface="can1", frames_per_second=0)


def loads_of(stream, sending):
    """What is told of each interface from when `sending` begins to the next quiet second."""
    sending()
    told, quiet = {"can0": [], "can1": []}, set()
    while len(quiet) < 2:
        load = stream.until_type("load")
        loads = told[load["interface"]]
        if load["frames_per_second"]:
            loads.append(load)
        elif loads:
            quiet.add(load["interface"])
    return told


def sums(loads, bitrate=BITRATE):
    """Bits and frames of all seconds together."""
    return (sum(load["percent"] for load in loads) / 100 * bitrate, sum(load["frames_per_second"] for load in loads))


@pytest.mark.parametrize("frame", [
    (0x000, bytes(8)), (EXTENDED | 0x18DAF110, bytes.fromhex("021003FFFFFFFFFF")), (REMOTE | 0x2AA, b""),
], ids=["zeros", "extended", "remote"])
def test_each_bit_of_a_frame_is_counted(service, frame):
    """The load of a second over its frames is the length of one, so exactly that a single stuff bit shows."""
    with websocket(service, BOTH) as stream, RawSocket("can0") as raw, RawSocket("can1") as far:
        until_quiet(stream)

        def error():
            """How far the sum of all seconds is from what was sent; a second is as long as the machine lets it be."""
            errors = []
            for name, loads in loads_of(stream, lambda: send(raw, far, [frame], 400)).items():
                bits, frames = sums(loads)
                assert bits / frames == pytest.approx(bits_of(*frame), abs=0.8), name
                errors.append(abs(frames / 400 - 1))
            return max(errors)

        on_time(error, 0, 0.05)


def test_the_load_of_a_mixture_is_that_of_its_frames_at_the_bit_rate_that_is_set(service, controllers):
    """The emulated bus does not mind that one controller has half the bit rate: for it they take twice the time."""
    rates = {"can0": BITRATE // 2, "can1": BITRATE}
    changed(service, "can0", bitrate=rates["can0"], cycle=True)
    chance = random.Random(11898)
    frames = []
    for _ in range(200):
        identifier = chance.getrandbits(11) if chance.random() < 0.6 else EXTENDED | chance.getrandbits(29)
        data = chance.choice([chance.randbytes(chance.randrange(9)), bytes(8), b"\xff" * chance.randrange(9)])
        frames.append((identifier, data))
    # Of one of them.
    length = sum(bits_of(*frame) for frame in frames) / len(frames)
    with websocket(service, BOTH) as stream, RawSocket("can0") as raw, RawSocket("can1") as far:
        until_quiet(stream)

        def error():
            """How far the sums of all seconds are from what was sent, and the load of the busiest from its frames."""
            errors = []
            for name, loads in loads_of(stream, lambda: send(raw, far, frames, 600)).items():
                bits, count = sums(loads, rates[name])
                busiest = max(loads, key=lambda load: load["frames_per_second"])
                percent = busiest["frames_per_second"] * length / rates[name] * 100
                errors += [
                    abs(bits / (600 * length) - 1), abs(count / 600 - 1), abs(busiest["percent"] / percent - 1)]
            return max(errors)

        on_time(error, 0, 0.05)


# The resource

def test_the_resource_has_the_load_of_the_last_second(service):
    enough = threading.Event()

    def keep_sending():
        while not enough.is_set():
            send(raw, far, [(0x123, bytes(8))], 50)

    def agree():
        """Unless a second ends between the two."""
        load = stream.until_type("load", interface="can1")["percent"]
        return 1 < load < 100 and service.get("/v1/interfaces/can1")["bus_load"] == load

    with websocket(service, BOTH) as stream, RawSocket("can0") as raw, RawSocket("can1") as far:
        until_quiet(stream)
        sending = threading.Thread(target=keep_sending)
        sending.start()
        try:
            wait_until(agree, "the resource has what was told last")
        finally:
            enough.set()
            sending.join()
    wait_until(lambda: service.get("/v1/interfaces/can1")["bus_load"] == 0, "the bus is quiet")


def test_without_a_bit_rate_there_is_no_load_but_frames_are_counted(service):
    with (
        websocket(service, "/v1/interfaces/vcan0/frames?events=load") as stream,
        RawSocket("vcan0") as raw, RawSocket("vcan0") as far,
    ):
        send(raw, far, [(0x123, bytes(8))], 50)
        load = stream.until(lambda event: event["type"] == "load" and event["frames_per_second"] > 0)
        assert set(load) - {"timestamp"} == {"type", "seq", "interface", "frames_per_second"}
        assert service.get("/v1/interfaces/vcan0")["bus_load"] is None


def test_a_controller_that_is_down_has_no_load(service, controllers):
    changed(service, "can1", up=False)
    with websocket(service, BOTH) as stream:
        assert stream.until_type("load")["interface"] == "can0"
        assert service.get("/v1/interfaces/can1")["bus_load"] is None
        changed(service, "can1", up=True)
        stream.until(lambda event: event["interface"] == "can1" and event.get("percent") == 0)
        assert service.get("/v1/interfaces/can1")["bus_load"] == 0


def test_where_frames_are_filtered_out_their_load_is_not_known(service):
    path = "/v1/interfaces/can1/filters"
    assert service.request("PUT", path, json_body={"filters": [{"id": "123", "extended": False}]}).status == 200
    try:
        wait_until(lambda: service.get("/v1/interfaces/can1")["bus_load"] is None, "it is not known")
        wait_until(lambda: service.get("/v1/interfaces/can0")["bus_load"] is not None, "the other's is")
    finally:
        service.request("DELETE", path)
    wait_until(lambda: service.get("/v1/interfaces/can1")["bus_load"] is not None, "it is known again")


# The event

def test_the_load_is_told_to_those_who_ask_for_it(service):
    path = "/v1/interfaces/can0/frames"
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(websocket(service, path + query))
                  for query in ("", "?events=frame", "?events=frame,error,interface,job,filters")]
        stream = stack.enter_context(websocket(service, path + "?events=load,frame"))
        stream.until_type("load")
        cansend("can0", "123#")
        stream.until_type("frame")
        for other in others:
            assert other.next()["type"] == "frame"


def test_who_asks_for_the_load_alone_gets_nothing_else_and_that_each_second(service):
    with websocket(service, "/v1/interfaces/can0/frames?events=load") as stream:
        cansend("can0", "123#")
        stream.until(lambda event: event["type"] == "load" and event["frames_per_second"] > 0)

        def error():
            """How far two of them are from taking two seconds."""
            begin = time.monotonic()
            for _ in range(2):
                stream.until_type("load")
            return abs(time.monotonic() - begin - 2)

        on_time(error, 0, 0.5)
        assert {event["type"] for event in stream.seen} == {"open", "load"}
        # It has no number of its own, and carries that of what it comes after.
        numbers = [event["seq"] for event in stream.seen]
        assert numbers == sorted(numbers)


def test_the_load_of_every_interface_that_is_up_is_told(service, make_interface):
    name, down = make_interface(), make_interface(up=False)
    with websocket(service, "/v1/frames?events=load") as stream:
        for _ in range(2):
            stream.until_type("load", interface=name)
        names = {event["interface"] for event in stream.seen if event["type"] == "load"}
        assert {"vcan0", "vcan1", "can0", "can1", name} <= names and down not in names


def test_the_load_in_each_form_of_a_stream(service):
    path = "/v1/interfaces/can0/frames?events=load"
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(following(service, path, transport)) for transport in TRANSPORTS]
        for stream in streams:
            load = stream.until_type("load")
            # candump's text has them as text.
            assert load["interface"] == "can0"
            assert float(load["percent"]) >= 0 and int(load["frames_per_second"]) >= 0
