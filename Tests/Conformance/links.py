"""Interfaces that are made and changed over HTTP, and what `ip` says of them."""
import os
import pathlib
import subprocess

from witnesses import ip_json

CONTROLLERS = ("can0", "can1")
# What differs from one moment to the next though nobody changes anything.
PASSING = ("statistics", "capture", "bus_load")


def make(service, name, kind="vcan", **members):
    """Asks for a new interface; the answer."""
    return service.request("POST", "/v1/interfaces", json_body={"name": name, "kind": kind} | members)


def change(service, name, **settings):
    """Asks for a change; the answer."""
    return service.request("PATCH", f"/v1/interfaces/{name}", json_body=settings)


def changed(service, name, **settings):
    """The interface after a change that is carried out."""
    answer = change(service, name, **settings)
    assert answer.status == 200, answer
    return answer.json


def lasting(resource):
    """What a resource says, but for what differs from one moment to the next."""
    return {name: value for name, value in resource.items() if name not in PASSING}


def link(name):
    """What `ip` says of an interface, None where there is none."""
    return next((entry for entry in ip_json("link", "show") if entry["ifname"] == name), None)


def is_up(name):
    return "UP" in link(name)["flags"]


def settings(name):
    """All that can be set of an interface, as `ip` shows it."""
    shown = link(name)
    data = shown["linkinfo"].get("info_data", {})
    return {
        "index": shown["ifindex"], "up": "UP" in shown["flags"], "mtu": shown["mtu"], "txqueuelen": shown.get("txqlen"),
        "bit_timing": data.get("bittiming"), "modes": data.get("ctrlmode"), "restart_ms": data.get("restart_ms"),
    }


def modes(name):
    """The modes that are on, by the names of the API."""
    return {mode.lower().replace("-", "_") for mode in controller(name).get("ctrlmode", [])}


def controller(name):
    """What `ip` says of a controller's own settings."""
    return link(name)["linkinfo"]["info_data"]


def reset_controller(name):
    """A controller as the machine began with it: 500 kbit/s, no mode, no restart, up."""
    off = " ".join(f"{mode.lower()} off" for mode in controller(name)["ctrlmode_supported"])
    commands = [
        f"link set {name} down", f"link set {name} txqueuelen 10",
        f"link set {name} type can bitrate 500000 sample-point 0.875 restart-ms 0 {off}", f"link set {name} up"]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, check=True, capture_output=True)


def remove(names):
    """Removes interfaces; those that are gone already are no matter."""
    for name in names:
        subprocess.run(["ip", "link", "del", name], capture_output=True, check=False)


class Adapter:
    """A controller's adapter, which can be unplugged and plugged in again as far as Linux can tell."""

    DRIVER = pathlib.Path("/sys/bus/pci/drivers/kvaser_pci")

    def __init__(self, interface):
        self._slot = os.path.basename(os.path.realpath(f"/sys/class/net/{interface}/device"))

    def unplug(self):
        (self.DRIVER / "unbind").write_text(self._slot, encoding="ascii")

    def plug_in(self):
        """Its interface gets the first name that is free."""
        if not (self.DRIVER / self._slot).exists():
            (self.DRIVER / "bind").write_text(self._slot, encoding="ascii")


def told_of(events, *names):
    """What events say of interfaces, in their order: (interface, change)."""
    return [(event["interface"], event["change"]) for event in events
            if event["type"] == "interface" and event["interface"] in names]
