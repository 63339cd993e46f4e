"""A stream by each of its transports, read as the same events: for what has to hold whatever form it has."""
import collections
import contextlib
import json
import re
import select
import socket
import threading
import time

from service import PATIENCE
from streams import Reader, WebSocketReader

ACCEPT = {"sse": "text/event-stream", "ndjson": "application/x-ndjson", "candump": "text/plain"}
TRANSPORTS = ["websocket", *ACCEPT]
# Those whose events are JSON and have all their fields.
WITH_JSON = ["websocket", "sse", "ndjson"]
RECORD = re.compile(r"\((\d+\.\d{6})\) (\S+) ([0-9A-F]+)#(#[0-9A-F])?(.*)")


def candump_event(line):
    """What a line of candump's text says, as an event."""
    if line.startswith("# "):
        type, *words = line[2:].split(" ")
        event = {"type": type} | dict(word.split("=", 1) for word in words)
        return event | {name: int(event[name]) for name in ("seq", "lost") if name in event}
    match = RECORD.fullmatch(line)
    assert match, f"not a line of candump: {line!r}"
    timestamp, interface, identifier, _, data = match.groups()
    is_error = len(identifier) == 8 and int(identifier, 16) & 0x20000000
    return {"type": "error" if is_error else "frame", "timestamp": float(timestamp), "interface": interface,
            "id": identifier, "data": data}


class LineReader(Reader):
    """A stream over plain HTTP, on a connection of its own or one that is given; `raw` has the text of each event."""

    def __init__(self, service, path, transport="ndjson", fields=None, connection=None):
        super().__init__()
        self.socket = connection or service.connect()
        self._transport = transport
        self._lines, self._begun, self.raw = collections.deque(), b"", []
        # The answer to HTTP/1.0 has no chunks to take apart.
        head = [f"GET {path} HTTP/1.0", f"Host: {service.authority}", f"Accept: {ACCEPT[transport]}"]
        head += [f"{name}: {value}" for name, value in (fields or {}).items()]
        self.socket.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        end = time.monotonic() + PATIENCE
        self.status = int(self._line(end).split(b" ")[1])
        while self._line(end).strip():
            pass

    def _line(self, end):
        while not self._lines:
            left = end - time.monotonic()
            assert left > 0, f"the stream says nothing more; the last were {self.seen[-5:]}"
            self.socket.settimeout(left)
            try:
                more = self.socket.recv(65536)
            except TimeoutError:
                continue
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            *lines, self._begun = (self._begun + more).split(b"\n")
            self._lines.extend(lines)
        return self._lines.popleft()

    def _read(self, end):
        text = self._line(end)
        if text is None:
            return None
        if self._transport == "sse":
            # An empty line ends the event.
            while line := self._line(end):
                text += b"\n" + line
        self.raw.append(text.decode())
        if self._transport == "candump":
            return candump_event(text.decode())
        if self._transport == "sse":
            text = b"".join(line[6:] for line in text.split(b"\n") if line.startswith(b"data: "))
        return json.loads(text)

    def close(self):
        self.socket.close()


class BatchReader(WebSocketReader):
    """A WebSocket whose messages are arrays of events; `messages` has these."""

    def __init__(self, service, path, fields=None, connection=None):
        super().__init__(service, path, fields, connection)
        self.messages, self._events = [], collections.deque()

    def _read(self, end):
        if not self._events:
            message = super()._read(end)
            if message is None:
                return None
            assert isinstance(message, list) and message, message
            self.messages.append(message)
            self._events.extend(message)
        return self._events.popleft()


def follow(service, path, transport, fields=None, connection=None):
    """A reader of a stream that has said `open`, which is `opened`; to be closed."""
    if transport == "websocket":
        reader = WebSocketReader(service, path, fields, connection)
    else:
        reader = LineReader(service, path, transport, fields, connection)
    assert reader.status == (101 if transport == "websocket" else 200), reader.status
    reader.opened = reader.next()
    assert reader.opened["type"] == "open"
    return reader


@contextlib.contextmanager
def following(service, path, transport, fields=None):
    with contextlib.closing(follow(service, path, transport, fields)) as reader:
        yield reader


def narrow(service):
    """A connection that takes next to nothing while nobody reads from it."""
    connection = socket.socket()
    # Before connecting: a small window here, and small segments, for which the sender sets up a small buffer.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    connection.connect((service.host, service.port))
    return connection


@contextlib.contextmanager
def stalling(service, path, transport="ndjson"):
    """A reader that has read `open` and takes next to nothing more until it reads on."""
    with contextlib.closing(follow(service, path, transport, connection=narrow(service))) as reader:
        yield reader


def widen(reader):
    """Lets a reader that stalled take in the rest at the usual speed."""
    reader.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)


class Gatherer:
    """Takes in all that several streams say up to a frame of an identifier, and looks at it only when all is there.

    So it keeps up with many readers at a high rate, which a program that takes each event apart does not.
    """

    def __init__(self, service, path, transports, end):
        self._end = re.compile(f'"id":"{end}"| {end}#'.encode())
        self._readers = [follow(service, path, transport) for transport in transports]
        self._said = {reader.socket: bytearray() for reader in self._readers}
        self._left = False
        self._thread = threading.Thread(target=self._gather, daemon=True)
        self._thread.start()

    def _gather(self):
        waiting = dict(self._said)
        while waiting and not self._left:
            for connection in select.select(waiting, [], [], 0.5)[0]:
                said = waiting[connection]
                looked_at = max(0, len(said) - 20)
                new = connection.recv(1 << 18)
                said += new
                if not new or self._end.search(said, looked_at):
                    del waiting[connection]
            # What comes meanwhile is taken in at once.
            time.sleep(0.005)

    def finish(self, seconds=PATIENCE):
        """What each stream said, once all have come to the end."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "a stream does not come to the last frame"
        return [bytes(said) for said in self._said.values()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._left = True
        self._thread.join()
        for reader in self._readers:
            reader.close()
