"""Clients of streams that say something themselves, and one that reads a live capture."""
import http.client
import json
import struct
import time

from description import faults
from service import PATIENCE
from streams import TEXT, Reader, WebSocketReader

RECORD, PACKET = struct.Struct("<IIII"), struct.Struct(">IBBBB")
REMOTE = struct.Struct(">dIBB")


class CaptureStream(Reader):
    """The frames of a live capture: the time, the identifier with its flags, and how many bytes the packet has."""

    def __init__(self, service, path):
        super().__init__()
        self._connection = http.client.HTTPConnection(service.host, service.port, timeout=PATIENCE)
        self._connection.request("GET", path, headers={"Accept": "application/vnd.tcpdump.pcap"})
        self._answer = self._connection.getresponse()
        self.header = struct.unpack("<IHHiIII", self._answer.read(24))

    def _read(self, end):
        assert time.monotonic() < end, f"the last were {self.seen[-5:]}"
        head = self._answer.read(RECORD.size)
        if not head:
            return None
        seconds, microseconds, captured, original = RECORD.unpack(head)
        packet = self._answer.read(captured)
        identifier, length, flags, reserved, _ = PACKET.unpack_from(packet)
        assert captured == original == len(packet) == (72 if flags & 4 else 16) and reserved == 0
        assert not any(packet[PACKET.size + length:])
        return f"{seconds}.{microseconds:06}", identifier, captured

    def close(self):
        self._answer.close()
        self._connection.close()


def say(reader, command):
    """Says a command, or any text, and reads on to the answer."""
    text = command if isinstance(command, str) else json.dumps(command)
    reader.send(TEXT, text.encode())
    return reader.until(lambda event: event["type"] in ("ack", "problem"))


def carry_out(reader, command):
    """What is wrong with a valid command or its answer, as text."""
    wrong = faults("#/components/schemas/Command", command)
    answer = say(reader, command)
    if answer["type"] != "ack" or answer["op"] != command["op"] or answer.get("ref") != command.get("ref"):
        wrong.append(f"is answered {answer}")
    if answer.get("sent") != (len(command["frames"]) if command["op"] == "send" else None):
        wrong.append(f"sent is {answer.get('sent')}")
    if ("frames" in answer) != command.get("confirm", False) or len(answer.get("frames", [])) not in (0, answer.get("sent")):
        wrong.append(f"frames is {answer.get('frames')}")
    if ("job" in answer) != (command["op"] == "job") or not answer.get("job", {}).get("connection", True):
        wrong.append(f"job is {answer.get('job')}")
    return [f"{command}: {fault}" for fault in wrong]


def refuse(reader, command, code):
    """What is wrong with the answer to a command that must be refused, as text."""
    answer = say(reader, command)
    known = command if isinstance(command, dict) else {}
    reference = known.get("ref") if isinstance(known.get("ref"), (str, int)) else None
    if answer["type"] == "problem" and answer["code"] == code and answer.get("ref") == reference:
        return []
    return [f"{str(command)[:200]}: is answered {answer}, not {code}"]


class RemoteReader(WebSocketReader):
    """A client of python-can-remote; what comes as a binary message is read into what JSON would have said."""

    def __init__(self, service, path, protocol):
        super().__init__(service, path, {"Sec-WebSocket-Protocol": protocol})
        assert self.status == 101 and self.headers["sec-websocket-protocol"] == protocol

    def say(self, type, payload):
        self.send(TEXT, json.dumps({"type": type, "payload": payload}).encode())

    def open(self, **config):
        self.say("bus_request", {"config": config})
        self.until_type("bus_response")

    def until_message(self, **members):
        """Reads on to the first frame that has these members."""
        return self.until(
            lambda event: event["type"] == "message"
            and all(event["payload"].get(name) == value for name, value in members.items()))

    def binary(self, payload):
        return {"type": "message", "payload": unpacked(payload)}


def unpacked(message):
    """The frame in a binary message of python-can-remote."""
    assert message[0] == 1
    timestamp, identifier, length, flags = REMOTE.unpack_from(message, 1)
    names = ("is_extended_id", "is_remote_frame", "is_error_frame", "is_fd", "bitrate_switch", "error_state_indicator")
    return {
        "timestamp": timestamp, "arbitration_id": identifier, "dlc": length, "data": list(message[1 + REMOTE.size:]),
    } | {name: bool(flags & 1 << bit) for bit, name in enumerate(names)}


class PDUReader(WebSocketReader):
    """A client of a WebSocket of ISO-TP messages; what comes as a binary message has the type `binary` here."""

    def __init__(self, service, interface, query):
        super().__init__(service, f"/v1/interfaces/{interface}/isotp?{query}")
        assert self.status == 101, self.status

    def binary(self, payload):
        return {"type": "binary", "data": payload.hex().upper()}


def send_pdu(reader, message):
    """What is wrong with a valid message or its answer, as text."""
    wrong = faults("#/components/schemas/PDUInput", message)
    answer = say(reader, message)
    expected = {"type": "ack", "sent": len(message["data"]) // 2} | {
        name: message[name] for name in ("ref",) if name in message}
    if answer != expected:
        wrong.append(f"is answered {answer}")
    return [f"{str(message)[:200]}: {fault}" for fault in wrong]


def packed(identifier, data):
    """A binary message of python-can-remote with a standard frame."""
    return bytes([1]) + REMOTE.pack(0, identifier, len(data), 0) + data
