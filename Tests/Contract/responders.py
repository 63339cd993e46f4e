"""Those whom ISO-TP messages are sent to, each in a thread of its own: one who answers, one who breaks the protocol."""
import contextlib
import socket
import threading

from witnesses import RawSocket
from world import ECU, FAULTY

# How often somebody who waits looks whether he is still needed, in seconds.
LOOKS = 0.1


@contextlib.contextmanager
def responders(interface):
    """While this lasts, messages to ECU and FAULTY find somebody."""
    over = threading.Event()
    with opened(interface) as ecu, RawSocket(interface) as faulty:
        faulty.socket.settimeout(LOOKS)
        threads = [
            threading.Thread(target=answer, args=(ecu, over)), threading.Thread(target=misbehave, args=(faulty, over))]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()


def opened(interface):
    """The kernel's ISO-TP, as the other side of ECU."""
    connection = socket.socket(socket.AF_CAN, socket.SOCK_DGRAM, socket.CAN_ISOTP)
    connection.bind((interface, int(ECU["tx_id"], 16), int(ECU["rx_id"], 16)))
    connection.settimeout(LOOKS)
    return connection


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
    asked, answered = (int(FAULTY[name], 16) for name in ("tx_id", "rx_id"))
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
