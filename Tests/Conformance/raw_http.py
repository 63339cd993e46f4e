"""HTTP/1.1 by hand, for requests that no client sends."""
from service import parsed

FRAMES = "/v1/interfaces/vcan0/frames"


class Connection:
    """A connection on which requests are written as bytes and answers read one by one."""

    def __init__(self, service):
        self.socket = service.connect()
        self._file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()
        self.socket.close()

    def write(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())

    def line(self):
        return self._file.readline()

    def answer(self):
        """The next answer, which says how long it is."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.line()
            assert line, f"the connection ended after {head}"
            head += line
        if head.split()[1] == b"100":
            return self.answer()
        answer = parsed(head)
        answer.body = self._file.read(int(answer["Content-Length"] or 0))
        return answer

    def at_end(self):
        """Whether the service ends the connection."""
        return self._file.read() == b""


def get(path, *fields):
    return "".join(f"{line}\r\n" for line in (f"GET {path} HTTP/1.1", "Host: localhost", *fields, ""))


def post(body, *fields, length=True):
    size = (f"Content-Length: {len(body)}",) if length else ()
    head = "".join(f"{line}\r\n" for line in (
        f"POST {FRAMES} HTTP/1.1", "Host: localhost", "Content-Type: text/plain", *size, *fields, ""))
    return head.encode() + body.encode()


def chunked(*chunks):
    return post("", "Transfer-Encoding: chunked", length=False) + b"".join(
        f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in (*(chunk.encode() for chunk in chunks), b""))
