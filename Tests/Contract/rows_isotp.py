"""Requests to exchange messages of ISO-TP, and for WebSockets of such messages."""
import json

from rows import FORM, row
from streams import HANDSHAKE
from world import ECU, FAULTY, NOBODY


def of_isotp():
    """While somebody answers requests to ECU and breaks the protocol on FAULTY."""
    def exchange(status, code=None, interface="up72", **members):
        body = json.dumps(ECU | {"data": "22F190", "timeout_ms": 15000} | members)
        return row("exchangePDU", status, code, path={"name": interface}, body=body)

    def broadcast(status, code=None, **members):
        body = {"tx_id": "7DF", "functional": True, "response": False, "data": "3E80"} | members
        return row("exchangePDU", status, code, body=json.dumps(body))

    return [
        exchange(200),
        row("exchangePDU", 200, body=json.dumps(ECU | {"data": "3e00"}), type=FORM),
        exchange(200, data="22" + "00" * 100, block_size=4, st_min_us=100, timeout_ms=5000),
        exchange(200, data="19", pending=True, max_wait_ms=5000, timeout_ms=2000.5),
        exchange(200, response=False),
        exchange(200, rx_id=0x7E8, extended=False, tx_padding="CC"),
        broadcast(200),
        broadcast(200, tx_padding=204, fd=True, brs=True, tx_data_length=16, data="00" * 14),
        exchange(409, "interface-down", interface="down72"),
        *(exchange(422, "invalid-isotp", **wrong) for wrong in (
            {"rx_id": "7E0"}, {"tx_id": "800"}, {"tx_id": "1234"}, {"data": ""}, {"data": "0"}, {"data": "00" * 70000},
            {"rx_address": 1}, {"tx_address": 256}, {"tx_padding": "1"}, {"block_size": 256}, {"st_min_us": 950},
            {"st_min_us": 128000}, {"brs": True}, {"tx_data_length": 64}, {"fd": True, "tx_data_length": 9},
            {"timeout_ms": 0}, {"timeout_ms": 60001}, {"max_wait_ms": 2000},
            {"pending": True, "max_wait_ms": 600001}, {"pending": True, "response": False}, {"fc_id": "7E1"})),
        exchange(422, "invalid-isotp", interface="up16", fd=True),
        broadcast(422, "invalid-isotp", data="00" * 8),
        broadcast(422, "invalid-isotp", response=True),
        row("exchangePDU", 422, "invalid-isotp", body='{"tx_id":"7E0","rx_id":"7E8"}'),
        row("exchangePDU", 422, "invalid-isotp", body='{"rx_id":"7E8","data":"00"}'),
        row("exchangePDU", 422, "invalid-isotp", body='{"tx_id":"7E0","data":"00"}'),
        exchange(400, "malformed-request", response="no"),
        exchange(400, "malformed-request", st_min_us=100.5),
        # A wrong sequence number, and no room.
        exchange(502, "isotp-error", **FAULTY),
        exchange(502, "isotp-error", **FAULTY, data="00" * 20),
        # No answer, and no flow control.
        exchange(504, "isotp-timeout", **NOBODY, timeout_ms=50),
        exchange(504, "isotp-timeout", **NOBODY, data="00" * 20, timeout_ms=5000),
        # It stays 7F 19 78.
        exchange(504, "isotp-timeout", data="1978", pending=True, timeout_ms=100, max_wait_ms=300),
        *of_isotp_streams(),
    ]


def of_isotp_streams():
    name, opened = "streamPDUs", {"headers": HANDSHAKE, "streams": True}
    return [
        row(name, 101, **opened),
        row(name, 101, path={"name": "down72"}, **opened),
        row(name, 101, query="tx_id=18DA10F1&rx_id=18DAF110&tx_address=41&rx_address=F1&tx_padding=CC&timeout_ms=2.5&"
            "block_size=8&st_min_us=5000&fd=true&brs=true&tx_data_length=64&rx_padding=AA&binary=true", **opened),
        row(name, 426, "upgrade-required"),
        row(name, 426, "upgrade-required", headers=HANDSHAKE | {"Sec-WebSocket-Version": "12"}),
        row(name, 400, "malformed-request", headers=HANDSHAKE | {"Sec-WebSocket-Key": "short"}),
        *(row(name, 400, "malformed-request", query=f"tx_id=7E0&rx_id=7E8&{query}", headers=HANDSHAKE) for query in (
            "extended=maybe", "block_size=x", "timeout_ms=1e3", "binary=1", "response=true", "tx_id=7E0")),
        *(row(name, 422, "invalid-isotp", query=query, headers=HANDSHAKE) for query in (
            "", "tx_id=7E0", "rx_id=7E8", "tx_id=7E0&rx_id=7E0", "tx_id=800&rx_id=7E8",
            "tx_id=7E0&rx_id=7E8&rx_address=F1", "tx_id=7E0&rx_id=7E8&st_min_us=950",
            "tx_id=7E0&rx_id=7E8&block_size=256", "tx_id=7E0&rx_id=7E8&brs=true", "tx_id=7E0&rx_id=7E8&timeout_ms=0")),
    ]
