"""Measures canhttpd beside the floor (floor.c); deploy/bench runs this.

Usage: measure.py PART TOOLS RESULT [--short] [--remote PYTHON]. TOOLS is a folder with canhttpd, floor, generator and
reader; RESULT is a file for the figures (JSON). The parts:

  counted    in a guest that counts instructions: CPU time, latency, memory at rest and of idle streams
  parallel   in a guest with two processors: the highest rate without loss, memory at full rate
  start      on the host: from exec to the first answer

--remote measures python-can-remote's server, too, which that Python has.
"""
import argparse
import contextlib
import json
import math
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from processes import (
    FORMS, INTERFACE, Floor, Process, Reader, Remote, Service, allow_descriptors, cpu_seconds, free_port,
    generate, memory_bytes, request)

# Where a number is a pair, the second one is that of the short measurement.

# Frames a second at which CPU time and latency are measured, and frames that are let pass before.
RATE = 1000
WARM = 200
# Numbers of readers, and the frames of a run with so many.
FRAMES = {1: (10000, 2000), 8: (10000, 1500), 32: (5000, 1000)}
REMOTE_FRAMES = 2000
# A reader to which no frame came for so many seconds has got all that it gets.
SILENCE = 5
# At full rate it may be another reader's turn for longer.
SILENCE_AT_FULL_RATE = 60

# A rate is sustained when the last frame is delivered so soon after it was sent, and the generator kept the rate.
SUSTAINED_LAG_MS = 250
SUSTAINED_SHARE = 0.97
RATE_READERS = 8
RATE_SERVERS = (("floor", "websocket"), ("websocket",))
FIRST_RATE = 20000
# How often a rate is tried before it counts as too high: this machine may be busy elsewhere.
RATE_TRIES = 3
# Seconds of a run, and how close the search comes: the rate that failed to the one that did not.
RATE_SECONDS = (3, 2)
RATE_STEP = (1.1, 2)

# Enough to fill the log of the service (16 MiB) and the buffers beside it.
FULL_RATE_FRAMES = 150000
FULL_RATE_READERS = 32
IDLE_STREAMS = 1000
# Longer than a heartbeat.
IDLE_SECONDS = 20
STARTS = (15, 7)


def note(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def serve(kind, tools, readers, remote):
    """Starts a server: floor, remote, or canhttpd for readers of one form."""
    if kind == "floor":
        return Floor(tools, readers)
    if kind == "remote":
        return Remote(remote)
    return Service(tools, kind)


def run(kind, tools, readers, rate, count, *, silence=SILENCE, remote=None, peek=None):
    """One server and so many readers, to which frames are sent, first some to warm up. What it delivered and spent;
    latency is that of the reader with the greatest p99. `peek` gets the server at the end."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(serve(kind, tools, readers, remote))
        crowd = [stack.enter_context(Reader(tools, server, WARM, count, silence)) for _ in range(readers)]
        for reader in crowd:
            reader.expect("ready")
        generate(tools, RATE, WARM)
        for reader in crowd:
            reader.expect("warm")
        before, kept_off = cpu_seconds(server.pid), dropped_by_interface()
        sent = generate(tools, rate, count)
        heard = [reader.result() for reader in crowd]
        spent = cpu_seconds(server.pid) - before
        more = peek(server) if peek else {}
    # What the kernel threw away before it reached anybody's socket was not on the bus.
    arrived = count - (dropped_by_interface() - kept_off)
    delivered = sum(each["frames"] for each in heard)
    slowest = max(heard, key=lambda each: each["p99_ns"])
    return {
        "server": kind, "readers": readers, "sent": arrived, "rate": count / sent["seconds"],
        "delivered": delivered, "lost": arrived * readers - delivered, "told": sum(each["told"] for each in heard),
        "cpu_us": spent / max(delivered, 1) * 1e6, "last_ms": max(each["last_ns"] for each in heard) / 1e6,
        **{f"{name}_us": slowest[f"{name}_ns"] / 1e3 for name in ("p50", "p99", "max")}, **more}


def dropped_by_interface():
    """Frames that the kernel took from a sender and had no room for, before any socket."""
    with open(f"/sys/class/net/{INTERFACE}/statistics/rx_dropped", encoding="ascii") as file:
        return int(file.read())


def run_candump(tools, rate, count):
    """candump reads the same bus, so many frames and the warm ones."""
    with Process(f"{tools}/candump", "-n", WARM + count, INTERFACE, stdout=subprocess.DEVNULL) as candump:
        await_bound(INTERFACE)
        generate(tools, rate, WARM)
        await_sleep(candump.pid)
        before = cpu_seconds(candump.pid)
        generate(tools, rate, count)
        # Not waited for until its clock was read for the last time: a process that has ended keeps it till then.
        os.waitid(os.P_PID, candump.pid, os.WEXITED | os.WNOWAIT)
        spent = cpu_seconds(candump.pid) - before
    return {"server": "candump", "readers": 1, "sent": count, "delivered": count, "lost": 0,
            "cpu_us": spent / count * 1e6}


def await_sleep(pid):
    """Waits until a process that has nothing left to read waits for more."""
    while True:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            if file.read().rpartition(")")[2].split()[0] == "S":
                return
        time.sleep(0.001)


def await_bound(interface):
    """Waits until somebody receives everything from the interface, as the kernel lists it."""
    while True:
        with open("/proc/net/can/rcvlist_all", encoding="ascii") as file:
            if any(line.split()[:1] == [interface] for line in file):
                return
        time.sleep(0.02)


def measure_counted(tools, short, remote):
    for kind in ("floor", *FORMS):
        run(kind, tools, 1, RATE, 100)
    run_candump(tools, RATE, 100)
    runs = []
    for readers, frames in FRAMES.items():
        for kind in ("floor", *FORMS):
            runs.append(run(kind, tools, readers, RATE, frames[short]))
            note_run(runs[-1])
    runs.append(run_candump(tools, RATE, FRAMES[1][short]))
    note_run(runs[-1])
    for readers in (1, 8) if remote else ():
        runs.append(run("remote", tools, readers, RATE, REMOTE_FRAMES, remote=remote))
        note_run(runs[-1])
    return {"runs": runs, **measure_idle(tools)}


def note_run(result):
    late = f", p99 {result['p99_us']:.0f} µs" if "p99_us" in result else ""
    note(f"{result['server']}, {result['readers']} readers: {result['cpu_us']:.2f} µs a frame{late}, "
         f"{result['lost']} lost")


def measure_idle(tools):
    """Memory of a service at rest, and of each of many streams on which nothing happens but heartbeats."""
    forms = list(FORMS)
    with Service(tools) as service, contextlib.ExitStack() as stack:
        at_rest = memory_bytes(service.pid, "VmRSS")
        streams = []
        for number in range(IDLE_STREAMS):
            stream = stack.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            stream.sendall(request(forms[number % len(forms)]))
            assert read_until(stream, b'"type":"open"'), f"stream {number} was refused"
            streams.append(stream)
        time.sleep(IDLE_SECONDS)
        grown = memory_bytes(service.pid, "VmRSS") - at_rest
        generate(tools, RATE, 1)
        held = sum(read_until(stream, b'"type":"frame"') for stream in streams)
    note(f"{at_rest >> 10} KiB at rest, {grown / IDLE_STREAMS / 1024:.1f} KiB for each of {held} idle streams")
    return {"rest_bytes": at_rest, "idle_streams": held, "idle_stream_bytes": grown / IDLE_STREAMS}


def read_until(stream, word):
    """Whether the word comes on a stream: it may be late, but not by two heartbeats."""
    heard = b""
    stream.settimeout(IDLE_SECONDS)
    with contextlib.suppress(OSError):
        while word not in heard and heard.count(b"heartbeat") < 3 and (more := stream.recv(65536)):
            heard += more
    return word in heard


def measure_parallel(tools, short):
    rates = {kind: highest_rate(kind, tools, short) for kind in RATE_SERVERS[short]}
    if rates["websocket"] < FIRST_RATE and "floor" not in rates:
        # Is it the machine, or was it for a while?
        rates["floor"] = highest_rate("floor", tools, short)
        rates["websocket"] = max(rates["websocket"], highest_rate("websocket", tools, short))
    loaded = run(
        "websocket", tools, FULL_RATE_READERS, 0, FULL_RATE_FRAMES, silence=SILENCE_AT_FULL_RATE,
        peek=lambda service: {"peak_bytes": memory_bytes(service.pid, "VmHWM")})
    note(f"{loaded['peak_bytes'] >> 10} KiB with {FULL_RATE_READERS} readers at {loaded['rate']:.0f} frames/s, "
         f"{loaded['lost']} lost, {loaded['told']} told")
    return {"rates": rates, "loaded": loaded}


def highest_rate(kind, tools, short):
    """The highest rate, in frames a second, that RATE_READERS readers get without loss."""
    def sustained(rate):
        return any(sustains(kind, tools, rate, short) for _ in range(RATE_TRIES))

    low = FIRST_RATE
    while not sustained(low):
        low /= 2
    high = low * 2
    while low >= FIRST_RATE and sustained(high):
        low, high = high, high * 2
    while high / low > RATE_STEP[short]:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if sustained(middle) else (low, middle)
    return low


def sustains(kind, tools, rate, short):
    result = run(kind, tools, RATE_READERS, rate, int(rate * RATE_SECONDS[short]))
    good = (result["lost"] == 0 and result["last_ms"] <= SUSTAINED_LAG_MS
            and result["rate"] >= SUSTAINED_SHARE * rate)
    note(f"{kind}, {RATE_READERS} readers, {rate:.0f} frames/s: {'sustained' if good else 'not sustained'} "
         f"(sent at {result['rate']:.0f}, {result['lost']} lost, the last {result['last_ms']:.0f} ms late)")
    return good


def measure_start(tools, short):
    times = sorted(start_seconds(f"{tools}/canhttpd") for _ in range(STARTS[short]))
    note(f"first answer after {statistics.median(times) * 1e3:.1f} ms ({times[0] * 1e3:.1f} to {times[-1] * 1e3:.1f})")
    return {"start_seconds": statistics.median(times)}


def start_seconds(binary):
    """From exec to the first byte of an answer, whatever that says."""
    port = free_port()
    settings = {name: value for name, value in os.environ.items() if not name.startswith("CANHTTPD")}
    begin = time.monotonic()
    with Process(binary, "--listen", f"127.0.0.1:{port}", "--log-level", "critical", stdout=subprocess.DEVNULL,
                 env=settings) as service:
        while True:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    client.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                    assert client.recv(1), "no answer"
                    took = time.monotonic() - begin
                    break
            assert service.child.poll() is None, f"exit status {service.child.returncode}"
            time.sleep(0.0002)
        service.child.send_signal(signal.SIGTERM)
        service.child.wait()
    return took


def at_hand(tools, folder):
    """Copies all programs to a folder in memory, and has the kernel keep what they load, and this program: while it
    waits for a file of the host, the clock of a guest that counts instructions may pass every deadline of a server."""
    for name in ("floor", "generator", "reader"):
        shutil.copy(f"{tools}/{name}", folder)
    others = [shutil.copy(program, folder) for program in (f"{tools}/canhttpd", shutil.which("candump"))]
    listed = subprocess.run(["ldd", *others], stdout=subprocess.PIPE, check=True, text=True).stdout
    with open("/proc/self/maps", encoding="utf-8") as file:
        for path in sorted({word for word in (listed + file.read()).split() if word.startswith("/")}):
            with contextlib.suppress(OSError), open(path, "rb") as loaded:
                loaded.read()
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("counted", "parallel", "start"))
    parser.add_argument("tools")
    parser.add_argument("result")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--remote")
    options = parser.parse_args()
    allow_descriptors()
    if options.part == "start":
        figures = measure_start(options.tools, options.short)
    else:
        with tempfile.TemporaryDirectory() as folder:
            tools = at_hand(options.tools, folder)
            if options.part == "counted":
                figures = measure_counted(tools, options.short, options.remote)
            else:
                figures = measure_parallel(tools, options.short)
    with open(options.result, "w", encoding="utf-8") as file:
        json.dump(figures, file, indent=1)


if __name__ == "__main__":
    main()
