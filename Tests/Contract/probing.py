"""Requests that are made of the document itself: its examples, and the methods and paths that it does not have."""
import json
import urllib.parse

from description import METHODS, OPERATIONS, RESPONSES, resolved
from rows import JSON, QUERIES, STREAMS, WEBSOCKETS, ordinary, row
from streams import HANDSHAKE
from world import ONE_JOB, make

PROBED = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
NOWHERE = (
    "/nowhere", "/v1/", "/v1/nowhere", "/v2", "/v1/interfaces/vcan0/nowhere", "/v1/interfaces/vcan0/frames/1",
    "/v1/interfaces/vcan0/latest/123/1", "/v1/interfaces/vcan0/restart/1", "/v1/interfaces/vcan0/isotp/1",
    "/v1/streams/s1", "/v1/jobs/j1/renew/1", "/v1/watches/w1/1", "/healthz/", "/metrics/", "/problems", "/openapi",
    "/V1")
# What the examples of single operations need to be asked of.
PLACES = {"patchJob": {"id": "example"}, "renewJob": {"id": "example"}, "patchInterface": {"name": "can0"}}
# What is shown of a query parameter with others beside it, and with fields of the header.
COMPANIONS = {
    "rate": ({"mode": "latest"}, {}), "batch": ({}, HANDSHAKE), "confirm_ms": ({"confirm": "true"}, {}),
    "rx_address": ({"tx_address": "41"}, {}), "brs": ({"fd": "true"}, {}),
}
# Operations whose right requests do not succeed here, with the reason.
WITHOUT_SUCCESS = {
    "restartInterface": "no controller here goes bus-off", "headPDUs": "a HEAD asks for no WebSocket, so that it is 426"}


def send_examples(survey):
    """Sends what the document gives as examples; yields what is not answered with a described success."""
    client = survey.world.clients["main"]
    for operation in OPERATIONS.values():
        if operation.id in WITHOUT_SUCCESS:
            continue
        for name, request in example_rows(operation):
            made = None
            if "example" in request.path.values():
                survey.world.values["example"] = make(client, "up72", "jobs", ONE_JOB | {"lease_ms": 60000})
                made = f"/v1/jobs/{survey.world.values['example']}"
            answer = survey.opening(request) if request.streams else survey.answer(request)
            wrong = survey.judge.judge(operation, answer, whole=not request.streams)
            if answer.status != 101 and not 200 <= answer.status < 300:
                wrong.insert(0, f"{answer.status}: {answer.body[:300]}")
            made = made or answer["Location"]
            if made:
                client.request("DELETE", made)
            yield from (f"{operation.id}, example {name}: {fault}" for fault in wrong)


def example_rows(operation):
    """The requests that the examples of an operation make, each with its name."""
    streams = operation.id in (*STREAMS, *WEBSOCKETS)
    usual = HANDSHAKE if operation.id in WEBSOCKETS else {}
    needed = dict(urllib.parse.parse_qsl(QUERIES.get(operation.id, "")))
    _, body = resolved(operation.item.get("requestBody", {}))
    for media, content in body.get("content", {}).items():
        for name, example in content["examples"].items():
            value = example["value"]
            text = json.dumps(value) if media == JSON else value
            path = PLACES.get(operation.id, {})
            yield f"{media} {name}", row(operation.id, 200, body=text, type=media, path=path)
    for parameter in operation.parameters:
        name, value = parameter["name"], parameter["example"]
        if parameter["in"] == "query":
            others, headers = COMPANIONS.get(name, ({}, {}))
            query = urllib.parse.urlencode(needed | others | {name: written(parameter, value)}, doseq=True)
            yield f"{name}", row(operation.id, 200, query=query, headers=usual | headers, streams=streams)
        elif parameter["in"] == "header":
            yield f"{name}", row(operation.id, 200, headers=usual | {name: value}, streams=streams)
        elif parameter["in"] == "path" and name_of_something(operation, name):
            yield f"{name}", row(operation.id, 200, path={name: value}, headers=usual, streams=streams)


def written(parameter, value):
    """The value of a parameter as it stands in a query."""
    if isinstance(value, list):
        return value if parameter["explode"] else ",".join(value)
    return str(value).lower() if isinstance(value, bool) else value


def name_of_something(operation, name):
    """Whether there is what the example of a path names, and nothing changes by asking."""
    is_there = name in ("name", "code") or "/latest/" in operation.path
    return is_there and operation.method in ("GET", "HEAD", "OPTIONS")


def try_methods(survey):
    """Tries every method on every path; yields what is not as described."""
    client = survey.world.clients["main"]
    for path, methods in METHODS.items():
        target = path
        for name, value in ordinary(path).items():
            target = target.replace("{" + name + "}", survey.world.values.get(value, value))
        for method in PROBED:
            if method in methods and method != "OPTIONS":
                continue
            answer = client.request(method, target, "{}" if method in ("POST", "PUT", "PATCH") else None)
            if answer.names("Allow") != methods:
                yield f"{method} {path}: Allow is {answer['Allow']}, not {sorted(methods)}"
            if method not in methods:
                yield from refused(survey, answer, 405, "MethodNotAllowed", f"{method} {path}", whole=method != "HEAD")
    for target in NOWHERE:
        for method in PROBED:
            answer = client.request(method, target, "{}" if method in ("POST", "PUT", "PATCH") else None)
            yield from refused(survey, answer, 404, "NotFound" if method != "HEAD" else "HeadProblem", f"{method} {target}")


def refused(survey, answer, status, response, request, *, whole=True):
    """What is wrong with a refusal that belongs to no operation; `whole` false leaves out the body."""
    if answer.status != status:
        yield f"{request}: {answer.status}, not {status}: {answer.body[:200]}"
        return
    pointer = f"#/components/responses/{response}"
    for fault in survey.judge.judge_as(pointer, RESPONSES[response], answer, whole=whole):
        yield f"{request}: {fault}"
