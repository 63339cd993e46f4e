"""Requests that are made of the document itself: its examples, and the methods and paths that it does not have."""
import json
import urllib.parse

import requests_table as table
from description import METHODS, OPERATIONS, RESPONSES, resolved

PROBED = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
NOWHERE = (
    "/nowhere", "/v1/", "/v1/nowhere", "/v2", "/v1/interfaces/vcan0/nowhere", "/v1/interfaces/vcan0/frames/1",
    "/v1/interfaces/vcan0/latest/123/1", "/v1/streams/s1", "/v1/jobs/j1/renew", "/healthz/", "/problems", "/openapi", "/V1")


def send_examples(survey):
    """Sends what the document gives as examples; yields what is not answered with a described success."""
    for operation in OPERATIONS.values():
        for name, row in example_rows(operation):
            made = None
            if operation.id == "patchJob":
                made = survey.world.make_job("main", "up72", table.ONE_JOB | {"start": False})
                survey.world.values["example"] = made
            answer = survey.opening(row) if row.streams else survey.answer(row)
            wrong = survey.judge.judge(operation, answer, whole=not row.streams)
            if answer.status != 101 and not 200 <= answer.status < 300:
                wrong.insert(0, f"{answer.status}: {answer.body[:300]}")
            made = made or (answer["Location"] or "").rpartition("/")[2]
            if made:
                survey.world.clients["main"].request("DELETE", f"/v1/jobs/{made}")
            yield from (f"{operation.id}, example {name}: {fault}" for fault in wrong)


def example_rows(operation):
    """The requests that the examples of an operation make, each with its name."""
    streams = operation.id in table.STREAMS
    _, body = resolved(operation.item.get("requestBody", {}))
    for media, content in body.get("content", {}).items():
        for name, example in content["examples"].items():
            value = example["value"]
            text = json.dumps(value) if media == table.JSON else value
            path = {"id": "example"} if operation.id == "patchJob" else {}
            yield f"{media} {name}", table.row(operation.id, 200, body=text, type=media, path=path)
    for parameter in operation.parameters:
        name, value = parameter["name"], parameter["example"]
        if parameter["in"] == "query":
            others, headers = table.COMPANIONS.get(name, ({}, {}))
            query = urllib.parse.urlencode(others | {name: written(parameter, value)}, doseq=True)
            yield f"{name}", table.row(operation.id, 200, query=query, headers=headers, streams=streams)
        elif parameter["in"] == "header":
            yield f"{name}", table.row(operation.id, 200, headers={name: value}, streams=streams)
        elif parameter["in"] == "path" and name_of_something(operation, name):
            yield f"{name}", table.row(operation.id, 200, path={name: value}, streams=streams)


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
        for name, value in table.ordinary(path).items():
            target = target.replace("{" + name + "}", survey.world.values.get(value, value))
        for method in PROBED:
            if method in methods and method != "OPTIONS":
                continue
            answer = client.request(method, target, "{}" if method in ("POST", "PUT", "PATCH") else None)
            if answer.names("Allow") != methods:
                yield f"{method} {path}: Allow is {answer['Allow']}, not {sorted(methods)}"
            if method not in methods:
                yield from refused(survey, answer, 405, "MethodNotAllowed", f"{method} {path}")
    for target in NOWHERE:
        for method in PROBED:
            answer = client.request(method, target, "{}" if method in ("POST", "PUT", "PATCH") else None)
            yield from refused(survey, answer, 404, "NotFound" if method != "HEAD" else "HeadProblem", f"{method} {target}")


def refused(survey, answer, status, response, request):
    """What is wrong with a refusal that belongs to no operation."""
    if answer.status != status:
        yield f"{request}: {answer.status}, not {status}: {answer.body[:200]}"
        return
    pointer = f"#/components/responses/{response}"
    for fault in survey.judge.judge_as(pointer, RESPONSES[response], answer):
        yield f"{request}: {fault}"
