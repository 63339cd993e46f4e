"""Those whom ISO-TP messages are sent to, each in a thread of its own: one who answers, one who breaks the protocol."""
import contextlib
import threading

from isotp_partners import Partner
from witnesses import RawSocket
from world import ECU, FAULTY

# How often somebody who waits looks whether he is still needed, in seconds.
LOOKS = 0.1


@contextlib.contextmanager
def responders(interface):
    """While this lasts, messages to ECU and FAULTY find somebody."""
    over = threading.Event()
    with Partner(interface, *numbers(ECU, "rx_id", "tx_id")) as ecu, RawSocket(interface) as faulty:
        for each in (ecu, faulty):
            each.socket.settimeout(LOOKS)
        threads = [
            threading.Thread(target=answer, args=(ecu.socket, over)),
            threading.Thread(target=misbehave, args=(faulty, over))]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()


def numbers(sides, *names):
    """The identifiers of a link, in the order that is asked for."""
    return [int(sides[name], 16) for name in names]


def answer(connection, over):
    """Answers as a UDS server does: by the first byte and 40 (hex), and the rest as it came.

    The answer to 19 is put off once before it comes; to 1978 it never comes.
    """
    while not over.is_set():
        with contextlib.suppress(OSError):
            request = connection.recv(70000)
            if request[0] == 0x19:
                connection.send(bytes([0x7F, 0x19, 0x78]))
            if request != bytes([0x19, 0x78]):
                connection.send(bytes([request[0] | 0x40]) + request[1:])


def misbehave(raw, over):
    """Answers a single frame by a message with a wrong sequence number, and a longer message by `overflow`."""
    asked, answered = numbers(FAULTY, "tx_id", "rx_id")
    while not over.is_set():
        with contextlib.suppress(TimeoutError):
            frame = raw.receive()
            if int.from_bytes(frame[:4], "little") != asked:
                continue
            kind = frame[8] >> 4
            if kind == 0:
                raw.send(answered, bytes([0x10, 20, 0x62, 1, 2, 3, 4, 5]))
            elif kind == 1:
                raw.send(answered, bytes([0x32, 0, 0]))
            elif kind == 3:
                # The first one after the beginning has the number 1.
                raw.send(answered, bytes([0x22, 1, 2, 3, 4, 5, 6, 7]))
