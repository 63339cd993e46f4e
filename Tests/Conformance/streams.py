"""Readers of streams: curl for lines and server-sent events, a plain socket for WebSocket."""
import contextlib
import json
import os
import select
import struct
import subprocess
import time

from service import PATIENCE

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = {
    "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY,
}


class Reader:
    """Events, one after the other, each waited for with a deadline; `seen` has all that were read."""

    def __init__(self):
        self.seen = []

    def next(self, seconds=PATIENCE):
        """The next event; None at the end of the stream."""
        event = self._read(time.monotonic() + seconds)
        if event is not None:
            self.seen.append(event)
        return event

    def until(self, condition, seconds=PATIENCE):
        """Reads on to the first event that meets the condition, and returns it."""
        end = time.monotonic() + seconds
        while True:
            event = self._read(end)
            assert event is not None, f"the stream ended; the last were {self.seen[-5:]}"
            self.seen.append(event)
            if condition(event):
                return event

    def until_type(self, type, seconds=PATIENCE, **members):
        """Reads on to the first event of a type that has these members."""
        return self.until(
            lambda event: event["type"] == type and all(event.get(name) == value for name, value in members.items()),
            seconds)

    def news(self, seconds=PATIENCE):
        """The next event that is no heartbeat."""
        return self.until(lambda event: event["type"] != "heartbeat", seconds)

    def frames(self, count, seconds=PATIENCE):
        """The next frames, so many."""
        end = time.monotonic() + seconds
        return [self.until_type("frame", end - time.monotonic()) for _ in range(count)]

    def rest(self, seconds=PATIENCE):
        """All events to the end of the stream."""
        end = time.monotonic() + seconds
        events = []
        while (event := self._read(end)) is not None:
            events.append(event)
        self.seen += events
        return events


class CurlReader(Reader):
    """The events of a stream that `curl -N` follows; `raw` has the text of each."""

    def __init__(self, url, *arguments):
        super().__init__()
        self.process = subprocess.Popen(
            ["curl", "-sSN", "-i", *arguments, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._buffer, self.raw = b"", []
        head = self._until(b"\r\n\r\n", time.monotonic() + PATIENCE)
        assert head is not None, self.process.stderr.read()
        first, *fields = head.decode().split("\r\n")
        self.status = int(first.split(" ")[1])
        self.headers = {name.strip().lower(): value.strip() for name, value in (line.split(":", 1) for line in fields)}
        self._separator = b"\n\n" if self.headers.get("content-type", "").startswith("text/event-stream") else b"\n"

    def _until(self, separator, end):
        while separator not in self._buffer:
            left = end - time.monotonic()
            assert left > 0, f"the stream says nothing more; the last were {self.seen[-5:]}"
            if not select.select([self.process.stdout], [], [], left)[0]:
                continue
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                return None
            self._buffer += more
        text, _, self._buffer = self._buffer.partition(separator)
        return text

    def _read(self, end):
        text = self._until(self._separator, end)
        if text is None:
            assert self._buffer == b"", f"cut in the middle of an event: {self._buffer}"
            return None
        self.raw.append(text.decode())
        if self._separator == b"\n":
            return json.loads(text)
        lines = text.decode().split("\n")
        return json.loads("".join(line.removeprefix("data: ") for line in lines if line.startswith("data: ")))

    def exit_status(self):
        """curl's own opinion of how the answer ended: 0 where it was complete."""
        return self.process.wait(PATIENCE)

    def close(self):
        self.process.kill()
        self.process.communicate()


@contextlib.contextmanager
def curl_follow(service, path="/v1/frames", *arguments):
    """A stream that curl follows and that has said `open`; `opened` is that event."""
    reader = CurlReader(service.base + path, *arguments)
    try:
        assert reader.status == 200, reader.next()
        reader.opened = reader.next()
        assert reader.opened["type"] == "open"
        yield reader
    finally:
        reader.close()


def handshake(path, authority, fields=None):
    """The text of a WebSocket's opening handshake."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {authority}"]
    lines += [f"{name}: {value}" for name, value in (HANDSHAKE if fields is None else fields).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class WebSocketReader(Reader):
    """A WebSocket client of a few lines, which can also do what no decent client does."""

    def __init__(self, service, path="/v1/frames", fields=None, connection=None):
        super().__init__()
        self.socket = connection or service.connect()
        self.socket.sendall(handshake(path, service.authority, HANDSHAKE | (fields or {})))
        self._buffer = b""
        head = self._take_until(b"\r\n\r\n")
        self.status = int(head.split(b" ")[1])
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
        self.headers = {name.lower(): value for name, value in fields}
        self.closed = None

    def _more(self, end):
        left = end - time.monotonic()
        assert left > 0, f"the WebSocket says nothing more; the last were {self.seen[-5:]}"
        self.socket.settimeout(left)
        try:
            more = self.socket.recv(65536)
        except TimeoutError:
            return
        except ConnectionResetError:
            more = b""
        if not more:
            raise EOFError
        self._buffer += more

    def _take_until(self, separator):
        end = time.monotonic() + PATIENCE
        while separator not in self._buffer:
            self._more(end)
        head, _, self._buffer = self._buffer.partition(separator)
        return head

    def receive(self, seconds=PATIENCE):
        """The next frame: its first byte and its payload. The end of the connection raises EOFError."""
        return self._receive(time.monotonic() + seconds)

    def _receive(self, end):
        while True:
            if len(self._buffer) >= 2:
                length, start = self._buffer[1] & 0x7F, 2
                assert not self._buffer[1] & 0x80, "a server's frame is masked"
                if length == 126 and len(self._buffer) >= 4:
                    length, start = struct.unpack_from("!H", self._buffer, 2)[0], 4
                elif length == 127 and len(self._buffer) >= 10:
                    length, start = struct.unpack_from("!Q", self._buffer, 2)[0], 10
                elif length >= 126:
                    length = 1 << 63
                if len(self._buffer) >= start + length:
                    first, payload = self._buffer[0], self._buffer[start:start + length]
                    self._buffer = self._buffer[start + length:]
                    return first, payload
            self._more(end)

    def send(self, opcode, payload=b"", *, last=True, masked=True, reserved=0):
        """Sends one frame."""
        length = len(payload)
        mask = os.urandom(4) if masked else b""
        bit = 0x80 if masked else 0
        head = bytes([(0x80 if last else 0) | reserved << 4 | opcode])
        if length < 126:
            head += bytes([bit | length])
        elif length < 65536:
            head += bytes([bit | 126]) + struct.pack("!H", length)
        else:
            head += bytes([bit | 127]) + struct.pack("!Q", length)
        body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)) if masked else payload
        self.socket.sendall(head + mask + body)

    def _read(self, end):
        while True:
            try:
                first, payload = self._receive(end)
            except EOFError:
                return None
            if first == 0x80 | TEXT:
                return json.loads(payload)
            if first == 0x80 | BINARY:
                return self.binary(payload)
            if first == 0x80 | PING:
                self.send(PONG, payload)
            elif first == 0x80 | CLOSE:
                self.closed = struct.unpack("!H", payload[:2])[0] if payload else 1005
                self.send(CLOSE, payload)
                return None
            else:
                assert first == 0x80 | PONG, f"a frame that begins with {first:#x}"

    def binary(self, payload):
        """The event in a binary message; streams whose client has not asked for such messages have none."""
        raise AssertionError(f"a binary message: {payload}")

    def answer(self, opcode, seconds=PATIENCE):
        """Reads on, over other frames, to the next frame of an opcode, and returns its payload."""
        end = time.monotonic() + seconds
        while True:
            first, payload = self._receive(end)
            if first & 0x0F == opcode:
                assert first & 0x80, "a control frame in fragments"
                return payload

    def close_code(self, seconds=PATIENCE):
        """Reads on to the close frame, echoes it, and returns its code."""
        payload = self.answer(CLOSE, seconds)
        code = struct.unpack("!H", payload[:2])[0]
        payload[2:].decode()
        self.closed = code
        return code

    def is_cut(self, seconds=PATIENCE):
        """Whether the server ends the connection."""
        end = time.monotonic() + seconds
        try:
            while True:
                self._receive(end)
        except EOFError:
            return True

    def close(self):
        self.socket.close()


@contextlib.contextmanager
def websocket(service, path="/v1/frames", fields=None):
    """A WebSocket that has said `open`."""
    reader = WebSocketReader(service, path, fields)
    try:
        assert reader.status == 101
        reader.opened = reader.next()
        assert reader.opened["type"] == "open"
        yield reader
    finally:
        reader.close()
