"""Streams that curl writes to a file, and frames and error frames of every kind to be found in it."""
import contextlib
import subprocess

from kinds import ALL, ERRORS
from service import wait_until
from witnesses import RawSocket, cansend

# How many frames send_all_kinds sends; error frames do not count.
FRAMES_SENT = len(ALL) + 1


@contextlib.contextmanager
def recording(service, file, path, *arguments):
    """curl writes a stream to a file; it has begun."""
    with file.open("wb") as out:
        process = subprocess.Popen(["curl", "-sSN", "--max-time", "60", *arguments, service.base + path], stdout=out)
    try:
        wait_until(lambda: file.stat().st_size > 0, "the stream begins")
        yield process
    finally:
        process.kill()
        process.wait()


def send_all_kinds(service):
    """Sends a frame of every kind to vcan0, then every error frame, then 7FE; their texts in cansend's notation."""
    texts = [text for text, _, _ in ALL.values()]
    answer = service.request("POST", "/v1/interfaces/vcan0/frames", "\n".join(texts), type="text/plain")
    assert answer.json == {"sent": len(texts)}
    with RawSocket("vcan0") as raw:
        for identifier, data in ERRORS.values():
            raw.send(identifier, bytes.fromhex(data))
    cansend("vcan0", "7FE#")
    return [*texts, *(f"{identifier:08X}#{data}" for identifier, data in ERRORS.values()), "7FE#"]
