"""The machine's own CAN tools, as witnesses that know nothing of the service: candump, cansend, ip, raw sockets."""
import fcntl
import json
import os
import re
import select
import socket
import struct
import subprocess
import termios
import threading
import time
from dataclasses import dataclass

from processors import until_all_is_seen
from service import PATIENCE, wait_until

EXTENDED, REMOTE, ERROR = 0x80000000, 0x40000000, 0x20000000
BRS, ESI, FDF = 1, 2, 4
# Python has no name for it before 3.13.
CAN_RAW_ERR_FILTER = 2
CLASSIC, FLEXIBLE = "=IBxxB8s", "=IBBxx64s"
LISTS = ("all", "eff", "err", "fil", "inv", "sff")


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


def ip_json(*arguments):
    run = subprocess.run(["ip", "-details", "-json", *arguments], check=True, capture_output=True, text=True)
    return json.loads(run.stdout)


def cansend(interface, text):
    subprocess.run(["cansend", interface, text], check=True, capture_output=True)


def receivers(interface, which):
    """The entries (identifier, mask) of /proc/net/can/rcvlist_<which> for an interface."""
    rows = []
    with open(f"/proc/net/can/rcvlist_{which}", encoding="ascii") as table:
        for line in table:
            words = line.split()
            if words and words[0] == interface and len(words) >= 7:
                rows.append((int(words[1], 16), int(words[2], 16)))
    return rows


def broadcast_operations():
    """The lines of all transmissions in /proc/net/can-bcm."""
    run = subprocess.run("cat /proc/net/can-bcm/* 2>/dev/null", shell=True, capture_output=True, text=True, check=False)
    return [line.strip() for line in run.stdout.splitlines() if "tx_op:" in line]


@dataclass(frozen=True)
class Seen:
    """A frame as candump printed it."""

    timestamp: str
    interface: str
    text: str

    @property
    def time(self):
        return float(self.timestamp)

    @property
    def id(self):
        return self.text.split("#")[0]

    @property
    def data(self):
        return self.text.split("#")[-1]


def parsed_record(line):
    """A line of candump's log format."""
    match = re.fullmatch(r"\((\d+\.\d{6})\)\s+(\S+)\s+(\S+)", line)
    if not match:
        return Seen("0", "candump", line)
    timestamp, interface, text = match.groups()
    # The kernel marks each FD frame as such in its flags; cansend's grammar implies it.
    return Seen(timestamp, interface, re.sub(r"##(.)", lambda flags: f"##{int(flags[1], 16) & 3:X}", text))


class Wire:
    """What candump sees on all interfaces, error frames included, from the moment the wire was made."""

    def __init__(self):
        self._process = subprocess.Popen(
            ["candump", "-L", "-d", "-r", "16000000", "any,0:0,#FFFFFFFF"], stdout=subprocess.PIPE)
        self._seen, self._news = [], threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()
        wait_until(lambda: receivers("any", "all") and receivers("any", "err"), "candump listens")

    def _read(self):
        output, rest = self._process.stdout.fileno(), b""
        while True:
            select.select([output], [], [])
            # Taken from the pipe and noted in one: what is in neither place was not said yet.
            with self._news:
                new = os.read(output, 65536)
                if not new:
                    return
                *lines, rest = (rest + new).split(b"\n")
                self._seen += [parsed_record(line.decode().strip()) for line in lines]
                self._news.notify_all()

    def _said_everything(self):
        """Whether candump waits for a frame, and all that it wrote was read."""
        with open(f"/proc/{self._process.pid}/stat", encoding="ascii") as status:
            asleep = status.read().rpartition(")")[2].split()[0] == "S"
        with self._news:
            unread = fcntl.ioctl(self._process.stdout, termios.FIONREAD, bytes(4))
            return asleep and unread == bytes(4)

    def catch_up(self):
        """Waits until all that was sent before was noted, though candump be late."""
        until_all_is_seen()
        wait_until(self._said_everything, "candump is at rest, or the bus is")

    def begin(self):
        """A view of what is sent from now on, for a new test: all that earlier ones saw is forgotten."""
        self.catch_up()
        with self._news:
            self._seen = []
            return View(self, 0)

    def from_now(self):
        """A view of what is sent from now on."""
        self.catch_up()
        with self._news:
            return View(self, len(self._seen))

    def stop(self):
        self._process.kill()
        self._process.wait()


class View:
    """A part of the wire: what came since a test began."""

    def __init__(self, wire, position):
        self._wire, self._position = wire, position

    def _frames(self, interface):
        new = self._wire._seen[self._position:]
        assert all(frame.interface != "candump" for frame in new), "candump missed frames"
        return [frame for frame in new if frame.interface == interface]

    def frames(self, interface):
        """The frames that were sent so far."""
        self._wire.catch_up()
        with self._wire._news:
            return self._frames(interface)

    def texts(self, interface):
        return [frame.text for frame in self.frames(interface)]

    def wait_for(self, interface, condition, what, seconds=PATIENCE):
        """Waits until a condition of the list of frames holds, and returns that list."""
        end = time.monotonic() + seconds
        with self._wire._news:
            while not condition(frames := self._frames(interface)):
                left = end - time.monotonic()
                assert left > 0, f"not on {interface} within {seconds} s: {what}; the last were {frames[-5:]}"
                self._wire._news.wait(left)
            return frames

    def wait_for_count(self, interface, count, seconds=PATIENCE):
        """Waits for so many frames, and returns them."""
        return self.wait_for(interface, lambda frames: len(frames) >= count, f"{count} frames", seconds)[:count]

    def wait_for_text(self, interface, text):
        """Waits for a frame in cansend's notation, and returns all up to it."""
        frames = self.wait_for(interface, lambda frames: any(frame.text == text for frame in frames), text)
        return frames[: [frame.text for frame in frames].index(text) + 1]

    def renewed(self):
        """A view that begins now."""
        return self._wire.from_now()

    def stays_quiet(self, interface, seconds):
        """Whether nothing came for that long."""
        before = len(self.frames(interface))
        with self._wire._news:
            return not self._wire._news.wait_for(lambda: len(self._frames(interface)) > before, seconds)


class RawSocket:
    """A raw socket on one interface, with FD frames and without a copy of its own."""

    def __init__(self, interface):
        self.socket = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
        self.socket.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FD_FRAMES, 1)
        self.socket.setsockopt(socket.SOL_CAN_RAW, CAN_RAW_ERR_FILTER, 0x1FFFFFFF)
        self.socket.bind((interface,))
        self.socket.settimeout(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, identifier, data=b"", length=None, raw_dlc=0):
        """A classic frame; `length` is that of a remote request, flags are in the identifier."""
        self.socket.send(struct.pack(CLASSIC, identifier, len(data) if length is None else length, raw_dlc, data))

    def send_flexible(self, identifier, data=b"", flags=0):
        self.socket.send(struct.pack(FLEXIBLE, identifier, len(data), flags, data))

    def receive(self):
        """The next frame as the kernel's structure: 16 bytes, or 72 of an FD frame, its own mark taken off."""
        frame = bytearray(self.socket.recv(72))
        if len(frame) == 72:
            frame[5] &= ~FDF
        return bytes(frame)
