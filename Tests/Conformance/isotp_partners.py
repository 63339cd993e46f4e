"""Whom the service speaks ISO-TP with: sockets of Python, isotpsend and isotprecv, and a socket that misbehaves."""
import contextlib
import select
import socket
import struct
import subprocess
import time

from exactness import meanwhile
from service import PATIENCE, wait_until
from witnesses import RawSocket

# linux/can/isotp.h; Python has no names for them.
SOL_CAN_ISOTP = 106
OPTIONS, FLOW_CONTROL, LINK_LAYER = 1, 2, 5
EXTENDED_ADDRESS, TX_PADDING, RX_PADDING, RX_EXTENDED_ADDRESS = 0x2, 0x4, 0x8, 0x200
LONGEST = 66000


class Partner:
    """An ISO-TP socket. `tx` and `rx` are the identifiers as this side sees them, an extended one with its mark.

    One address makes mixed addressing, two (what it sends with, what it receives with) extended addressing.
    """

    def __init__(self, interface, tx=0x7E8, rx=0x7E0, *, addresses=(), tx_padding=None, rx_padding=None,
                 block_size=0, st_min=0, link_layer=None):
        sends, receives = (*addresses, *addresses, 0, 0)[:2]
        flags = (EXTENDED_ADDRESS if addresses else 0) | (RX_EXTENDED_ADDRESS if len(addresses) == 2 else 0)
        flags |= (TX_PADDING if tx_padding is not None else 0) | (RX_PADDING if rx_padding is not None else 0)
        self.socket = socket.socket(socket.AF_CAN, socket.SOCK_DGRAM, socket.CAN_ISOTP)
        self.socket.setsockopt(SOL_CAN_ISOTP, OPTIONS, struct.pack(
            "=IIBBBB", flags, 0, sends, tx_padding or 0, rx_padding or 0, receives))
        self.socket.setsockopt(SOL_CAN_ISOTP, FLOW_CONTROL, struct.pack("=BBB", block_size, st_min, 0))
        if link_layer:
            self.socket.setsockopt(SOL_CAN_ISOTP, LINK_LAYER, struct.pack("=BBB", *link_layer))
        self.socket.bind((interface, rx, tx))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def fileno(self):
        return self.socket.fileno()

    def send(self, text):
        """Sends a PDU, given as hexadecimal text; the kernel goes on by itself."""
        self.socket.send(bytes.fromhex(text))

    def receive(self, seconds=PATIENCE):
        """The next PDU, as hexadecimal text."""
        assert select.select([self], [], [], seconds)[0], f"no PDU came within {seconds} s"
        return self.socket.recv(LONGEST + 1).hex().upper()


class Misbehaving(RawSocket):
    """A raw socket that plays the partner of an ISO-TP socket, frame by frame."""

    def __init__(self, interface, tx=0x7E8, rx=0x7E0):
        super().__init__(interface)
        self._tx, self._rx = tx, rx

    def say(self, text):
        """Sends a frame with these data."""
        self.send(self._tx, bytes.fromhex(text))

    def hear(self, begin="", seconds=PATIENCE):
        """The data of the next frame that is for it and begins so."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            assert left > 0, f"no frame {begin}… came within {seconds} s"
            self.socket.settimeout(left)
            identifier, length, data = struct.unpack("=IBxxx8s", self.receive()[:16])
            text = data[:length].hex().upper()
            if identifier == self._rx and text.startswith(begin):
                return text


def pdu(length, first=0):
    """A PDU of so many bytes that differ from place to place, as hexadecimal text."""
    return bytes((first + place * 7 + place // 256) % 256 for place in range(length)).hex().upper()


def exchange(service, data, interface="vcan0", *, timeout_ms=15000, **members):
    """Asks the service for an exchange with 7E0 and 7E8, unless told otherwise; members that are None are left out.

    It may take longer than by default: the machine may have something else to do.
    """
    body = {"tx_id": "7E0", "rx_id": "7E8", "data": data, "timeout_ms": timeout_ms} | members
    seconds = PATIENCE + (timeout_ms or 0) / 1000 * 2
    return service.request(
        "POST", f"/v1/interfaces/{interface}/isotp",
        json_body={name: value for name, value in body.items() if value is not None}, timeout=seconds)


def answered(service, data, interface="vcan0", **members):
    """What the partner answers."""
    answer = exchange(service, data, interface, **members)
    assert answer.status == 200, (answer.status, answer.body)
    return answer.json["data"]


def exchanging(service, data, interface="vcan0", **members):
    """An exchange that goes on while the test plays the partner."""
    return meanwhile(lambda: exchange(service, data, interface, **members))


def completed(transfer, attempts=3):
    """What a long transfer brings, begun again where the kernel gave it up because for a second nothing came."""
    for _ in range(attempts - 1):
        with contextlib.suppress(TimeoutError):
            answer = transfer()
            if answer.status != 504:
                return answer
    return transfer()


def listeners(interface):
    """The identifiers for which ISO-TP sockets listen on an interface, as the kernel lists them."""
    found = []
    for which in ("sff", "eff"):
        with open(f"/proc/net/can/rcvlist_{which}", encoding="ascii") as table:
            rows = [line.split() for line in table]
        # Beside each stands who it is; "isotpe" waits for its own echo.
        found += [int(row[1], 16) & 0x1FFFFFFF for row in rows if row and row[0] == interface and row[-1] == "isotp"]
    return sorted(found)


class Program:
    """isotprecv, which waits for one PDU, prints it and ends."""

    def __init__(self, interface, *options, source="7E8", destination="7E0"):
        self._process = subprocess.Popen(
            ["isotprecv", "-s", source, "-d", destination, *options, interface], stdout=subprocess.PIPE)
        wait_until(lambda: int(destination, 16) in listeners(interface), "isotprecv listens")

    def received(self):
        """The PDU, as hexadecimal text."""
        output, _ = self._process.communicate(timeout=PATIENCE)
        return bytes.fromhex(output.decode()).hex().upper()

    def close(self):
        self._process.kill()
        self._process.communicate()


@contextlib.contextmanager
def isotprecv(interface, *options, **identifiers):
    with contextlib.closing(Program(interface, *options, **identifiers)) as program:
        yield program


def isotpsend(interface, text, *options, source="7E8", destination="7E0"):
    """Sends a PDU, given as hexadecimal text."""
    spaced = " ".join(text[place:place + 2] for place in range(0, len(text), 2))
    subprocess.run(
        ["isotpsend", "-s", source, "-d", destination, *options, interface], input=spaced, text=True, check=True,
        timeout=PATIENCE)
