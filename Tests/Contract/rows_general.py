"""Requests that every operation answers alike, or every one of a sort, and those about the service itself."""
from description import OPERATIONS, SCHEMAS
from rows import BODIES, DOING, OPTIONS, STREAMS, WEBSOCKETS, everywhere, row
from service import PANEL
from world import ELSEWHERE

GETS = [name for name, operation in OPERATIONS.items() if operation.method == "GET"]
NAMED = [name for name in DOING if "{name}" in OPERATIONS[name].path]
OF_JOB = [name for name in DOING if OPERATIONS[name].path.startswith("/v1/jobs/")]
OF_WATCH = [name for name in DOING if OPERATIONS[name].path.startswith("/v1/watches/")]
CONDITIONAL = ["getOpenAPIJSON", "getOpenAPIYAML", "getProblemPage"]
NEEDS_CAN = [name for name in DOING if "501" in OPERATIONS[name].item["responses"]]


def general():
    """What every operation, or every one of a sort, answers alike."""
    rows = everywhere(DOING, 400, "malformed-request", query="no_such=1")
    rows += everywhere([*DOING, *OPTIONS], 403, "origin-refused", headers={"Origin": ELSEWHERE})
    rows += everywhere(DOING, 403, "origin-refused", headers={"Host": "rebound.example"})
    rows += everywhere([*DOING, *OPTIONS], 400, "malformed-request", headers={"Host": None})
    rows += everywhere(NEEDS_CAN, 501, "not-supported", at="without-can")
    rows += everywhere(NAMED, 404, "interface-not-found", path={"name": "no-such"})
    rows += everywhere(NAMED, 422, "not-a-can-interface", path={"name": "lo"})
    rows += everywhere(OF_JOB, 404, "job-not-found", path={"id": "never"})
    rows += everywhere(OF_WATCH, 404, "watch-not-found", path={"id": "no-watch"})
    rows += everywhere(BODIES, 413, "body-too-large", body="", headers={"Content-Length": str((1 << 20) + 1)})
    rows += everywhere(BODIES, 415, "unsupported-media-type", type="application/xml")
    rows += everywhere(BODIES, 400, "malformed-request", body='{"id":')
    rows += everywhere(BODIES, 400, "malformed-request", body='{"no_such":1}')
    rows += everywhere(OPTIONS, 204, None)
    rows += everywhere(
        OPTIONS, 204, None,
        headers={"Origin": PANEL, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"})
    reading = [name for name in GETS if name not in (*STREAMS, *WEBSOCKETS)]
    rows += everywhere(reading, 200, None)
    rows += everywhere(reading, 200, None, headers={"Origin": PANEL})
    rows += everywhere(CONDITIONAL, 304, None, headers={"If-None-Match": "*"})
    return rows


def of_service():
    return [
        row("getHealth", 503, at="without-can"),
        row("getService", 200, at="without-can"),
        row("getMetrics", 200, at="without-can"),
        row("listStreams", 200, at="without-can"),
        row("getProblemPage", 404, "not-found", path={"code": "no-such"}),
        *(row("getProblemPage", 200, path={"code": code}) for code in SCHEMAS["Problem"]["properties"]["code"]["enum"]),
        *(row("getInterface", 200, path={"name": name}) for name in ("up16", "down72", "vcan0", "can0", "can1")),
    ]
