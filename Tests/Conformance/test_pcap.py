"""Live pcap: what tshark makes of it is what was on the bus, error frames included, from a file and as it comes."""
import contextlib
import os
import select
import signal
import struct
import subprocess
import time

import pytest

from kinds import ALL, ERRORS
from recording import FRAMES_SENT, recording, send_all_kinds
from service import PATIENCE, wait_until
from streams import websocket
from witnesses import EXTENDED, REMOTE, RawSocket, cansend

FRAMES = "/v1/interfaces/vcan0/frames"
PCAP = "application/vnd.tcpdump.pcap"
FIELDS = [
    "frame.time_epoch", "can.id", "can.flags.xtd", "can.flags.rtr", "can.flags.err", "can.len", "canfd.flags.brs",
    "canfd.flags.esi", "data.data"]
# struct pcap_hdr, of this machine's byte order: version 2.4, 72 bytes at most, LINKTYPE_CAN_SOCKETCAN.
HEADER = struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 72, 227)


def tshark(*arguments, fields=FIELDS, input=None):
    """The fields that tshark finds in each packet."""
    options = [option for field in fields for option in ("-e", field)]
    run = subprocess.run(
        ["tshark", *arguments, "-T", "fields", "-E", "separator=;", *options], stdin=input, capture_output=True,
        text=True, timeout=60, check=True)
    return [dict(zip(fields, line.split(";"), strict=True)) for line in run.stdout.splitlines()]


@pytest.fixture
def record(service, wire, tmp_path):
    """A file with all kinds of frames and error frames."""
    file = tmp_path / "vcan0.pcap"
    with recording(service, file, f"{FRAMES}?count={FRAMES_SENT}", "-H", f"Accept: {PCAP}") as curl:
        send_all_kinds(service)
        assert curl.wait(PATIENCE) == 0
    return file


def records(data):
    """The records of a pcap file: time and bytes."""
    assert data.startswith(HEADER)
    place, found = len(HEADER), []
    while place < len(data):
        seconds, microseconds, length, original = struct.unpack_from("=IIII", data, place)
        assert length == original
        found.append((f"{seconds}.{microseconds:06d}", data[place + 16:place + 16 + length]))
        place += 16 + length
    assert place == len(data), "it ends within a record"
    return found


def test_each_record_is_the_kernels_structure(record, wire):
    """With the identifier in network byte order, as the link type has it, and the mark of an FD frame."""
    sent = [*(structure for _, _, structure in ALL.values()),
            *(struct.pack("=IBxxx8s", identifier, 8, bytes.fromhex(data)) for identifier, data in ERRORS.values()),
            struct.pack("=I12x", 0x7FE)]
    expected = []
    for structure in sent:
        identifier, length, flags = struct.unpack_from("=IBB", structure)
        fd = len(structure) == 72
        expected.append(struct.pack(">IBB", identifier, length, flags | (4 if fd else 0)) + structure[6:])
    found = records(record.read_bytes())
    assert [data for _, data in found] == expected
    assert [timestamp for timestamp, _ in found] == [
        frame.timestamp for frame in wire.wait_for_count("vcan0", len(sent))]


def test_tshark_decodes_every_kind(record):
    packets = tshark("-r", str(record))
    assert len(packets) == len(ALL) + len(ERRORS) + 1
    for packet, (kind, (_, frame, structure)) in zip(packets, ALL.items()):
        identifier, = struct.unpack_from("=I", structure)
        assert int(packet["can.id"]) == identifier & 0x1FFFFFFF, kind
        assert packet["can.flags.xtd"] == str(int(bool(identifier & EXTENDED))), kind
        assert int(packet["can.len"]) == structure[4], kind
        if frame.get("fd"):
            assert packet["canfd.flags.brs"] == str(int(frame.get("brs", False))), kind
            assert packet["canfd.flags.esi"] == str(int(frame.get("esi", False))), kind
        else:
            # That tshark has these says that it takes it for a classic frame.
            assert packet["can.flags.rtr"] == str(int(bool(identifier & REMOTE))), kind
            assert packet["can.flags.err"] == "0" and packet["canfd.flags.brs"] == "", kind
        if frame.get("data"):
            assert packet["data.data"].upper() == frame["data"], kind


def test_tshark_decodes_error_frames(record):
    classes = ["can.flags.err", "can.err.ctrl", "can.err.lostarb", "can.err.prot", "can.err.busoff", "can.err.ack"]
    details = ["can.err.ctrl.tx_passive", "can.err.lostarb.bitnum", "can.err.prot.type.stuff"]
    packets = tshark("-r", str(record), "-Y", "can.flags.err==1", fields=[*classes, *details])
    passive, bus_off, both = packets
    assert [passive[name] for name in classes] == ["1", "1", "0", "0", "0", "0"]
    assert passive["can.err.ctrl.tx_passive"] == "1"
    assert [bus_off[name] for name in classes] == ["1", "0", "0", "0", "1", "0"]
    assert [both[name] for name in classes] == ["1", "0", "1", "1", "0", "0"]
    assert (both["can.err.lostarb.bitnum"], both["can.err.prot.type.stuff"]) == ("5", "1")


def captures(service):
    return {stream["id"] for stream in service.get("/v1/streams")["streams"] if stream["transport"] == "pcap"}


def test_tshark_reads_it_as_it_comes(service):
    """`curl … | tshark -i -`, as Wireshark is used."""
    command = (f"curl -sSN '{service.base}{FRAMES}?format=pcap' | "
               "exec tshark -l -i - -T fields -E separator=';' -e can.id -e data.data 2>/dev/null")
    before = captures(service)
    pipe = subprocess.Popen(["bash", "-c", command], stdout=subprocess.PIPE, start_new_session=True)
    try:
        wait_until(lambda: captures(service) - before, "curl is there")
        text, end = b"", time.monotonic() + 60
        for number in range(3):
            cansend("vcan0", f"123#{number:02X}")
            line = f"291;{number:02x}\n".encode()
            # It is shown before the next one is sent.
            while line not in text:
                assert select.select([pipe.stdout], [], [], max(0, end - time.monotonic()))[0], text
                text += os.read(pipe.stdout.fileno(), 4096)
    finally:
        os.killpg(pipe.pid, signal.SIGKILL)
        pipe.communicate()


def test_tshark_reads_what_curl_hands_on_to_its_end(service):
    command = f"curl -sSN '{service.base}{FRAMES}?format=pcap&count=3' | exec tshark -r - -T fields -e can.id"
    before = captures(service)
    pipe = subprocess.Popen(
        ["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_until(lambda: captures(service) - before, "curl is there")
        for number in range(3):
            cansend("vcan0", f"12{number}#")
        assert pipe.communicate(timeout=60)[0].split() == [b"288", b"289", b"290"]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pipe.pid, signal.SIGKILL)


def test_the_header_comes_at_once_and_the_answer_is_what_it_says(service):
    answer = service.curl("-N", path=f"{FRAMES}?format=pcap&for=100ms")
    assert answer.status == 200 and answer["Content-Type"] == PCAP
    assert (answer["Cache-Control"], answer["X-Accel-Buffering"]) == ("no-store", "no")
    assert answer.body == HEADER
    assert service.request("HEAD", FRAMES + "?format=pcap")["Content-Type"] == PCAP


def test_what_a_stream_selects_holds_for_pcap_too(service):
    with websocket(service, FRAMES) as stream, RawSocket("vcan0") as raw:
        since = f"{stream.opened['epoch']}:{stream.opened['seq']}"
        for identifier in (0x123, 0x124, 0x20000040, 0x123, 0x7FE):
            raw.send(identifier, bytes(8) if identifier > 0x7FF else b"")
        stream.frames(4)
    path = f"{FRAMES}?format=pcap&since={since}&filter=123:7FF&events=frame&count=2"
    found = records(service.curl("-N", path=path).body)
    assert [struct.unpack_from(">I", data)[0] for _, data in found] == [0x123, 0x123]
