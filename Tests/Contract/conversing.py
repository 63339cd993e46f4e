"""All that can be said on WebSockets, with what is answered: commands, messages of ISO-TP, python-can-remote."""
import contextlib
import json

from description import faults
from listeners import PDUReader, RemoteReader, carry_out, packed, refuse, say, send_pdu
from messages import COMMANDS, PDUS, WRONG_COMMANDS, WRONG_PDUS
from rows import SUBPROTOCOLS
from rows_frames import of_unconfirmed
from rows_limits import at_confirmations_limit
from streams import BINARY, TEXT, WebSocketReader
from transports import BatchReader
from witnesses import RawSocket
from world import ECU, FAULTY, NOBODY, UP72, pending


def say_commands(survey, service):
    """Says every command, and everything that a command can have wrong with it; batches as well."""
    limits = service.get("/v1")["limits"]
    with contextlib.closing(WebSocketReader(service, UP72 + "?heartbeat=1")) as reader:
        for command in COMMANDS:
            survey.commands += carry_out(reader, command)
        for command, code in WRONG_COMMANDS:
            survey.commands += refuse(reader, command, code)
        survey.commands += refuse(reader, "x" * (limits["websocket_message_bytes"] + 1), "body-too-large")
        for _ in range(3 * limits["websocket_commands_per_s"]):
            reader.send(TEXT, b'{"op":"ping","ref":0}')
        reader.until_type("problem", code="too-many-requests")
        survey.hear("websocket", reader)
    with contextlib.closing(WebSocketReader(service)) as reader:
        # It shows more than one.
        survey.commands += refuse(reader, {"op": "send", "frames": [{"id": "1"}]}, "malformed-request")
        survey.hear("websocket", reader)
    with contextlib.closing(WebSocketReader(survey.world.services["forbidden"], UP72)) as reader:
        survey.commands += refuse(reader, {"op": "send", "frames": [{"id": "1"}]}, "permission-denied")
        survey.hear("websocket", reader)
    with contextlib.closing(BatchReader(service, f"{UP72}?batch=true&heartbeat=1")) as reader:
        reader.until_type("open")
        with RawSocket("up72") as raw:
            for number in range(20):
                raw.send(0x123, bytes([number]))
        say(reader, {"op": "ping"})
        say(reader, {"op": "no-such"})
        reader.until_type("heartbeat")
        survey.hear("websocket", reader)
        for batch in reader.messages:
            survey.wrong_events += [("batch", fault) for fault in faults("#/components/schemas/EventBatch", batch)]


def exchange_messages(survey, service):
    """What a WebSocket of ISO-TP messages can say and hear, with those who answer and with those who do not."""
    def link(sides):
        return "&".join(f"{name}={value}" for name, value in sides.items())

    with contextlib.closing(PDUReader(service, "up72", link(ECU))) as reader:
        longest = reader.until_type("open")["max_pdu_bytes"]
        for message in PDUS:
            survey.commands += send_pdu(reader, message)
            # The answer may have come before the acknowledgement.
            until_answered(reader, message["data"])
        for message, code in WRONG_PDUS:
            survey.commands += refuse(reader, message, code)
        survey.commands += refuse(reader, {"data": "00" * (longest + 1), "ref": "long"}, "invalid-isotp")
        survey.commands += refuse(reader, "x" * (2 * longest + 1025), "body-too-large")
        reader.send(BINARY, bytes([0x22, 0xF1, 0x92]))
        reader.until_type("ack", sent=3)
        until_answered(reader, "22F192")
        survey.hear("isotp", reader, "PDUEvent")
    with contextlib.closing(PDUReader(service, "up72", link(ECU) + "&binary=true")) as reader:
        survey.commands += send_pdu(reader, {"data": "22F193"})
        until_answered(reader, "22F193", "binary")
        reader.seen = [event for event in reader.seen if event["type"] != "binary"]
        survey.hear("isotp", reader, "PDUEvent")
    for sides, code in ((FAULTY, "isotp-error"), (NOBODY, "isotp-timeout")):
        with contextlib.closing(PDUReader(service, "up72", link(sides) + "&timeout_ms=5000")) as reader:
            survey.commands += refuse(reader, {"data": "00" * 20, "ref": code}, code)
            if sides is NOBODY:
                # One is on its way for a second, and sixteen others may wait.
                for number in range(40):
                    reader.send(TEXT, json.dumps({"data": "00" * 20, "ref": number}).encode())
                reader.until_type("problem", code="too-many-requests")
            survey.hear("isotp", reader, "PDUEvent")
    with contextlib.closing(PDUReader(service, "down72", link(ECU))) as reader:
        survey.commands += refuse(reader, {"data": "00"}, "interface-down")
        survey.hear("isotp", reader, "PDUEvent")


def until_answered(reader, data, type="pdu"):
    """Waits until the answer to a message has come."""
    answer = f"{int(data[:2], 16) | 0x40:02X}{data[2:].upper()}"
    came = [event for event in reader.seen if event["type"] == type and event["data"] == answer]
    if not came:
        reader.until_type(type, data=answer)


def speak_remotely(survey, service):
    """What python-can-remote can say and hear, in both subprotocols."""
    frame = {
        "arbitration_id": 0x123, "is_extended_id": False, "is_remote_frame": False, "is_error_frame": False,
        "dlc": 1}
    periodic = frame | {"is_fd": False, "bitrate_switch": False, "data": [4]}
    for protocol in SUBPROTOCOLS:
        with contextlib.closing(RemoteReader(service, UP72, protocol)) as reader, RawSocket("up72") as raw:
            reader.open(
                can_filters=[{"can_id": 0x123, "can_mask": 0x7FF, "extended": False}], receive_own_messages=True,
                bitrate=500000)
            raw.send(0x124)
            raw.send(0x123, bytes([1, 2]))
            raw.send_flexible(0x123, bytes(12), 3)
            reader.until_message(is_fd=True, bitrate_switch=True, error_state_indicator=True, data=[0] * 12)
            assert all(event["payload"].get("arbitration_id", 0x123) == 0x123 for event in reader.seen[1:])
            if protocol == "can.json.v1":
                reader.say("message", frame | {"timestamp": 0.0, "data": [3]})
            else:
                reader.send(BINARY, packed(0x123, bytes([3])))
            reader.until_message(data=[3])
            reader.say("periodic_start", {"period": 0.01, "duration": None, "msg": periodic})
            reader.until_message(data=[4])
            reader.say("periodic_stop", 0x123)
            reader.say("no-such", {})
            reader.until_type("error")
            survey.hear(protocol, reader, "RemoteServerMessage")


def send_into_nothing(survey, service):
    """A controller that only listens takes frames and never sends them, which a sender who asks is told."""
    main, target = survey.world.clients["main"], "/v1/interfaces/can1"
    set_listening(main, True)
    with contextlib.closing(WebSocketReader(service, UP72)) as reader:
        survey.commands += refuse(
            reader, {"op": "send", "interface": "can1", "frames": [{"id": "1"}], "confirm": True, "confirm_ms": 50},
            "transmit-unconfirmed")
        survey.hear("websocket", reader)
    survey.ask(of_unconfirmed())
    limited = survey.world.services["limited"]
    count = limited.get("/v1")["limits"]["confirmations"]
    with pending(limited, count, f"{target}/frames?confirm=true&confirm_ms=60000&timeout_ms=60000", {"id": "123"}):
        survey.ask_when_full(limited, "canhttpd_confirmations", count, at_confirmations_limit())
        # All that wait are answered when the interface goes down.
        set_listening(main, False)


def set_listening(client, is_on):
    answer = client.request(
        "PATCH", "/v1/interfaces/can1", json.dumps({"modes": {"listen_only": is_on}, "cycle": True}),
        {"Content-Type": "application/json"})
    assert answer.status == 200 and answer.json["modes"]["listen_only"] == is_on, answer
