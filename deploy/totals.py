"""Sums up what deploy/test left in a folder, for each suite: a JUnit report (swift.xml …) and an exit status
(swift.status …); and problems (lines on what went wrong beside the tests).

Usage: totals.py FOLDER NAME. NAME, when not empty, is what the tests were narrowed to.
Names everything that failed, then prints "N passed, N failed" and exits with 0 when all is well.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

# The suites, with the exit status by which each only says that there was no test to run.
NO_TESTS = {"swift": 69, "conformance": 5, "contract": 5}
# What XML 1.0 does not allow, and a failed test may have printed.
CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def first_line(text):
    return next(iter((text or "").strip().splitlines()), "")


def reported(path):
    """The tests of a report: pairs of a name and None, or why it counts as failed."""
    text = CONTROL_CHARACTERS.sub("", path.read_text(errors="replace"))
    for case in ElementTree.fromstring(text).iter("testcase"):
        reason = None
        for kind in ("skipped", "error", "failure"):
            found = case.find(kind)
            if found is not None:
                message = first_line(found.get("message") or found.text)
                reason = f"{kind}: {message}" if message else kind
        yield f"{case.get('classname')} {case.get('name')}", reason


def suite(folder, name):
    """Counts of one suite: how many passed, and a list of what failed."""
    try:
        status = int((folder / f"{name}.status").read_text())
    except (OSError, ValueError):
        return 0, [f"{name}: the tests did not run to their end"]
    try:
        tests = list(reported(folder / f"{name}.xml"))
    except (OSError, ElementTree.ParseError):
        return 0, [f"{name}: the tests did not run to their end (exit status {status})"]
    passed = sum(reason is None for _, reason in tests)
    failed = [f"{name}: {test}: {reason}" for test, reason in tests if reason]
    if status not in (0, NO_TESTS[name]) and not failed:
        failed.append(f"{name}: exit status {status}, although no test failed")
    return passed, failed


def main(folder, narrowed):
    problems = folder / "problems"
    failed = problems.read_text().splitlines() if problems.exists() else []
    built = not any("swift build" in line for line in failed)
    passed = 0
    for name in NO_TESTS if built else ():
        count, bad = suite(folder, name)
        if count + len(bad) == 0 and not narrowed:
            bad = [f"{name}: there are no tests"]
        passed += count
        failed += bad
    if built and passed + len(failed) == 0:
        failed.append(f"no test has {narrowed} in its name")
    print()
    for line in failed:
        print(f"FAILED {line}")
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
