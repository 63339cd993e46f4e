"""Requests that make, change and remove interfaces, watches and jobs."""
import json
from dataclasses import replace

from rows import FORM, row
from world import ONE_JOB, ONE_WATCH


def of_interfaces():
    """In this order. Whatever is made is removed again, and can0 and can1 are as before."""
    def make(status, code=None, **members):
        return row("createInterface", status, code, body=json.dumps({"name": "made72", "kind": "vcan"} | members))

    return [
        unprivileged(make(403, "permission-denied")),
        make(201, mtu=72, txqueuelen=500, up=True),
        row("getInterface", 200, path={"name": "made72"}),
        row("createInterface", 201, body='{"name":"made16","kind":"vcan","mtu":16}', type=FORM),
        make(201, name="end8", kind="vxcan", peer="end9", up=True),
        row("getInterface", 200, path={"name": "end9"}),
        make(409, "interface-exists"),
        make(409, "interface-exists", name="lo"),
        make(409, "interface-exists", name="end7", kind="vxcan", peer="end9"),
        *(make(422, "invalid-interface-setting", **wrong) for wrong in (
            {"kind": "can"}, {"kind": "vxcan"}, {"kind": "vxcan", "peer": "made72"}, {"peer": "end7"}, {"name": ""},
            {"name": "sixteencharacter"}, {"name": ".."}, {"name": "a b"}, {"name": "a/b"}, {"name": "a:b"},
            {"name": "a%d"}, {"name": "new72", "mtu": 17}, {"name": "new72", "mtu": 2061},
            {"name": "new72", "txqueuelen": -1}, {"name": "new72", "txqueuelen": 1000001})),
        row("createInterface", 422, "invalid-interface-setting", body='{"name":"new72"}'),
        row("createInterface", 422, "invalid-interface-setting", body='{"kind":"vcan"}'),
        *of_virtual_interfaces(),
        *of_controllers(),
        *(row("deleteInterface", 204, path={"name": name}) for name in ("made72", "made16", "end8")),
        row("deleteInterface", 404, "interface-not-found", path={"name": "end9"}),
    ]


def unprivileged(request):
    """The same to a service that lacks CAP_NET_ADMIN."""
    return replace(request, at="unprivileged")


def change(interface, status, code=None, **members):
    return row("patchInterface", status, code, path={"name": interface}, body=json.dumps(members))


def of_virtual_interfaces():
    """On those that were made."""
    return [
        change("made72", 200, txqueuelen=1001),
        # What is so already is no change.
        change("made72", 200, up=True, mtu=72, txqueuelen=1001),
        change("made16", 200, mtu=72),
        change("made72", 409, "interface-busy", mtu=16),
        change("made72", 200, mtu=16, cycle=True),
        change("made72", 200, mtu=72, up=False),
        row("patchInterface", 200, path={"name": "made72"}, body='{"up":true}', type=FORM),
        *(change("made72", 422, "invalid-interface-setting", **wrong) for wrong in (
            {}, {"cycle": True}, {"modes": {}}, {"mtu": 17}, {"txqueuelen": -1}, {"bitrate": 0}, {"sample_point": 1},
            {"restart_ms": -1}, {"termination_ohm": 65536})),
        *(change("made72", 400, "malformed-request", **wrong) for wrong in (
            {"up": None}, {"modes": {"quiet": True}}, {"bit_timing": {"tseg": 1}}, {"mtu": "72"})),
        *(change("made72", 501, "not-supported", **lacking) for lacking in (
            {"bitrate": 500000}, {"modes": {"listen_only": True}}, {"restart_ms": 100}, {"termination_ohm": 120})),
        row("restartInterface", 501, "not-supported", path={"name": "made72"}),
        unprivileged(change("made72", 403, "permission-denied", txqueuelen=1002)),
        # What changes nothing needs nothing.
        unprivileged(change("made72", 200, txqueuelen=1001)),
        unprivileged(row("deleteInterface", 403, "permission-denied", path={"name": "made72"})),
    ]


def of_controllers():
    timing = {"brp": 1, "prop_seg": 6, "phase_seg1": 7, "phase_seg2": 2}
    return [
        row("deleteInterface", 422, "invalid-interface-setting", path={"name": "can0"}),
        change("can0", 409, "interface-busy", bitrate=250000),
        change("can0", 200, restart_ms=100, cycle=True),
        row("restartInterface", 422, "invalid-interface-setting"),
        change("can0", 200, restart_ms=0, cycle=True),
        # It is not in bus-off.
        row("restartInterface", 422, "invalid-interface-setting"),
        row("restartInterface", 422, "invalid-interface-setting", body=None),
        change("can0", 200, bit_timing=timing, cycle=True),
        *(change("can0", 422, "invalid-interface-setting", **wrong) for wrong in (
            {"bitrate": 500000, "bit_timing": timing}, {"bit_timing": timing | {"tq": 125}},
            {"bit_timing": {"prop_seg": 6, "phase_seg1": 7, "phase_seg2": 2}},
            {"bit_timing": timing | {"phase_seg2": 9}, "cycle": True}, {"bitrate": 500000, "sample_point": 0},
            # No timing reaches that: the old ones are back.
            {"bitrate": 1, "cycle": True})),
        *(change("can0", 501, "not-supported", **lacking) for lacking in (
            {"modes": {"fd": True}, "cycle": True}, {"data_bitrate": 2000000, "cycle": True},
            {"termination_ohm": 120})),
        change("can1", 200, up=False),
        row("restartInterface", 409, "interface-down", path={"name": "can1"}),
        change("can1", 200, up=True),
    ]


def of_watches():
    """In this order: the last one deletes all watches."""
    def make(status, code=None, interface="up72", **members):
        return row("createWatch", status, code, path={"name": interface}, body=json.dumps(ONE_WATCH | members))

    kinds = [{"value": "01"}, {"value": "02", "mask": "0000ff"}]
    return [
        row("createWatch", 201),
        row("createWatch", 201, body='{"id":"5A1"}', type=FORM),
        make(201, id="18DAF110", mask="ff00", timeout_ms=0.5, throttle_ms=34560000000, check_dlc=True),
        make(201, id=0x5A2, extended=False, fd=True, mask="01" * 64),
        make(201, mask="FF", mux=kinds),
        make(201, id="5A3", reply={"id": "5A3", "data": "00"}),
        make(201, interface="down72", timeout_ms=60000),
        row("listWatches", 200),
        row("listInterfaceWatches", 200, path={"name": "down72"}),
        *(make(422, "invalid-watch", **wrong) for wrong in (
            {"id": "800"}, {"id": "1234"}, {"mask": ""}, {"mask": "FF" * 9}, {"mask": "0"}, {"mux": kinds},
            {"mask": "FF", "mux": []}, {"mask": "FF", "mux": [{"value": "0102"}]},
            {"mask": "FFFF", "mux": [{"value": f"{number:04X}"} for number in range(257)]},
            {"mask": "FF", "mux": [{"value": "01"}, {"value": "0100"}]}, {"timeout_ms": 0}, {"throttle_ms": 34560000001},
            {"reply": {"id": "123"}, "mask": "FF"}, {"reply": {"id": "123", "rtr": True}}, {"reply": {"id": "800"}},
            {"reply": {"id": "123"}, "timeout_ms": 10})),
        make(422, "invalid-watch", interface="up16", fd=True),
        row("createWatch", 422, "invalid-watch", body="{}"),
        make(400, "malformed-request", mask=255),
        make(400, "malformed-request", mask="FF", mux=[{"value": "01", "name": "x"}]),
        row("deleteWatch", 204, path={"id": "to-forget"}),
        row("deleteWatches", 204),
        row("getWatch", 404, "watch-not-found"),
    ]


def of_jobs():
    """In this order: the last one deletes all jobs."""
    classic = [{"id": "123", "rtr": True, "length": 4}, {"id": "18DAF110", "data": "0011223344556677", "dlc": 12}]
    flexible = [{"id": "123", "fd": True, "brs": True, "esi": True, "data": "00"}]
    off = {"start": False}
    return [
        row("createJob", 201),
        row("createJob", 201, body=json.dumps({"frames": classic, "interval_us": 2000, "name": "classic"} | off)),
        row("createJob", 201, body=json.dumps({
            "frames": flexible, "initial_interval_ms": 1, "count": 2, "duration_ms": 60000, "resume": True} | off)),
        row("createJob", 201, body=json.dumps(ONE_JOB | {"lease_ms": 34560000000} | off)),
        row("createJob", 409, "job-exists", body=json.dumps(ONE_JOB | {"name": "running"})),
        row("createJob", 409, "interface-down", path={"name": "down72"}, body=json.dumps(ONE_JOB)),
        row("createJob", 422, "invalid-job", body='{"frames":[{"id":"123"}],"interval_us":99}'),
        row("createJob", 422, "invalid-job", body='{"frames":[{"id":"1"},{"id":"800"}],"interval_ms":1}'),
        row("createJob", 422, "invalid-job", body=json.dumps(ONE_JOB | {"lease_ms": 9.9})),
        row("createJob", 422, "invalid-job", body=json.dumps(ONE_JOB | {"lease_ms": 34560000001})),
        row("patchJob", 400, "malformed-request", body='{"lease_ms":100}'),
        row("renewJob", 200),
        row("renewJob", 200, body=None),
        row("getJob", 200, path={"id": "leased"}),
        row("renewJob", 422, "invalid-job", path={"id": "running"}),
        row("patchJob", 200, body='{"state":"stopped"}', path={"id": "leased"}),
        row("renewJob", 422, "invalid-job"),
        row("patchJob", 200),
        row("patchJob", 200, body='{"state":"running"}', path={"id": "stopped"}),
        row("patchJob", 200, body='{"state":"stopped"}', path={"id": "stopped"}, type=FORM),
        row("patchJob", 404, "interface-not-found", body='{"state":"running"}', path={"id": "on-gone"}),
        row("patchJob", 409, "interface-down", body='{"state":"running"}', path={"id": "on-down"}),
        row("patchJob", 422, "invalid-job", body="{}"),
        row("listJobs", 200),
        row("deleteJob", 204, path={"id": "to-delete"}),
        row("deleteJobs", 204),
        row("getJob", 404, "job-not-found"),
    ]
