"""The API description as a judge: of each answer whether it is as described, and what of the description was seen."""
import functools
import json
import pathlib
import urllib.parse
from dataclasses import dataclass

# Compiled, and a hundred times as fast as jsonschema, which takes many seconds in the guest.
from jsonschema_rs import Draft202012Validator, Registry

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The same as the YAML file (test_document.py), and read a hundred times as fast.
DOCUMENT = json.loads((ROOT / "openapi" / "openapi.json").read_text(encoding="utf-8"))
SCHEMAS = DOCUMENT["components"]["schemas"]
RESPONSES = DOCUMENT["components"]["responses"]
PROBLEM = "application/problem+json"
URI = "urn:canhttpd:openapi"
_REGISTRY = Registry([(URI, DOCUMENT)])
# HTTP's own header fields, which go without saying.
HTTP_FIELDS = {"date", "content-length", "content-type", "connection", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True)
class Operation:
    """An operation of the document."""

    id: str
    path: str
    method: str

    @property
    def pointer(self):
        return f"#/paths/{escaped(self.path)}/{self.method.lower()}"

    @property
    def item(self):
        return DOCUMENT["paths"][self.path][self.method.lower()]

    @property
    def parameters(self):
        both = DOCUMENT["paths"][self.path].get("parameters", []) + self.item.get("parameters", [])
        found = [resolved(parameter)[1] for parameter in both]
        # What an operation says goes before what its path says.
        return list({(parameter["in"], parameter["name"]): parameter for parameter in found}.values())

    def response(self, status):
        """The description of an answer: its pointer and itself; nothing where there is none."""
        described = self.item["responses"].get(str(status))
        return resolved(described, f"{self.pointer}/responses/{status}") if described else (None, None)


def escaped(part):
    """A part of a pointer."""
    return str(part).replace("~", "~0").replace("/", "~1").replace("%", "%25")


def resolved(node, pointer=""):
    """What a reference leads to, with its pointer."""
    while isinstance(node, dict) and "$ref" in node:
        pointer, node = node["$ref"], DOCUMENT
        for part in pointer.removeprefix("#/").split("/"):
            node = node[urllib.parse.unquote(part).replace("~1", "/").replace("~0", "~")]
    return pointer, node


OPERATIONS = {
    item["operationId"]: Operation(item["operationId"], path, method.upper())
    for path, methods in DOCUMENT["paths"].items() for method, item in methods.items() if method != "parameters"
}
METHODS = {
    path: {method.upper() for method in methods if method != "parameters"}
    for path, methods in DOCUMENT["paths"].items()
}


@functools.cache
def validator(pointer):
    return Draft202012Validator({"$ref": URI + pointer}, registry=_REGISTRY, validate_formats=True)


def faults(pointer, value):
    """What is wrong with a value by the schema at a pointer, as text."""
    return [
        f"{'.'.join(['$', *map(str, error.instance_path)])}: {error.message[:300]}"
        for error in validator(pointer).iter_errors(value)]


class Judge:
    """Holds answers against the document and remembers what it saw."""

    def __init__(self):
        # (operation, status) -> how often
        self.statuses = {}
        # code -> (status, title)
        self.problems = {}
        # "Schema.field" -> {True where it was null, False where it was not}
        self.fields = {}
        # "Schema.field" of a string -> values
        self.values = {}

    def judge(self, operation, answer, *, whole=True):
        """What is not as described; `whole` false leaves out the body, as that of a stream."""
        key = operation.id, answer.status
        self.statuses[key] = self.statuses.get(key, 0) + 1
        pointer, response = operation.response(answer.status)
        if response is None:
            return [f"{answer.status} is not described: {answer.body[:400]}"]
        return self.judge_as(pointer, response, answer, whole=whole)

    def judge_as(self, pointer, response, answer, *, whole=True):
        wrong = self._headers(pointer, response, answer)
        return wrong + self._body(pointer, response, answer, whole)

    def _headers(self, pointer, response, answer):
        described = {name.lower(): name for name in response.get("headers", {})}
        sent = {name.lower() for name, _ in answer.headers}
        wrong = [f"{name} is sent and not described: {answer[name]}" for name in sorted(sent - set(described) - HTTP_FIELDS)]
        for lower, name in described.items():
            at, header = resolved(response["headers"][name], f"{pointer}/headers/{name}")
            value = answer[name]
            if value is None:
                wrong += [f"{name} is missing"] if header.get("required") else []
                continue
            kind = resolved(header["schema"])[1].get("type")
            value = int(value) if kind == "integer" and value.isdigit() else value
            wrong += [f"{name}: {text}" for text in faults(f"{at}/schema", value)]
        return wrong

    def _body(self, pointer, response, answer, whole):
        content = response.get("content")
        if not content:
            return [f"a body is not described: {answer.body[:200]}"] if answer.body else []
        media = (answer["Content-Type"] or "").split(";")[0].strip()
        if media not in content:
            return [f"the media type {media!r} is not described: {answer.body[:200]}"]
        if not whole:
            return []
        schema = f"{pointer}/content/{escaped(media)}/schema"
        if not media.endswith("json"):
            return faults(schema, answer.body.decode())
        value = answer.json
        if media == PROBLEM:
            self.problems[value.get("code")] = value.get("status"), value.get("title")
            if value.get("instance") != answer["X-Request-Id"]:
                return ["instance is not the X-Request-Id"]
        return faults(schema, value) or self.collect(response["content"][media]["schema"], value)

    def event(self, event, union="Event"):
        """What is wrong with an event of a stream, or with another message of those that a schema joins."""
        if next(iter(event)) != "type":
            return [f"type does not come first: {event}"]
        # The schema of its type alone: of an Event that matches none, the validator cannot tell what is wrong with it.
        mapping = SCHEMAS[union]["discriminator"]["mapping"]
        if event["type"] not in mapping:
            return [f"no such type: {event}"]
        pointer = mapping[event["type"]]
        self.collect({"$ref": pointer}, event)
        return [f"{event}: {fault}" for fault in faults(pointer, event)]

    def collect(self, schema, value, where=""):
        """Remembers which fields of which schemas a valid value has. Returns that nothing is wrong."""
        if not isinstance(schema, dict):
            return []
        if "$ref" in schema:
            pointer, target = resolved(schema)
            name = pointer.removeprefix("#/components/schemas/")
            return self.collect(target, value, name if name in SCHEMAS else where)
        for part in schema.get("allOf", []):
            # Within a named thing a part of it, whatever its own name.
            self.collect(resolved(part)[1] if where else part, value, where)
        for key in ("oneOf", "anyOf"):
            for part in schema.get(key, []):
                if is_valid(part, value):
                    self.collect(part if "$ref" in part else resolved(part)[1], value, where)
        if isinstance(value, dict):
            for name, part in schema.get("properties", {}).items():
                if part is not False and name in value:
                    self.fields.setdefault(f"{where}.{name}", set()).add(value[name] is None)
                    if isinstance(value[name], str):
                        self.values.setdefault(f"{where}.{name}", set()).add(value[name])
                    self.collect(part, value[name], f"{where}.{name}")
        if isinstance(value, list):
            for element in value:
                if isinstance(element, str):
                    self.values.setdefault(where, set()).add(element)
                self.collect(schema.get("items", {}), element, where)
        return []


def is_valid(schema, value):
    """Whether a value is valid by a part of the document."""
    # The document lives as long as the program, so that the part's address names it.
    if id(schema) not in _PARTS:
        _PARTS[id(schema)] = Draft202012Validator(_absolute(schema), registry=_REGISTRY)
    return _PARTS[id(schema)].is_valid(value)


_PARTS = {}


def _absolute(node):
    """The schema with references that hold outside the document."""
    if isinstance(node, list):
        return [_absolute(part) for part in node]
    if not isinstance(node, dict):
        return node
    return {key: URI + part if key == "$ref" else _absolute(part) for key, part in node.items()}


def fields(name):
    """Every field of a named schema and of what lies in it, with whether it may be null."""
    return dict(_fields({"$ref": f"#/components/schemas/{name}"}, "", ()))


def _fields(schema, where, above):
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        pointer, target = resolved(schema)
        name = pointer.rpartition("/")[2]
        if name not in above:
            yield from _fields(target, name, (*above, name))
        return
    for part in schema.get("allOf", []):
        yield from _fields(resolved(part)[1], where, above)
    for part in schema.get("oneOf", []) + schema.get("anyOf", []):
        yield from _fields(part, where, above)
    for name, part in schema.get("properties", {}).items():
        if part is not False and where:
            yield f"{where}.{name}", _may_be_null(part)
            yield from _fields(part, f"{where}.{name}", above)
    yield from _fields(schema.get("items"), where, above)


def _may_be_null(schema):
    schema = resolved(schema)[1]
    kinds = schema.get("type", [])
    return "null" in ([kinds] if isinstance(kinds, str) else kinds) or any(
        _may_be_null(part) for part in schema.get("anyOf", []))
