"""A small control unit that speaks UDS (ISO 14229) over an ISO-TP socket of Python."""
import os
import select
import threading

from isotp_partners import LONGEST, Partner, pdu

VIN = b"WVWZZZ1KZ6W000001"
# What it can be asked for by identifier (service 22).
IDENTIFIERS = {
    "F190": VIN.hex().upper(), "F186": "01", "F1A0": pdu(600), "F1A1": pdu(4092), "F1A2": pdu(4093), "F1A3": pdu(8000)}
SILENT, TESTER_PRESENT, READ, ROUTINE = 0x11, 0x3E, 0x22, 0x31
NOT_SUPPORTED, OUT_OF_RANGE, PENDING = 0x11, 0x31, 0x78


class UdsResponder:
    """Answers while it is a context, in a thread of its own.

    3E says that it is there; 22 reads an identifier; 31 is a routine, for which it asks to wait `pending` times, each
    time for `pause` seconds; to 11 it says nothing; to all else that it does not know it. Requests to everybody come by
    the identifier `functional`. `requests` has what it was asked.
    """

    def __init__(self, interface, tx=0x7E8, rx=0x7E0, *, functional=None, pending=0, pause=0.1, **options):
        self._pending, self._pause = pending, pause
        self.requests = []
        self._sockets = [Partner(interface, tx, rx, **options)]
        if functional is not None:
            self._sockets.append(Partner(interface, tx, functional, **options))
        self._stopped, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        os.close(self._stop)
        self._thread.join()
        os.close(self._stopped)
        for partner in self._sockets:
            partner.socket.close()

    def _serve(self):
        while (ready := self._wait(self._sockets)) is not None:
            for partner in ready:
                try:
                    request = partner.socket.recv(LONGEST)
                    self.requests.append(request.hex().upper())
                    for answer in self._answers(request):
                        self._sockets[0].socket.send(answer)
                except OSError:
                    # The other side gave up in the middle.
                    continue

    def _wait(self, sockets, seconds=None):
        """Waits for requests, or for a time, and gives the sockets that have one; None when it was stopped."""
        readable = select.select([self._stopped, *sockets], [], [], seconds)[0]
        return None if self._stopped in readable else readable

    def _answers(self, request):
        service = request[0]
        if service == TESTER_PRESENT:
            # With the highest bit of the second byte no answer is wanted.
            if not request[1] & 0x80:
                yield bytes([service + 0x40, request[1]])
        elif service == READ:
            value = IDENTIFIERS.get(request[1:3].hex().upper())
            yield self._refusal(service, OUT_OF_RANGE) if value is None else (
                bytes([service + 0x40]) + request[1:3] + bytes.fromhex(value))
        elif service == ROUTINE:
            for _ in range(self._pending):
                yield self._refusal(service, PENDING)
                if self._wait((), self._pause) is None:
                    return
            yield bytes([service + 0x40]) + request[1:]
        elif service != SILENT:
            yield self._refusal(service, NOT_SUPPORTED)

    @staticmethod
    def _refusal(service, reason):
        return bytes([0x7F, service, reason])
