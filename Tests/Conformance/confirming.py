"""Frames that are sent with `confirm=true`, for several files of tests."""
import pytest

ONE = {"id": "123", "data": "01"}
# Timestamps are JSON numbers of microseconds.
RESOLUTION = 1.5e-6


def frames_of(name):
    return f"/v1/interfaces/{name}/frames"


def confirmed(service, name, frames, query="", **settings):
    """Asks to have frames sent and confirmed, with more time than by default; the answer."""
    if "confirm_ms" not in query:
        query += "&confirm_ms=15000"
    return service.request("POST", f"{frames_of(name)}?confirm=true{query}", json_body=frames, **settings)


def assert_same_times(told, seen):
    assert told == pytest.approx(seen, abs=RESOLUTION, rel=0)
