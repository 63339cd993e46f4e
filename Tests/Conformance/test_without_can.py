"""A kernel without AF_CAN: the service starts, says why it is of no use, and answers every call.

A machine that has AF_CAN is made to look like one that has not by a seccomp filter, which the service inherits.
"""
import json
import pathlib
import subprocess
import sys

import pytest

from service import BINARY, Service, assert_problem, environment

# Run by Python before the service: every socket(AF_CAN, …) fails with EAFNOSUPPORT from here on.
LAUNCHER = """
import ctypes, errno, os, platform, struct, sys
SOCKET = {"x86_64": 41, "aarch64": 198}[platform.machine()]
AF_CAN, NO_NEW_PRIVILEGES, SECCOMP, FILTER = 29, 38, 22, 2
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
# The number of the call is at 0, its first argument at 16 of struct seccomp_data.
program = [(LOAD, 0, 0, 0), (EQUAL, 0, 3, SOCKET), (LOAD, 0, 0, 16), (EQUAL, 0, 1, AF_CAN),
           (RETURN, 0, 0, ERRNO | errno.EAFNOSUPPORT), (RETURN, 0, 0, ALLOW)]
code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
filter = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(code)))
prctl = ctypes.CDLL(None, use_errno=True).prctl
if prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) or prctl(SECCOMP, FILTER, filter, 0, 0):
    sys.exit(f"seccomp: {os.strerror(ctypes.get_errno())}")
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    launcher = pathlib.Path(tmp_path_factory.mktemp("launcher")) / "launcher.py"
    launcher.write_text(LAUNCHER, encoding="utf-8")
    begin = [sys.executable, str(launcher)]
    # The trick itself: a socket fails there.
    tried = subprocess.run(
        [*begin, sys.executable, "-c", "import socket; socket.socket(29, 3, 1)"], capture_output=True, text=True,
        check=False)
    assert "Errno 97" in tried.stderr, tried.stderr
    service = Service(launcher=begin, healthy=503)
    yield service
    service.check()
    status, took = service.stop()
    assert status == 0 and took < 10


def test_the_health_check_says_why(bare):
    answer = bare.request("GET", "/healthz")
    assert answer.status == 503 and answer["Content-Type"] == "application/json"
    assert answer.json["status"] == "unavailable"
    assert any("CAN" in reason and "EAFNOSUPPORT" in reason for reason in answer.json["reasons"])
    assert bare.request("HEAD", "/healthz").status == 503


@pytest.mark.parametrize("method, path, body", [
    ("GET", "/v1/interfaces", None), ("GET", "/v1/interfaces/can0", None), ("GET", "/v1/frames", None),
    ("GET", "/v1/interfaces/can0/frames", None), ("POST", "/v1/interfaces/can0/frames", {"id": "123"}),
    ("POST", "/v1/interfaces/can0/frames?dry_run=true", {"id": "123"}), ("GET", "/v1/interfaces/can0/filters", None),
    ("PUT", "/v1/interfaces/can0/filters", {"filters": []}), ("DELETE", "/v1/interfaces/can0/filters", None),
    ("GET", "/v1/interfaces/can0/latest", None), ("GET", "/v1/interfaces/can0/latest/123", None),
    ("GET", "/v1/frames?since=all", None), ("GET", "/v1/interfaces/can0/jobs", None),
    ("POST", "/v1/interfaces/can0/jobs", {"frames": [{"id": "123"}], "interval_ms": 10}), ("GET", "/v1/jobs", None),
    ("DELETE", "/v1/jobs", None), ("GET", "/v1/jobs/j1", None), ("PATCH", "/v1/jobs/j1", {"state": "stopped"}),
    ("DELETE", "/v1/jobs/j1", None),
])
def test_every_call_on_can_is_not_supported(bare, method, path, body):
    answer = bare.request(method, path, None if body is None else json.dumps(body))
    assert_problem(answer, 501, "not-supported", errno="EAFNOSUPPORT")


def test_what_needs_no_can_is_there(bare):
    told = bare.get("/v1")
    assert told["protocols"]["raw"] is False and told["protocols"]["bcm"] is False
    for path in ("/", "/openapi.json", "/openapi.yaml", "/problems/not-supported"):
        assert bare.request("GET", path).status == 200
    assert bare.request("OPTIONS", "/v1/frames").status == 204
    assert bare.request("POST", "/v1/frames").status == 405


def test_the_log_says_why(bare):
    assert any(all(word in line for word in ("kernel", "CAN", "EAFNOSUPPORT")) for line in bare.log.splitlines())


def test_version_and_help_need_no_can_either(bare):
    for option in ("--version", "--help"):
        assert subprocess.run([BINARY, option], env=environment(), capture_output=True, check=False).returncode == 0
