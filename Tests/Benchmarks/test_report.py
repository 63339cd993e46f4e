"""The check of the measurement: each threshold lets a good figure pass and names a bad one."""
import copy

import pytest

import report

THRESHOLDS = report.read_thresholds()


def good():
    """Results that are exactly the floor's, or just good enough."""
    runs = [{"server": server, "readers": readers, "delivered": 8, "lost": 0, "told": 0, "cpu_us": 10.0, "p50_us": 50.0,
             "p99_us": 100.0, "max_us": 200.0}
            for readers in (1, 8, 32) for server in ("floor", "websocket", "sse", "ndjson")]
    return {"runs": runs, "rates": {"websocket": 20000}, "rest_bytes": 24 << 20, "idle_streams": 1000,
            "idle_stream_bytes": 40 << 10, "start_seconds": 0.15, "others": 0.0,
            "loaded": {"lost": 7, "told": 7, "peak_bytes": 64 << 20}}


def spoil(results, figure):
    """Makes one figure bad."""
    match figure.split():
        case [("cpu" | "p99") as name, server, readers]:
            run = next(run for run in results["runs"] if (run["server"], run["readers"]) == (server, int(readers)))
            run[f"{name}_us"] *= 2.1
        case ["lost"]:
            results["runs"][1] |= {"lost": 1, "told": 1}
        case ["untold"]:
            results["loaded"]["lost"] += 1
        case ["rate"]:
            results["rates"]["websocket"] -= 1
        case ["peak"]:
            results["loaded"]["peak_bytes"] += 1
        case ["start"]:
            results["start_seconds"] += 0.001
        case ["idle", "streams"]:
            results["idle_streams"] -= 1
        case [*words]:
            results["_".join([*words, "bytes"])] += 1


def test_good_results_pass():
    assert not list(report.missed(THRESHOLDS, good()))


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=lambda threshold: threshold["figure"])
def test_a_bad_figure_is_named(threshold):
    results = copy.deepcopy(good())
    spoil(results, threshold["figure"])
    sentences = list(report.missed(THRESHOLDS, results))
    assert [sentence.partition(":")[0] for sentence in sentences] == [threshold["what"]]


def test_a_figure_that_was_not_measured_is_named():
    results = good()
    results["runs"] = [run for run in results["runs"] if run["server"] != "sse" or run["readers"] != 8]
    assert "CPU time, SSE, 8 readers: not measured, must be ≤ 2.00" in report.missed(THRESHOLDS, results)


def test_the_rate_is_judged_by_the_floors_on_a_slow_machine():
    rates = {"websocket": 9000, "floor": 18000}
    assert not list(report.missed(THRESHOLDS, good() | {"rates": rates}))
    assert any("9,000 frames/s (floor: 18,000) | ≥ 9,000" in row
               for row in report.threshold_rows(THRESHOLDS, good() | {"rates": rates}))
    sentences = list(report.missed(THRESHOLDS, good() | {"rates": rates | {"websocket": 8999}}))
    assert len(sentences) == 1 and sentences[0].endswith("8,999 frames/s, must be ≥ 9,000")
    # A fast machine's floor makes the bar no higher.
    assert not list(report.missed(THRESHOLDS, good() | {"rates": {"websocket": 20000, "floor": 50000}}))


def test_the_rate_is_not_judged_on_a_busy_machine_and_the_table_says_so():
    results = good() | {"rates": {"websocket": 19999}, "others": 0.5}
    assert not list(report.missed(THRESHOLDS, results))
    assert any("others used 0.5 processors" in row for row in report.threshold_rows(THRESHOLDS, results))
