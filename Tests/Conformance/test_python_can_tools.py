"""python-can's own programs through the service: logger, player and viewer."""
import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

from kinds import KINDS
from remote_bus import remote, url
from service import wait_until
from witnesses import RawSocket, cansend

# python-can takes its time to start in a guest.
PATIENCE = 60
# Of those frames that its log format can hold: a remote request has no length there.
TEXTS = [text for text, frame, _ in KINDS.values() if not frame.get("length")]


@contextlib.contextmanager
def tool(name, service, *arguments, interface="vcan0", **options):
    """A program of python-can on the remote bus of an interface."""
    # Where the tests run in the background, what they start would not hear SIGINT.
    command = ["env", "--default-signal=INT", sys.executable, "-u", "-m", f"can.{name}"]
    process = subprocess.Popen([*command, "-i", "remote", "-c", url(service, interface), *arguments], **options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_until(descriptor, text, so_far=b""):
    """Reads on until the text has come; all that came."""
    end = time.monotonic() + PATIENCE
    while text not in so_far:
        assert select.select([descriptor], [], [], max(0, end - time.monotonic()))[0], so_far
        more = os.read(descriptor, 65536)
        assert more, so_far
        so_far += more
    return so_far


def test_the_logger_prints_what_comes(service, wire):
    with tool("logger", service, stdout=subprocess.PIPE) as logger:
        out = logger.stdout.fileno()
        text = read_until(out, b"Can Logger")
        assert b"Connected to RemoteBus: canhttpd vcan0" in text
        cansend("vcan0", "123#DEADBEEF")
        text = read_until(out, b"de ad be ef", text)
        assert b"%.6f" % wire.wait_for_count("vcan0", 1)[0].time in text
        with RawSocket("vcan0") as raw:
            raw.send(0x20000040, bytes(8))
        cansend("vcan0", "18DAF110##1AA")
        text = read_until(out, b"18daf110", text)
        logger.send_signal(signal.SIGINT)
        assert logger.wait(PATIENCE) == 0


def test_what_the_logger_wrote_the_player_plays(service, wire, tmp_path):
    log, part = tmp_path / "all.log", tmp_path / "part.log"
    # It writes to the file in blocks; these fill one.
    filling = "\n".join(f"700#{number:016X}" for number in range(500))
    with tool("logger", service, "-f", str(log), stdout=subprocess.PIPE) as logger:
        read_until(logger.stdout.fileno(), b"Can Logger")
        for text in TEXTS:
            cansend("vcan0", text)
        answer = service.request("POST", "/v1/interfaces/vcan0/frames", filling, type="text/plain")
        assert answer.status == 200

        def lines():
            return log.read_text(encoding="ascii").splitlines() if log.exists() else []

        # Not stopped by a signal: one that comes while the client reads a message takes the rest for the next.
        wait_until(lambda: len(lines()) > len(TEXTS), "the file fills", PATIENCE)
    assert [line.split()[0] for line in lines()[:len(TEXTS)]] == [
        f"({frame.timestamp})" for frame in wire.frames("vcan0")[:len(TEXTS)]]
    part.write_text("\n".join(lines()[:len(TEXTS)]) + "\n", encoding="ascii")
    with tool("player", service, str(part), interface="vcan1", stdout=subprocess.DEVNULL) as player:
        assert player.wait(PATIENCE) == 0
    assert [frame.text for frame in wire.wait_for_count("vcan1", len(TEXTS))] == TEXTS


def test_the_logger_filters(service):
    with tool("logger", service, "--filter", "123:7FF", "7FE:7FF", stdout=subprocess.PIPE) as logger:
        out = logger.stdout.fileno()
        read_until(out, b"Can Logger")
        for text in ("124#CAFE", "123#BEEF", "7FE#"):
            cansend("vcan0", text)
        text = read_until(out, b"7fe")
        assert b"be ef" in text and b"ca fe" not in text


def test_the_viewer_shows_the_newest_of_each_identifier(service):
    """In a terminal of its own."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    try:
        with tool("viewer", service, stdin=its, stdout=its, stderr=its, start_new_session=True,
                  env=os.environ | {"TERM": "xterm"}) as viewer:
            read_until(ours, b"Count")
            cansend("vcan0", "123#DEADBEEF")
            screen = read_until(ours, b"DE AD BE EF")
            assert b"0x123" in screen
            cansend("vcan0", "18DAF110#0102")
            assert b"0x18DAF110" in read_until(ours, b"01 02")
            os.write(ours, b"q")
            assert viewer.wait(PATIENCE) == 0
    finally:
        os.close(ours)
        os.close(its)


def test_on_a_quiet_bus_a_program_is_not_held_up(service):
    """The client waits for a message where anything else comes, whatever time it was given; so nothing else may."""
    with remote(service) as bus:
        bus.socket.settimeout(10)
        begin = time.monotonic()
        # Longer than what other streams are silent.
        while time.monotonic() - begin < 17:
            assert bus.recv(1) is None
        # What comes after 15 s would have held it up for ten.
        assert time.monotonic() - begin < 25
        cansend("vcan0", "123#")
        assert bus.recv(10).arbitration_id == 0x123
