"""The command line, the configuration file, the environment, and exit statuses."""
import json
import socket

import pytest

from service import environment, free_port, run_once

USAGE, UNAVAILABLE, CONFIGURATION = 64, 69, 78


@pytest.fixture
def file(tmp_path):
    """Writes a configuration file and gives its path."""

    def write(content):
        path = tmp_path / "canhttpd.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    return write


def assert_refused(run, status, *words):
    """Fails unless the program ended with that status and one message that has these words; no trace."""
    assert run.returncode == status, (run.returncode, run.stdout, run.stderr)
    for word in words:
        assert word in run.stderr, run.stderr
    for trace in ("Fatal error", "Stack dump", "Backtrace", "NSError", "Swift."):
        assert trace not in run.stderr


def test_version_and_help(service):
    version = run_once("--version")
    assert version.returncode == 0
    assert service.get("/v1")["version"] in version.stdout
    help = run_once("--help")
    assert help.returncode == 0
    for option in ("--listen", "--config", "--log-level", "--allow-origin", "--allow-host", "--log-bytes",
                   "--receive-buffer-bytes", "--max-streams", "--max-body-bytes", "--version", "--help"):
        assert option in help.stdout


@pytest.mark.parametrize("options, word", [
    (["--no-such-option"], "--no-such-option"), (["surplus"], "surplus"), (["--listen"], "--listen"),
    (["--listen", "nonsense"], "nonsense"), (["--listen", "127.0.0.1"], "127.0.0.1"),
    (["--listen", "127.0.0.1:65536"], "65536"), (["--listen", "127.0.0.1:http"], "http"),
    (["--listen", "256.0.0.1:8080"], "256.0.0.1"),
    (["--log-level", "loud"], "loud"), (["--log-bytes", "many"], "many"), (["--log-bytes=-1"], "-1"),
    (["--max-streams", "1.5"], "1.5"), (["--max-body-bytes", "0"], "0"),
    (["--allow-origin", "not an origin"], "origin"),
    (["--receive-buffer-bytes", "0"], "0"),
])
def test_a_wrong_option_is_told_and_ends_with_64(options, word):
    assert_refused(run_once(*options), USAGE, word)


@pytest.mark.parametrize("content, word", [
    ("{", "line"), ("", ""), ("[]", ""), ('{"listen":5}', "listen"), ('{"lisen":"127.0.0.1:1"}', "lisen"),
    ('{"log-level":"loud"}', "loud"), ('{"log_level":"info"}', "log_level"), ('{"max-streams":"3"}', "max-streams"),
    ('{"max-streams":-3}', "max-streams"), ('{"allow-origin":"https://a.example"}', "allow-origin"),
    ('{"allow-origin":[1]}', "allow-origin"), ('{"config":"other.json"}', "config"),
    ('{"listen":"nonsense"}', "nonsense"),
    ('{"log-bytes":1.5}', "log-bytes"),
])
def test_a_wrong_file_is_told_and_ends_with_78(file, content, word):
    path = file(content)
    assert_refused(run_once("--config", path), CONFIGURATION, path, word)


def test_a_file_that_is_no_utf_8_is_told_where(tmp_path):
    path = tmp_path / "canhttpd.json"
    path.write_bytes(b'{"log-level":"info",\n "allow-host":["caf\xe9.example"]}')
    assert_refused(run_once("--config", str(path)), CONFIGURATION, str(path), "line 2, column 19", "byte 0xe9")


def test_an_unreadable_file_ends_with_78(tmp_path):
    missing = tmp_path / "missing.json"
    assert_refused(run_once("--config", str(missing)), CONFIGURATION, str(missing))
    assert_refused(run_once("--config", str(tmp_path)), CONFIGURATION, str(tmp_path))


@pytest.mark.parametrize("name, value", [
    ("CANHTTPD_LOG_LEVEL", "loud"), ("CANHTTPD_LISTEN", "nonsense"), ("CANHTTPD_MAX_STREAMS", "many"),
    ("CANHTTPD_LOG_BYTES", "-1"),
])
def test_a_wrong_variable_is_told_and_ends_with_78(name, value):
    assert_refused(run_once(env=environment(**{name: value})), CONFIGURATION, name)


def test_a_file_that_the_environment_names_is_read_too(file):
    path = file({"lisen": 1})
    assert_refused(run_once(env=environment(CANHTTPD_CONFIG=path)), CONFIGURATION, path, "lisen")


def test_a_port_in_use_ends_with_69_and_names_the_address(service):
    assert_refused(run_once("--listen", service.authority), UNAVAILABLE, service.authority)
    service.check()


def test_an_address_that_is_not_of_this_machine_ends_with_69():
    assert_refused(run_once("--listen", "192.0.2.1:8080"), UNAVAILABLE, "192.0.2.1:8080")


def test_the_command_line_goes_before_the_environment_and_that_before_the_file(start, file):
    port = free_port()
    path = file({
        "listen": f"127.0.0.1:{port}", "max-streams": 11, "max-body-bytes": 1100, "log-bytes": 1100000,
        "allow-origin": ["https://a.example", "https://b.example"], "allow-host": ["can.example"],
        "log-level": "debug"})
    service = start(
        "--config", path, "--max-streams", "13", port=port, listens=False,
        env=environment(CANHTTPD_MAX_STREAMS="12", CANHTTPD_MAX_BODY_BYTES="1200"))
    limits = service.get("/v1")["limits"]
    assert (limits["streams"], limits["body_bytes"], limits["log_bytes"]) == (13, 1200, 1100000)
    for origin in ("https://a.example", "https://b.example"):
        assert service.request("GET", "/v1", headers={"Origin": origin, "Host": "can.example"}).status == 200


def test_the_environment_alone(start):
    port = free_port()
    service = start(port=port, listens=False, env=environment(
        CANHTTPD_LISTEN=f"127.0.0.1:{port}", CANHTTPD_LOG_LEVEL="error", CANHTTPD_RECEIVE_BUFFER_BYTES="300000",
        CANHTTPD_ALLOW_HOST="can.example"))
    assert service.get("/v1")["limits"]["receive_buffer_bytes"] == 300000
    assert service.request("GET", "/v1", headers={"Host": "can.example"}).status == 200


def test_options_may_be_repeated_where_they_are_lists(start):
    service = start(
        "--allow-origin", "https://a.example", "--allow-origin", "https://b.example", "--allow-host", "a.example",
        "--allow-host", "b.example")
    for name in ("a.example", "b.example"):
        answer = service.request("GET", "/v1", headers={"Origin": f"https://{name}", "Host": name})
        assert answer.status == 200


def test_it_listens_where_it_is_told_and_nowhere_else(start):
    service = start(host="::1")
    assert service.request("GET", "/v1").status == 200
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", service.port), timeout=5)


def test_the_log_says_where_it_listens_and_is_as_quiet_as_asked(start):
    talkative, quiet = start(), start("--log-level", "critical")
    for service in (talkative, quiet):
        service.request("GET", "/v1/nowhere")
        service.stop()
    assert talkative.authority in talkative.log
    assert quiet.log == ""


def test_each_request_is_in_the_log_at_debug_by_its_name(start):
    service = start("--log-level", "debug")
    name = service.request("GET", "/v1/nowhere")["X-Request-Id"]
    service.stop()
    assert any(name in line and "/v1/nowhere" in line for line in service.log.splitlines())
