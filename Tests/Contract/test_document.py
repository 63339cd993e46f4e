"""The OpenAPI document by itself: valid, closed, complete, and its examples true to its schemas."""
import json
import subprocess
import sys

import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from description import DOCUMENT, ROOT, escaped, faults, resolved

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
        Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])


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


FRAME = {
    "type": "frame", "seq": 1, "timestamp": 1.5, "interface": "can0", "direction": "rx", "id": "123", "extended": False,
    "data": "",
}
REMOTE = {
    "timestamp": 1.5, "arbitration_id": 291, "is_extended_id": False, "is_remote_frame": False, "is_error_frame": False,
    "dlc": 0, "data": [], "is_fd": False, "bitrate_switch": False, "error_state_indicator": False,
}
WATCH = {"type": "watch", "seq": 1, "timestamp": 1.5, "interface": "can0"}
ACCEPTED = {
    "FrameInput": [
        {"id": "1"}, {"id": "7FF"}, {"id": "1FFFFFFF"}, {"id": "00000001"}, {"id": 2047}, {"id": "0123", "extended": False},
        {"id": "800", "extended": True}, {"id": 536870911, "extended": True}, {"id": "123", "rtr": True},
        {"id": "123", "rtr": True, "length": 8, "dlc": 15}, {"id": "123", "data": "0011223344556677", "dlc": 9},
        {"id": "123", "fd": True}, {"id": "123", "fd": True, "data": "00" * 64, "esi": True},
        {"id": "123", "fd": True, "data": "00" * 9, "pad": True}, {"id": "123", "data": "aB", "fd": False, "rtr": False},
    ] + [{"id": "123", "fd": True, "data": "00" * n} for n in (0, 1, 8, 12, 16, 20, 24, 32, 48)],
    "CansendText": ["123#", "7ff#00", "1fffffff#0011223344556677", "123#R8", "123##7", "\n 123# \r\n\n123#R\n", "123##0" + "00" * 64],
    "FilterInput": [{"id": "7FF", "extended": False}, {"id": "0123"}, {"id": 0, "mask": 0, "rtr": True, "invert": True}],
    "CandumpFilter": ["123:7FF", "123~C00007FF", "80000123:9FFFFFFF", "#1FFFFFFF", "j", "J"],
    "FiltersInput": [{"filters": []}, {"filters": [{"id": "1"}] * 512}, {"filters": [], "errors": []}],
    "JobInput": [
        {"frames": [{"id": "1"}] * 256, "interval_us": 100}, {"frames": [{"id": "1"}], "initial_interval_ms": 0.5, "count": 1},
        {"frames": [{"id": "1", "fd": True}, {"id": "2", "fd": True}], "interval_ms": 1.5, "initial_interval_us": 100, "count": 2},
    ],
    "JobPatch": [{"state": "running"}, {"count": 4}, {"interval_us": 200, "initial_interval_ms": 3}],
    "InterfaceName": ["can0", "x", "a.b-c_d@1", "..."],
    "NewInterfaceName": ["can0", "fifteen-letters", "..."],
    "InterfaceInput": [
        {"name": "a", "kind": "vcan", "mtu": 76, "txqueuelen": 0}, {"name": "a", "kind": "vxcan", "peer": "b", "up": True},
    ],
    "InterfacePatch": [
        {"up": False, "cycle": True}, {"mtu": 2060}, {"sample_point": 0.875}, {"bitrate": 1, "data_bitrate": 4294967295},
        {"bit_timing": {"tq": 125, "prop_seg": 0, "phase_seg1": 7, "phase_seg2": 2}, "data_bitrate": 1},
        {"modes": {"fd": True, "one_shot": False}}, {"restart_ms": 0}, {"termination_ohm": 0},
    ],
    "WatchInput": [
        {"id": "123", "check_dlc": True}, {"id": 291, "mask": "FF" * 8}, {"id": "1234", "extended": True},
        {"id": "123", "fd": True, "mask": "00" * 64}, {"id": "123", "mask": "0F", "mux": [{"value": "01"}] * 256},
        {"id": "123", "fd": True, "mask": "FF", "mux": [{"value": "01", "mask": "FF" * 64}]},
        {"id": "123", "timeout_ms": 0.001, "throttle_ms": 34560000000}, {"id": "123", "reply": {"id": "7FF", "dlc": 9, "data": "00" * 8}},
    ],
    "ISOTPInput": [
        {"tx_id": "7E0", "rx_id": "18DAF110", "data": "00"}, {"tx_id": 2016, "rx_id": 2024, "data": "aB" * 5000},
        {"tx_id": "7E0", "data": "00", "functional": True, "response": False}, {"tx_id": "1", "rx_id": "2", "data": "00", "response": False},
        {"tx_id": "1", "rx_id": "2", "data": "00", "tx_address": 255}, {"tx_id": "1", "rx_id": "2", "data": "00", "tx_address": "0a", "rx_address": 0},
        {"tx_id": "7DF", "rx_id": "7E8", "fc_id": "7E0", "data": "00", "functional": True},
        {"tx_id": "1", "rx_id": "2", "data": "00", "pending": True, "max_wait_ms": 600000, "timeout_ms": 60000},
        {"tx_id": "1", "rx_id": "2", "data": "00", "fd": True, "brs": True, "tx_data_length": 64},
    ] + [{"tx_id": "1", "rx_id": "2", "data": "00", "st_min_us": time} for time in (0, 100, 900, 1000, 127000)],
    "ISOTPResult": [{"data": "00", "elapsed_ms": 0}, {"sent": 1, "elapsed_ms": 0.5}, {"data": "0A", "elapsed_ms": 1, "pending": 0}],
    "SendResult": [{"sent": 0, "valid": 1}, {"sent": 1, "frames": [{"timestamp": 1.5}]}],
    "WatchEvent": [
        WATCH | {"watch": "w1", "change": "changed", "frame": {"id": "123", "extended": False, "data": ""}},
        WATCH | {"watch": "w1", "change": "timeout"}, WATCH | {"change": "lost", "lost": 1},
    ],
    "MetricsText": [
        "# HELP a_b Text, of {any} kind.\n# TYPE a_b gauge\na_b 1\n", 'a{b="c"} 1.5e-05\na{b="\\"\\\\",c=""} -3\n',
    ],
    "Command": [
        {"op": "filter", "filters": []}, {"op": "filter", "filters": ["#1FFFFFFF", "j"], "ref": ""},
        {"op": "send", "frames": [{"id": 291}], "timeout_ms": 0.5, "ref": -1}, {"op": "resume", "ref": "x" * 64},
        {"op": "send", "frames": [{"id": 291}], "confirm": True, "confirm_ms": 60000},
        {"op": "job", "frames": [{"id": 291}], "initial_interval_us": 100, "count": 2, "lease_ms": 10, "resume": True},
    ],
    "EventBatch": [[{"type": "heartbeat", "seq": 0, "now": 1.5}] * 2],
    "GapEvent": [
        {"type": "gap", "seq": 7, "lost": 0, "exact": True, "where": "server", "from_seq": 1, "to_seq": 7},
        {"type": "gap", "seq": 7, "lost": 3, "exact": False, "where": "server", "from_seq": 1, "to_seq": 7},
        {"type": "gap", "seq": 0, "lost": 0, "exact": False, "where": "server"},
    ],
    "FrameEvent": [FRAME, FRAME | {"count": 1}, FRAME | {"count": 2, "period_ms": 0.125}],
    "LatestFrame": [FRAME | {"count": 1, "period_ms": None}, FRAME | {"count": 2, "period_ms": 10, "clock": "hardware"}],
    "CandumpText": [
        "# open epoch=1a seq=0 interfaces=\n", "# open epoch=a-b seq=12 interfaces=can0,vcan0 resumed=false\n",
        "# gap lost=0 where=server\n# gap lost=3 where=kernel interface=can0\n# heartbeat now=1700000000.000001\n",
        "# load interface=can0 percent=12.3 frames_per_second=450\n# load interface=vcan0 frames_per_second=0\n",
        "(1700000000.000000) can0 123#\n(0000000001.000000) a.b 1FFFFFFF#0011223344556677_F\n",
        "(1700000000.000000) can0 123#R\n(1700000000.000000) can0 123#R8_9\n(1700000000.000000) can0 7FF##0\n",
        "(1700000000.000000) can0 20000004#0004000000000000\n(1700000000.000000) can0 7FF##3" + "AB" * 64 + "\n",
    ],
    "RemoteClientMessage": [
        {"type": "bus_request", "payload": {"config": {"can_filters": [], "fd": True}}},
        {"type": "message", "payload": REMOTE | {"is_fd": True, "bitrate_switch": True, "error_state_indicator": False}},
        {"type": "message", "payload": {"arbitration_id": 291, "channel": 0}}, {"type": "error", "payload": "x"},
        {"type": "periodic_start", "payload": {"period": 1, "msg": REMOTE}},
    ],
    "RemoteServerMessage": [{"type": "message", "payload": REMOTE}],
}
REFUSED = {
    "FrameInput": [
        {}, {"id": ""}, {"id": "800"}, {"id": "1234"}, {"id": "20000000"}, {"id": "123456789"}, {"id": "0x1"}, {"id": 2048},
        {"id": -1}, {"id": 1.5}, {"id": "800", "extended": False}, {"id": 536870912, "extended": True}, {"id": "1", "data": "0"},
        {"id": "1", "data": "0G"}, {"id": "1", "data": "00" * 9}, {"id": "1", "dat": ""}, {"id": "1", "rtr": True, "data": "00"},
        {"id": "1", "rtr": True, "length": 9}, {"id": "1", "rtr": True, "fd": True}, {"id": "1", "length": 1}, {"id": "1", "brs": True},
        {"id": "1", "esi": True}, {"id": "1", "pad": True}, {"id": "1", "dlc": 9}, {"id": "1", "dlc": 8, "data": "00" * 8},
        {"id": "1", "fd": True, "dlc": 9, "data": "00" * 8}, {"id": "1", "extended": None},
    ] + [{"id": "1", "fd": True, "data": "00" * n} for n in (9, 11, 13, 17, 28, 31, 36, 40, 44, 49, 63, 65)],
    "CansendText": ["", "\n", "123", "12#00", "800#", "20000004#", "123#0", "123#" + "00" * 9, "123#R9", "123#R7_9", "123#00_9",
                    "123##", "123##8", "123##0" + "00" * 9, "123#.00", "123#00.", "123#00 123#00", "123#00\n!"],
    "FilterInput": [{}, {"mask": "7FF"}, {"id": "800", "extended": False}, {"id": "20000000"}, {"id": "1", "inverted": True}],
    "CandumpFilter": ["", "123", "123:", "20000123:7FF", "#", "123:7FF,j"],
    "FiltersInput": [{}, {"filters": None}, {"filters": [{"id": "1"}] * 513}, {"filters": [], "errors": ["stuff"]}],
    "JobInput": [
        {"frames": [], "interval_ms": 1}, {"frames": [{"id": "1"}] * 257, "interval_ms": 1}, {"frames": [{"id": "1"}]},
        {"frames": [{"id": "1"}], "interval_ms": 0}, {"frames": [{"id": "1"}], "interval_us": 99},
        {"frames": [{"id": "1"}], "interval_ms": 1, "interval_us": 1000}, {"frames": [{"id": "1"}], "interval_ms": 1, "count": 3},
        {"frames": [{"id": "1"}], "interval_ms": 1, "initial_interval_ms": 1}, {"frames": [{"id": "1"}], "count": 3},
        {"frames": [{"id": "1"}, {"id": "1", "fd": True}], "interval_ms": 1}, {"frames": [{"id": "1"}], "interval_ms": 1, "lease_ms": 5},
    ],
    "JobPatch": [{}, {"state": "finished"}, {"interval_us": 200, "interval_ms": 3}, {"name": "x"}],
    "InterfaceName": ["", ".", "..", "a/b", "a b", "a:b", "sixteencharacter"],
    "NewInterfaceName": ["", ".", "a/b", "a b", "a%d", "\u00e4", "sixteencharacter"],
    "InterfaceInput": [
        {"kind": "vcan"}, {"name": "a"}, {"name": "a", "kind": "can"}, {"name": "a", "kind": "vxcan"}, {"name": "a", "kind": "vcan", "peer": "b"},
        {"name": "a", "kind": "vcan", "mtu": 17}, {"name": "a", "kind": "vcan", "mtu": 2061}, {"name": "a", "kind": "vcan", "txqueuelen": 1000001},
    ],
    "InterfacePatch": [
        {}, {"cycle": True}, {"bitrate": 0}, {"sample_point": 1}, {"sample_point": 0}, {"modes": {}}, {"modes": {"quiet": True}},
        {"bitrate": 1, "bit_timing": {"tq": 1, "prop_seg": 1, "phase_seg1": 1, "phase_seg2": 1}}, {"up": None}, {"name": "x"},
        {"bit_timing": {"prop_seg": 1, "phase_seg1": 1, "phase_seg2": 1}},
        {"bit_timing": {"tq": 1, "brp": 1, "prop_seg": 1, "phase_seg1": 1, "phase_seg2": 1}}, {"bit_timing": {"tq": 1}},
    ],
    "WatchInput": [
        {}, {"id": "800"}, {"id": "1", "mask": ""}, {"id": "1", "mask": "FF" * 9}, {"id": "1", "fd": True, "mask": "FF" * 65},
        {"id": "1", "mux": [{"value": "01"}]}, {"id": "1", "mask": "FF", "mux": []}, {"id": "1", "mask": "FF", "mux": [{"value": "01"}] * 257},
        {"id": "1", "mask": "FF", "mux": [{"value": "00" * 9}]}, {"id": "1", "mask": "FF", "mux": [{"mask": "FF"}]},
        {"id": "1", "fd": True, "mask": "FF" * 9, "mux": [{"value": "01"}]}, {"id": "1", "timeout_ms": 0},
        {"id": "1", "throttle_ms": 34560000001}, {"id": "1", "reply": {"id": "1", "rtr": True}},
        {"id": "1", "reply": {"id": "1", "fd": True}}, {"id": "1", "reply": {"id": "1"}, "timeout_ms": 1},
    ],
    "ISOTPInput": [
        {"tx_id": "7E0", "rx_id": "7E8"}, {"rx_id": "7E8", "data": "00"}, {"tx_id": "7E0", "data": "00"}, {"tx_id": "800", "rx_id": "1", "data": "00"},
        {"tx_id": "7E0", "data": "00", "functional": True}, {"tx_id": "7E0", "data": "00", "response": False},
        {"tx_id": "1", "rx_id": "2", "data": ""}, {"tx_id": "1", "rx_id": "2", "data": "0"}, {"tx_id": "1", "rx_id": "2", "data": "00", "rx_address": 1},
        {"tx_id": "1", "rx_id": "2", "data": "00", "tx_padding": 256}, {"tx_id": "1", "rx_id": "2", "data": "00", "tx_padding": "1"},
        {"tx_id": "1", "rx_id": "2", "data": "00", "brs": True}, {"tx_id": "1", "rx_id": "2", "data": "00", "tx_data_length": 64},
        {"tx_id": "1", "rx_id": "2", "data": "00", "max_wait_ms": 5000}, {"tx_id": "1", "rx_id": "2", "data": "00", "fc_id": "3"},
        {"tx_id": "1", "rx_id": "2", "data": "00", "pending": True, "response": False},
    ] + [{"tx_id": "1", "rx_id": "2", "data": "00", "st_min_us": time} for time in (1, 50, 950, 1500, 128000)],
    "ISOTPResult": [{"data": "", "elapsed_ms": 0}, {"sent": 1}, {"data": "00", "sent": 1, "elapsed_ms": 1}, {"data": "aa", "elapsed_ms": 1}],
    "SendResult": [{"sent": 1, "valid": 1, "frames": [{"timestamp": 1.5}]}, {"sent": 1, "frames": []}],
    "WatchEvent": [
        WATCH | {"watch": "w1", "change": "changed"}, WATCH | {"change": "timeout"}, WATCH | {"watch": "w1", "change": "timeout", "lost": 1},
        WATCH | {"watch": "w1", "change": "lost", "lost": 1}, WATCH | {"change": "lost", "lost": 0},
    ],
    "MetricsText": ["", "a 1", "a\n", "A 1\n", 'a{b=c} 1\n', "# TYPE a histogram\n", "a NaN\n"],
    "PDUEvent": [{"type": "open", "seq": 1}, {"type": "pdu", "timestamp": 1.5, "data": ""}, {"type": "ack", "sent": 0}],
    "FrameEvent": [
        {name: value for name, value in FRAME.items() if name != "data"}, FRAME | {"extended": True}, FRAME | {"fd": False},
        FRAME | {"x": 1}, FRAME | {"period_ms": 1}, FRAME | {"count": 1, "period_ms": None}, FRAME | {"count": 0},
    ],
    "Frame": [{"id": "123", "extended": False, "data": "", "seq": 1}],
    "LatestFrame": [FRAME, FRAME | {"count": 1}, FRAME | {"count": 1, "period_ms": None, "x": 1}],
    "Command": [
        {}, {"op": "stop"}, {"op": "ping", "filters": []}, {"op": "pause", "ref": 1.5}, {"op": "resume", "ref": "x" * 65},
        {"op": "filter"}, {"op": "filter", "filters": ["123"]}, {"op": "filter", "filters": ["1:1"] * 513},
        {"op": "send", "frames": []}, {"op": "send", "frames": [{"id": "1"}] * 4097}, {"op": "send", "frames": {"id": "1"}},
        {"op": "send", "frames": [{"id": "800"}]}, {"op": "send", "frames": [{"id": "1"}], "timeout_ms": 60001},
        {"op": "send", "frames": [{"id": "1"}], "dry_run": True}, [{"op": "ping"}],
        {"op": "send", "frames": [{"id": "1"}], "confirm_ms": 10}, {"op": "send", "frames": [{"id": "1"}], "confirm": False, "confirm_ms": 10},
        {"op": "job", "interval_ms": 10}, {"op": "job", "frames": [{"id": "1"}]}, {"op": "job", "frames": [{"id": "1"}], "interval_ms": 10, "lease_ms": 9},
    ],
    "Event": [{"type": "ack", "seq": 1}, {"type": "open", "seq": 1}, {"type": "load", "seq": 1}, {"type": "watch", "seq": 1}],
    "EventBatch": [[], {"type": "heartbeat", "seq": 0, "now": 1.5}, [[]]],
    "AckEvent": [
        {"type": "ack", "seq": 1, "op": "send"}, {"type": "ack", "seq": 1, "op": "ping", "sent": 1},
        {"type": "ack", "seq": 1, "op": "stop"}, {"type": "ack", "seq": 1, "op": "ping", "ref": None},
        {"type": "ack", "seq": 1, "op": "job"}, {"type": "ack", "seq": 1, "op": "ping", "frames": [{"timestamp": 1.5}]},
    ],
    "GapEvent": [
        {"type": "gap", "seq": 7, "lost": 1, "exact": True, "where": "server"},
        {"type": "gap", "seq": 7, "lost": 1, "exact": False, "where": "server", "from_seq": 1},
        {"type": "gap", "seq": 7, "lost": 1, "exact": False, "where": "kernel", "interface": "can0"},
    ],
    "CandumpText": [
        "", "(1700000000.000000) can0 123#", "(1700000000.0000) can0 123#\n", "(1700000000.000000)  can0 123#\n",
        "(1700000000.000000) can0 123#R0\n", "(1700000000.000000) can0 123##1\n(1)\n", "# job\n", "# gap lost=1 where=kernel\n",
        "# load interface=can0\n", "# watch\n",
        "(1700000000.000000) can0 20000004#00\n", "(1700000000.000000) can0 7FF##0" + "AB" * 9 + "\n",
    ],
    "RemoteClientMessage": [
        {"type": "bus_request", "payload": {}}, {"type": "message", "payload": {"data": []}},
        {"type": "message", "payload": REMOTE | {"is_fd": 1}}, {"type": "periodic_stop", "payload": "123"},
        {"type": "periodic_start", "payload": {"period": 0, "msg": REMOTE}}, {"type": "bus_response", "payload": {}},
    ],
    "RemoteServerMessage": [
        {"type": "message", "payload": REMOTE | {"channel": 0}}, {"type": "message", "payload": {"arbitration_id": 291}},
        {"type": "error", "payload": {}}, {"type": "bus_response", "payload": {"channel_info": "vcan0"}},
    ],
}


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
    assert yaml.safe_load((ROOT / "openapi" / "openapi.yaml").read_text(encoding="utf-8")) == DOCUMENT
