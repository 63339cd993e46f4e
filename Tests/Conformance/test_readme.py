"""README's tour, run as it stands: each command gives the output that stands below it.

What differs from run to run (times, the epoch, counts that grow) is compared by its form only.
`README_UPDATE=FILE` writes the README with the output of this run to a file.
"""
import os
import pathlib
import re
import subprocess
import sys
import time

from service import PATIENCE, wait_until

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
ADDRESS = "http://127.0.0.1:8080"
# The file into which one step records in the background.
RECORDING = "session.ndjson"

VARYING = [
    (re.compile(r"\b1[0-9]{9}\.[0-9]{1,6}\b"), "<time>"),
    (re.compile(r'("(?:epoch|kernel|instance)":)"[^"]*"'), r'\1"<text>"'),
    (re.compile(r'("(?:seq|uptime_s|isotp_pdu_bytes|received|rx_frames|rx_bytes|tx_frames|tx_bytes|period_ms|elapsed_ms|'
                r'lease_remaining_ms)":)[0-9.]+'), r"\1<number>"),
    # Of interfaces, of the newest frames and of jobs; elsewhere these are what the README says.
    (re.compile(r'("name":"\w+","index":)[0-9]+'), r"\1<number>"),
    (re.compile(r'("count":)[0-9]+(,"period_ms")'), r"\1<number>\2"),
    (re.compile(r'("state":"\w+","sent":)[0-9]+'), r"\1<number>"),
    # In the order of their numbers, which a controller that was unplugged has lost its place in.
    (re.compile(r'"interfaces":\[[^]]*\]'), lambda names: ",".join(sorted(names[0].split('"')))),
    (re.compile(r"\b(epoch|seq)=[0-9a-z]+"), r"\1=<text>"),
    (re.compile(r"^id: [0-9a-z]+:[0-9]+", re.M), "id: <event>"),
    # A bit rate that cannot be is refused by newer kernels with another error, and a sentence.
    (re.compile(r'EINVAL \(Invalid argument\): bitrate error: [^;"]*(;.*"errno":)"EINVAL"'),
     r'EDOM (Numerical argument out of domain)\1"EDOM"'),
]


def normalized(text: str) -> str:
    for pattern, replacement in VARYING:
        text = pattern.sub(replacement, text)
    return text.strip()


def tour():
    """The console blocks of the README: (command, expected output) in their order."""
    text = README.read_text(encoding="utf-8")
    for block in re.findall(r"```console\n(.*?)```", text, re.S):
        for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.M):
            yield command, output


def run(command: str, base: str, directory=None, seconds=PATIENCE) -> str:
    command = command.replace(ADDRESS, base).replace("curl ", f"curl -sS --max-time {seconds} ")
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, cwd=directory)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout if done.stdout.endswith("\n") or not done.stdout else done.stdout + "\n"


def output_of(command: str, expected: str, base: str, directory) -> str:
    """What a step prints. One that records in the background has begun then; one that looks into the recording does so
    until what is expected is there, or has had time enough to come."""
    if command.endswith("&"):
        output = run(command, base, directory, 10 * PATIENCE)
        file = directory / RECORDING
        wait_until(lambda: file.exists() and file.stat().st_size > 0, "the recording has begun")
        return output
    if "since=1s" in command:
        # What was sent by hand before is older than that, however fast the machine.
        time.sleep(1)
    end = time.monotonic() + PATIENCE
    while True:
        output = run(command, base, directory)
        is_done = RECORDING not in command or normalized(output) == normalized(expected)
        if is_done or time.monotonic() > end:
            return output
        time.sleep(0.1)


def test_the_tour_prints_what_the_readme_shows(start, tmp_path):
    service = start()
    steps = list(tour())
    assert len(steps) >= 50
    results = [
        (command, expected, output_of(command, expected, service.base, tmp_path)) for command, expected in steps]
    if os.environ.get("README_UPDATE"):
        text = README.read_text(encoding="utf-8")
        for command, expected, output in results:
            text = text.replace(f"$ {command}\n{expected}", f"$ {command}\n{output}", 1)
        pathlib.Path(os.environ["README_UPDATE"]).write_text(text, encoding="utf-8")
    for command, expected, output in results:
        assert normalized(output) == normalized(expected), command


def snippet(language: str, number: int = 0) -> str:
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.S)[number]


def test_the_python_lines_print_frames(start):
    service = start()
    run(f"""curl -d '{{"frames":[{{"id":"321","data":"0100"}}],"interval_ms":20}}' {ADDRESS}/v1/interfaces/vcan0/jobs""",
        service.base)
    code = snippet("python").replace("127.0.0.1:8080", service.base.removeprefix("http://"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["open None None"] + ["frame 321 0100"] * 3


def test_the_lines_for_python_can_send_and_receive(start):
    code = snippet("python", 1).replace("127.0.0.1:8080", start().base.removeprefix("http://"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert " 123 " in done.stdout and "01 02 03" in done.stdout, done.stdout


def test_the_live_capture_reads(start):
    service = start()
    run(f"""curl -d '{{"frames":[{{"id":"321","data":"0100"}}],"interval_ms":20}}' {ADDRESS}/v1/interfaces/vcan0/jobs""",
        service.base)
    line = re.search(r"^(curl .*format=pcap.*) \| wireshark -k -i -$", README.read_text(encoding="utf-8"), re.M).group(1)
    line = line.replace(ADDRESS, service.base).replace("format=pcap", "format=pcap&count=3")
    seen = subprocess.run(
        ["bash", "-c", line + " | tshark -l -i - 2>/dev/null"], capture_output=True, text=True, timeout=100)
    assert seen.stdout.count("0x00000321") == 3 or seen.stdout.count("ID: 801") == 3, seen.stdout


def test_the_configuration_file_is_understood(start, tmp_path):
    path = tmp_path / "canhttpd.json"
    path.write_text(snippet("json"), encoding="utf-8")
    service = start("--config", str(path))
    service.check()
