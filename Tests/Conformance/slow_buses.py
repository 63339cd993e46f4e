"""Interfaces that take frames and do not get rid of them: a slow queue before a bus, a controller that only listens."""
import contextlib
import subprocess

from streams import websocket
from witnesses import ip, ip_json


@contextlib.contextmanager
def slowed(name, rate, latency="1s"):
    """Lets an interface have only so much, as `tc` writes it: 10kbit are 78 classic frames a second.

    The queue holds what comes in the latency. A virtual interface shows a frame as soon as its queue has taken it, a
    controller when the bus has it: there, frames in the queue are taken and not sent yet.
    """
    shaping = ["tbf", "rate", rate, "burst", "100", "latency", latency]
    subprocess.run(["tc", "qdisc", "add", "dev", name, "root", *shaping], check=True)
    try:
        yield name
    finally:
        set_free(name)


def set_free(name):
    """Takes the slow queue of an interface away, with all that still waits in it."""
    subprocess.run(["tc", "qdisc", "del", "dev", name, "root"], check=False, capture_output=True)


def backlog(name):
    """How many frames the queue of an interface holds."""
    shown = subprocess.run(["tc", "-s", "qdisc", "show", "dev", name], capture_output=True, text=True, check=True)
    return int(shown.stdout.split("backlog ")[1].split("b ")[1].split("p")[0])


def put_on_the_bus(name):
    """How many frames the kernel says that the interface has sent."""
    return ip_json("-statistics", "link", "show", name)[0]["stats64"]["tx"]["packets"]


def overruns(name):
    """How often the kernel says that a controller had to drop what came from the bus."""
    return ip_json("-statistics", "link", "show", name)[0]["stats64"]["rx"]["over_errors"]


def set_up_anew(service, name, *settings):
    """Switches a controller off and on, with settings as `ip` has them, and waits until the service has noted it."""
    with websocket(service, f"/v1/interfaces/{name}/frames?events=interface") as stream:
        ip("link", "set", name, "down")
        stream.until_type("interface", change="down")
        if settings:
            ip("link", "set", name, "type", "can", *settings)
        ip("link", "set", name, "up")
        stream.until_type("interface", change="up")


@contextlib.contextmanager
def overrunning(service):
    """For bursts that overrun emulated controllers: not all recover from that, and both are set up anew afterwards."""
    try:
        yield
    finally:
        for name in ("can0", "can1"):
            set_up_anew(service, name)


@contextlib.contextmanager
def listening_only(service, name="can0"):
    """A controller that takes frames and sends none of them: Linux 6.1 drops them in its driver without a word."""
    set_up_anew(service, name, "listen-only", "on")
    try:
        yield name
    finally:
        set_up_anew(service, name, "listen-only", "off")
