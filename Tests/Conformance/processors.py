"""Each processor has a queue of its own for what a virtual bus gives back (netif_rx).

Mostly it is emptied before the sender goes on. After a burst it waits for a kernel thread of that processor, and frames
that are sent on another processor meanwhile overtake it.
"""
import contextlib
import os
import socket

from service import PATIENCE


@contextlib.contextmanager
def on_one_processor(thread=0):
    """What a thread sends meanwhile is seen in its order. A service's pid stands for its event loop, which sends."""
    usual = os.sched_getaffinity(thread)
    os.sched_setaffinity(thread, {min(usual)})
    try:
        yield
    finally:
        os.sched_setaffinity(thread, usual)


def until_all_is_seen():
    """Waits until every socket has what was sent before: a datagram to oneself waits behind it in the same queue."""
    usual = os.sched_getaffinity(0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        probe.connect(probe.getsockname())
        probe.settimeout(PATIENCE)
        try:
            for processor in usual:
                os.sched_setaffinity(0, {processor})
                probe.send(b"\0")
                probe.recv(1)
        finally:
            os.sched_setaffinity(0, usual)
