"""Streams for the tools that are there already: candump's text for canplayer and log2asc.

What curl wrote to a file, or hands on as it comes, is what candump itself would have said.
"""
import os
import re
import signal
import subprocess

import pytest

from kinds import ERRORS
from recording import FRAMES_SENT, recording, send_all_kinds
from service import PATIENCE, asleep, wait_until
from streams import websocket
from traffic import accounted, send_numbered
from transports import candump_event
from witnesses import RawSocket, cansend, ip, parsed_record

FRAMES = "/v1/interfaces/vcan0/frames"


def without_raw_dlc(text):
    """As candump of Debian 12 prints a frame, and canplayer sends it."""
    return re.sub(r"_.$", "", text)


@pytest.fixture
def record(service, wire, tmp_path):
    """A file with all kinds of frames and error frames, and what they are in cansend's notation."""
    file = tmp_path / "vcan0.log"
    with recording(service, file, f"{FRAMES}?count={FRAMES_SENT}", "-H", "Accept: text/plain") as curl:
        sent = send_all_kinds(service)
        assert curl.wait(PATIENCE) == 0
    return file, sent


def test_the_text_is_candumps_own(record, wire):
    file, sent = record
    opened, *lines = file.read_text(encoding="ascii").splitlines()
    assert re.fullmatch(r"# open epoch=[0-9a-z]+ seq=\d+ interfaces=vcan0", opened)
    told = [parsed_record(line) for line in lines]
    assert [frame.text for frame in told] == sent
    # With its times and its interface.
    seen = wire.wait_for_count("vcan0", len(sent))
    assert [(frame.timestamp, frame.interface) for frame in told] == [(frame.timestamp, "vcan0") for frame in seen]
    assert [without_raw_dlc(frame.text) for frame in told] == [frame.text for frame in seen]


def test_canplayer_plays_it_on_another_bus_and_it_comes_back_the_same(service, record, wire, tmp_path):
    file, sent = record
    again = tmp_path / "vcan1.log"
    path = f"/v1/interfaces/vcan1/frames?format=candump&count={FRAMES_SENT}"
    with recording(service, again, path) as curl:
        subprocess.run(["canplayer", "-I", file, "vcan1=vcan0"], check=True, capture_output=True, timeout=PATIENCE)
        assert curl.wait(PATIENCE) == 0
    expected = [without_raw_dlc(text) for text in sent]
    assert [frame.text for frame in wire.wait_for_count("vcan1", len(sent))] == expected
    lines = again.read_text(encoding="ascii").splitlines()[1:]
    assert [(frame.interface, frame.text) for frame in map(parsed_record, lines)] == [
        ("vcan1", text) for text in expected]


def test_log2asc_reads_it(record):
    file, sent = record
    run = subprocess.run(["log2asc", "-I", file, "vcan0"], check=True, capture_output=True, text=True, timeout=PATIENCE)
    lines = run.stdout.splitlines()[3:]
    assert len(lines) == len(sent)
    for line, text in zip(lines, sent, strict=True):
        if text in sent[-1 - len(ERRORS):-1]:
            assert line.split()[2] == "ErrorFrame"
            continue
        identifier, _, rest = without_raw_dlc(text).partition("#")
        asc = f"{int(identifier, 16):X}" + ("x" if len(identifier) == 8 else "")
        data = "" if rest.startswith("R") else rest[2:] if rest.startswith("#") else rest
        assert asc in line.split(), (line, text)
        assert " ".join(data[place:place + 2] for place in range(0, len(data), 2)) in line, (line, text)


def test_a_pipe_into_canplayer_carries_one_bus_over_to_another(service):
    """curl and canplayer, live, as one would write it in a shell."""
    command = f"curl -sSN '{service.base}{FRAMES}?format=candump' | exec canplayer vcan1=vcan0"
    with websocket(service, "/v1/interfaces/vcan1/frames") as far:
        pipe = subprocess.Popen(["bash", "-c", command], start_new_session=True)
        try:
            wait_until(
                lambda: any(stream["transport"] == "candump" for stream in service.get("/v1/streams")["streams"]),
                "curl is there")
            for number in range(5):
                cansend("vcan0", f"123#{number:02X}")
                assert int(far.until_type("frame")["data"], 16) == number
        finally:
            os.killpg(pipe.pid, signal.SIGKILL)
            pipe.wait()


@pytest.mark.parametrize("arguments", [["-H", "Accept: text/plain"], []])
def test_the_text_is_plain_text(service, arguments):
    query = "for=1ms" if arguments else "for=1ms&format=candump"
    answer = service.curl(*arguments, path=f"{FRAMES}?{query}")
    assert answer.status == 200 and answer["Content-Type"] == "text/plain"
    assert (answer["Cache-Control"], answer["X-Accel-Buffering"]) == ("no-store", "no")
    assert answer.body.startswith(b"# open epoch=") and answer.body.endswith(b"\n")


def test_all_interfaces_are_in_one_text(service, tmp_path):
    file = tmp_path / "all.log"
    path = "/v1/frames?format=candump&interface=vcan0&interface=can0&count=3"
    with recording(service, file, path) as curl, websocket(service) as witness:
        for name in ("vcan0", "vcan1", "can0", "vcan0"):
            cansend(name, "123#01")
            # Read before the next is sent: what waits on two interfaces is read in any order.
            witness.until_type("frame", interface=name)
        assert curl.wait(PATIENCE) == 0
    opened, *lines = file.read_text(encoding="ascii").splitlines()
    assert set(opened.split("interfaces=")[1].split(",")) == {"vcan0", "can0"}
    assert [parsed_record(line).interface for line in lines] == ["vcan0", "can0", "vcan0"]


def test_what_is_no_frame_is_not_in_the_text_but_heartbeats_are_comments(service, make_interface, tmp_path):
    name, file = make_interface(), tmp_path / "quiet.log"
    path = f"/v1/interfaces/{name}/frames?format=candump&heartbeat=1&count=1"
    with recording(service, file, path) as curl:
        ip("link", "set", name, "down")
        ip("link", "set", name, "up")
        wait_until(lambda: file.read_text(encoding="ascii").count("# heartbeat") >= 2, "heartbeats come")
        cansend(name, "123#01")
        assert curl.wait(PATIENCE) == 0
    opened, *beats, frame = file.read_text(encoding="ascii").splitlines()
    assert opened.startswith("# open ") and frame.endswith(f" {name} 123#01")
    assert all(re.fullmatch(r"# heartbeat now=\d+\.\d{1,6}", beat) for beat in beats)


def test_a_resumed_text_says_so(service, tmp_path):
    with websocket(service, FRAMES) as stream:
        for text in ("123#01", "123#02", "123#03"):
            cansend("vcan0", text)
        first = stream.frames(3)[0]
        since = f"{stream.opened['epoch']}:{first['seq']}"
    answer = service.curl("-N", path=f"{FRAMES}?format=candump&count=2&since={since}")
    opened, *lines = answer.body.decode().splitlines()
    assert opened.endswith(" resumed=true")
    assert [parsed_record(line).text for line in lines] == ["123#02", "123#03"]


def test_a_gap_is_a_comment_over_which_the_tools_read(start, tmp_path, wire):
    """The kernel dropped some; the text says how many, and canplayer plays the others."""
    service = start("--receive-buffer-bytes", "40000")
    file, count = tmp_path / "gap.log", 1000
    with recording(service, file, FRAMES + "?format=candump"), RawSocket("vcan0") as raw:
        with asleep(service):
            send_numbered(raw, count)
        wait_until(lambda: "# gap" in file.read_text(encoding="ascii"), "the gap is told")
        raw.send(0x7FE)
        wait_until(lambda: " 7FE#\n" in file.read_text(encoding="ascii"), "the next frame comes")
    lines = file.read_text(encoding="ascii").splitlines()
    gap = [line for line in lines if line.startswith("# gap")]
    assert len(gap) == 1 and re.fullmatch(r"# gap lost=[1-9]\d* where=kernel interface=vcan0", gap[0])
    assert accounted([candump_event(line) for line in lines]) == count + 1
    frames = [parsed_record(line).text for line in lines if line.startswith("(")]
    subprocess.run(["canplayer", "-t", "-I", file, "vcan1=vcan0"], check=True, capture_output=True, timeout=PATIENCE)
    assert [frame.text for frame in wire.wait_for_count("vcan1", len(frames))] == frames
    run = subprocess.run(["log2asc", "-I", file, "vcan0"], check=True, capture_output=True, text=True, timeout=PATIENCE)
    assert len(run.stdout.splitlines()) == 3 + len(frames)
