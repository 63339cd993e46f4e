"""Requests to a service that can open nothing, has no room left, or is about to end."""
import json

from rows import DOING, OPTIONS, STREAMS, everywhere, row
from streams import HANDSHAKE
from world import ONE_JOB


def failing():
    """While the service can open nothing."""
    return [
        row("listInterfaces", 500, "internal", at="limited"),
        row("getInterface", 500, "internal", at="limited"),
        row("sendFrames", 500, "internal", at="limited", path={"name": "fresh72"}),
        row("createJob", 500, "internal", at="limited", path={"name": "fresh72"}, body=json.dumps(ONE_JOB)),
        row("patchJob", 500, "internal", at="limited", path={"id": "unstarted"}, body='{"state":"running"}'),
        row("createInterface", 500, "internal", at="limited"),
        row("patchInterface", 500, "internal", at="limited", path={"name": "fresh72"}, body='{"txqueuelen":7}'),
        row("deleteInterface", 500, "internal", at="limited"),
        row("createWatch", 500, "internal", at="limited", path={"name": "fresh72"}),
        row("exchangePDU", 500, "internal", at="limited", path={"name": "fresh72"}),
        row("streamPDUs", 500, "internal", at="limited", path={"name": "fresh72"}, headers=HANDSHAKE),
    ]


def at_streams_limit():
    rows = everywhere(STREAMS, 429, "too-many-streams", at="limited")
    return [*rows, row("streamPDUs", 429, "too-many-streams", at="limited", headers=HANDSHAKE)]


def at_jobs_limit():
    return [row("createJob", 429, "too-many-requests", at="limited")]


def at_watches_limit():
    return [row("createWatch", 429, "too-many-requests", at="limited")]


def at_exchanges_limit():
    return [row("exchangePDU", 429, "too-many-requests", at="limited")]


def at_confirmations_limit():
    return [
        row("sendFrames", 429, "too-many-requests", path={"name": "can1"}, query="confirm=true&confirm_ms=1",
            at="limited"),
    ]


def while_ending():
    refused = [name for name in (*DOING, *OPTIONS) if name != "getHealth"]
    return [*everywhere(refused, 503, "shutting-down", at="ending"), row("getHealth", 503, at="ending")]
