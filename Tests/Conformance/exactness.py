"""Measuring times that are promised, by clients that may be late themselves."""
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor


class Stopwatch:
    """How long it is since something that happened within a call, whose exact moment nobody outside knows."""

    def __init__(self, call):
        self._before = time.monotonic()
        self.result = call()
        self._after = time.monotonic()

    def read(self):
        """The shortest and the longest time, in seconds, that it can have been until now."""
        now = time.monotonic()
        return now - self._after, now - self._before


def on_time(measure, wanted, late, early=0.001, attempts=25):
    """Fails unless what takes `wanted` seconds is never early, and once not later than `late` beyond it.

    `measure` gives the shortest and the longest time that it can have taken, or one time. It is asked again where that
    is too long: the machine may have had something else to do, but what the service itself does late is late each time.
    With nothing `wanted`, it may measure anything that a busy machine can only make larger.
    """
    measured = []
    for _ in range(attempts):
        told = measure()
        shortest, longest = told if isinstance(told, tuple) else (told, told)
        measured.append((round(shortest, 4), round(longest, 4)))
        assert longest >= wanted - early, f"too early, not after {wanted} s: {measured}"
        if shortest <= wanted + late:
            return
    raise AssertionError(f"never within {late} s after {wanted} s: {measured}")


@contextlib.contextmanager
def meanwhile(*calls):
    """Makes calls that take their time, each in a thread of its own; gives what they will have brought."""
    with ThreadPoolExecutor(len(calls)) as pool:
        pending = [pool.submit(call) for call in calls]
        yield pending[0] if len(pending) == 1 else pending


def busy(pid, seconds):
    """How much of so many seconds a processor is busy for a process, from 0 to 1."""
    before, begin = processor_time(pid), time.monotonic()
    time.sleep(seconds)
    return (processor_time(pid) - before) / (time.monotonic() - begin)


def processor_time(pid):
    """How many seconds of processor time a process has taken so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as status:
        words = status.read().rpartition(")")[2].split()
    # User and system, the 14th and 15th; the state is the third. In clock ticks, of which Linux shows 100 a second.
    return (int(words[11]) + int(words[12])) / 100
