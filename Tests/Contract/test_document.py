"""The OpenAPI document by itself: valid, closed, complete, and its examples true to its schemas."""
import json
import subprocess
import sys

import pytest
import yaml
from jsonschema_rs import meta
from openapi_spec_validator import OpenAPIV31SpecValidator

from description import DOCUMENT, ROOT, escaped, faults, resolved, validator
from schema_values import ACCEPTED, REFUSED

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# Schemas that are open on purpose: parts that others close, a foreign document, a foreign configuration.
OPEN = {
    "#/components/schemas/FrameFields", "#/components/schemas/FrameEventFields", "#/components/schemas/RemoteFrame",
    "#/components/schemas/OpenAPIDocument",
    "#/components/schemas/RemoteBusRequest/properties/payload/properties/config",
}
# What is said on a WebSocket, by one of several schemas.
UNIONS = ("Event", "Command", "PDUEvent", "RemoteClientMessage", "RemoteServerMessage")
# Parameters that only an upgrade has a use for.
OF_UPGRADES = {"batch", "Sec-WebSocket-Protocol"}
# The one answer above 399 that is not a problem document.
HEALTH = ("/healthz", "get", "503")


def operations():
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def nodes(node=DOCUMENT, pointer="#"):
    yield pointer, node
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in entries:
        if key not in ("example", "examples", "const", "enum", "default"):
            yield from nodes(value, f"{pointer}/{escaped(key)}")


def examples():
    """Each example of the document: its name, the pointer of its schema, its value."""
    for pointer, node in nodes():
        if not isinstance(node, dict):
            continue
        if "schema" in node:
            if "example" in node:
                yield pointer, f"{pointer}/schema", node["example"]
            for name, example in node.get("examples", {}).items():
                yield f"{pointer}#{name}", f"{pointer}/schema", resolved(example)[1]["value"]
        elif isinstance(node.get("examples"), list):
            for index, value in enumerate(node["examples"]):
                yield f"{pointer}#{index}", pointer, value


EXAMPLES = list(examples())
OPERATIONS = list(operations())


def identify(value):
    return value if isinstance(value, str) else None


def test_document_is_valid():
    errors = [f"{list(error.path)}: {error.message}" for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()]
    assert errors == []


def test_no_text_was_cut_at_a_comma():
    """An unquoted comma in a YAML flow mapping makes a key without a value of the rest."""
    assert [pointer for pointer, node in nodes() if node is None] == []


def test_every_schema_is_valid():
    for name in DOCUMENT["components"]["schemas"]:
        meta.validate(DOCUMENT["components"]["schemas"][name])
        # It fails where a pattern is none.
        validator(f"#/components/schemas/{name}")


def test_there_are_examples():
    assert len(EXAMPLES) > 80


@pytest.mark.parametrize("name, schema, value", EXAMPLES, ids=identify)
def test_example_is_true_to_its_schema(name, schema, value):
    assert faults(schema, value) == []


def test_every_body_and_parameter_has_an_example():
    missing = [
        pointer
        for pointer, node in nodes()
        if isinstance(node, dict) and "schema" in node and "example" not in node and not node.get("examples")
    ]
    assert missing == []


@pytest.mark.parametrize("name", UNIONS)
def test_every_message_has_examples_and_is_told_from_others(name):
    union = DOCUMENT["components"]["schemas"][name]
    key, mapping = union["discriminator"]["propertyName"], union["discriminator"]["mapping"]
    assert {reference["$ref"] for reference in union["oneOf"]} == set(mapping.values())
    for reference in union["oneOf"]:
        for example in resolved(reference)[1]["examples"]:
            assert faults(f"#/components/schemas/{name}", example) == []
            assert mapping[example[key]] == reference["$ref"]


def test_the_streams_show_events():
    lines = 0
    for media in DOCUMENT["components"]["responses"]["Stream"]["content"].values():
        for line in media.get("example", "").splitlines():
            text = line.removeprefix("data: ")
            if text.startswith("{"):
                assert faults("#/components/schemas/Event", json.loads(text)) == []
                assert next(iter(json.loads(text))) == "type"
                lines += 1
    assert lines == 4


def test_a_problem_event_has_what_a_problem_has():
    schemas = DOCUMENT["components"]["schemas"]
    answer, event = schemas["Problem"]["properties"], schemas["ProblemEvent"]["properties"]
    assert set(answer) - {"type", "instance"} == set(event) - {"type", "seq", "op", "ref"}
    assert set(event["code"]["enum"]) < set(answer["code"]["enum"])
    message = schemas["PDUProblemEvent"]["properties"]
    assert set(message) - {"type", "ref"} < set(answer)
    assert set(message["code"]["enum"]) < set(answer["code"]["enum"])


def test_what_goes_over_websockets_is_described():
    for path, method, operation in OPERATIONS:
        assert ("x-websocket" in operation) == ("101" in operation["responses"]), (path, method)


def test_json_inside_form_examples_is_true_to_its_schema():
    seen = 0
    for name, body in DOCUMENT["components"]["requestBodies"].items():
        form = body["content"].get("application/x-www-form-urlencoded", {})
        for example in form.get("examples", {}).values():
            if example["value"].startswith(("{", "[")):
                pointer = f"#/components/requestBodies/{name}/content/application~1json/schema"
                assert faults(pointer, json.loads(example["value"])) == []
                seen += 1
    assert seen == 9


@pytest.mark.parametrize("name, value", [(name, value) for name, values in ACCEPTED.items() for value in values])
def test_schema_takes(name, value):
    assert faults(f"#/components/schemas/{name}", value) == []


@pytest.mark.parametrize("name, value", [(name, value) for name, values in REFUSED.items() for value in values])
def test_schema_refuses(name, value):
    assert faults(f"#/components/schemas/{name}", value)


def test_every_object_schema_is_closed():
    def is_open(pointer, node):
        kinds = node.get("type", [])
        is_object = "object" in ([kinds] if isinstance(kinds, str) else kinds)
        closed = node.get("additionalProperties") is False or node.get("unevaluatedProperties") is False
        return is_object and not closed and not any(pointer == at or pointer.startswith(at + "/") for at in OPEN)

    assert [pointer for pointer, node in nodes() if isinstance(node, dict) and is_open(pointer, node)] == []


def test_required_fields_are_described():
    for pointer, node in nodes():
        if isinstance(node, dict) and node.get("additionalProperties") is False:
            assert set(node.get("required", [])) <= set(node["properties"]), pointer


def test_every_operation_is_named_and_described():
    identifiers = [operation.get("operationId") for _, _, operation in OPERATIONS]
    assert all(identifiers) and len(set(identifiers)) == len(identifiers)
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for path, method, operation in OPERATIONS:
        assert operation["summary"] and operation["description"], (path, method)
        assert operation["tags"] and set(operation["tags"]) <= tags, (path, method)


def test_head_goes_with_get_and_options_with_every_path():
    for path, item in DOCUMENT["paths"].items():
        assert "options" in item, path
        assert ("get" in item) == ("head" in item), path


def test_head_takes_what_get_takes():
    for path, item in DOCUMENT["paths"].items():
        if "get" in item:
            names = [[resolved(parameter)[1]["name"] for parameter in item[method].get("parameters", [])]
                     for method in ("get", "head")]
            assert [name for name in names[0] if name not in OF_UPGRADES] == names[1], path


@pytest.mark.parametrize("path, method, operation", OPERATIONS, ids=identify)
def test_answers(path, method, operation):
    answers = {status: resolved(answer)[1] for status, answer in operation["responses"].items()}
    assert {"403", "500", "503"} <= set(answers)
    assert "400" in answers or method == "options"
    assert ("413" in answers) == ("415" in answers) == ("requestBody" in operation)
    for status, answer in answers.items():
        assert resolved(answer["headers"]["X-Request-Id"])[1]["required"]
        content = answer.get("content", {})
        if method == "head" or int(status) in (101, 204, 304):
            assert not content, status
        elif int(status) < 400:
            assert content, status
        elif (path, method, status) == HEALTH:
            assert list(content) == ["application/json"]
        else:
            assert list(content) == ["application/problem+json"], status
            whole, narrowed = content["application/problem+json"]["schema"]["allOf"]
            assert whole == {"$ref": "#/components/schemas/Problem"}
            assert narrowed["properties"]["status"] == {"const": int(status)}


def test_every_problem_code_is_answered_somewhere():
    codes = set()
    for answer in DOCUMENT["components"]["responses"].values():
        media = answer.get("content", {}).get("application/problem+json")
        if media:
            code = media["schema"]["allOf"][1]["properties"]["code"]
            codes |= set(code.get("enum", [code.get("const")]))
    assert codes == set(DOCUMENT["components"]["schemas"]["Problem"]["properties"]["code"]["enum"])


def test_nothing_is_left_unused():
    text = json.dumps(DOCUMENT)
    for kind, members in DOCUMENT["components"].items():
        for name in members:
            if (kind, name) != ("responses", "MethodNotAllowed"):
                assert f'"#/components/{kind}/{name}"' in text, (kind, name)


def test_json_is_current():
    result = subprocess.run([sys.executable, ROOT / "deploy" / "openapi", "--check"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    # In YAML, keys can be other than strings.
    assert yaml.load((ROOT / "openapi" / "openapi.yaml").read_bytes(), yaml.CSafeLoader) == DOCUMENT
