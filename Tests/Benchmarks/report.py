"""Prints what measure.py found, as Markdown, beside the thresholds of thresholds.json.

Usage: report.py FOLDER [--check]. FOLDER has counted.json, parallel.json, start.json and others.json (how many
processors of this machine others used while the highest rate was measured). --check names each bar that is missed on
stderr, and exits with 1 when there is one; the rate is only judged where nobody else used the machine. A ratio to the
floor is to that of the same run, with as many readers. The aim of a threshold is shown only.
"""
import json
import sys
from pathlib import Path

NAMES = {"floor": "floor", "websocket": "canhttpd, WebSocket", "sse": "canhttpd, SSE", "ndjson": "canhttpd, NDJSON",
         "candump": "candump", "remote": "python-can-remote, JSON"}
# Processors used by others from which on the highest rate says little.
DISTURBING = 0.2
PEERS = ("floor", "candump", "remote")


def read_results(folder):
    """All figures of the parts, in one dictionary."""
    results = {}
    for part in ("counted", "parallel", "start", "others"):
        results |= json.loads((folder / f"{part}.json").read_text(encoding="utf-8"))
    return results


def read_thresholds():
    return json.loads(Path(__file__).with_name("thresholds.json").read_text(encoding="utf-8"))["thresholds"]


def floor_of(run, results):
    """The run of the floor with as many readers."""
    return next(each for each in results["runs"] if (each["server"], each["readers"]) == ("floor", run["readers"]))


def figures(results):
    """What thresholds name: each figure's value in the unit of its threshold."""
    ours = [run for run in results["runs"] if run["server"] not in PEERS]
    values = {
        "lost": sum(run["lost"] for run in ours),
        "untold": sum(abs(run["lost"] - run["told"]) for run in [*ours, results["loaded"]]),
        "rate": results["rates"]["websocket"],
        "rest": results["rest_bytes"] / 2**20,
        "peak": results["loaded"]["peak_bytes"] / 2**20,
        "start": results["start_seconds"] * 1e3,
        "idle streams": results["idle_streams"],
        "idle stream": results["idle_stream_bytes"] / 2**10,
    }
    for run in ours:
        for name in ("cpu", "p99"):
            ratio = run[f"{name}_us"] / floor_of(run, results)[f"{name}_us"]
            values[f"{name} {run['server']} {run['readers']}"] = ratio
    return values


def disturbance(figure, results):
    """What explains a figure that depends on what else this machine does; empty where nothing does."""
    others = results["others"]
    if figure != "rate" or others < DISTURBING:
        return ""
    return f"; others used {others:.1f} processors of this machine meanwhile, so that this says little"


def bar_of(threshold, results):
    """The bar, and whether a value meets it."""
    if "at_most" in threshold:
        return f"≤ {number(threshold['at_most'])}", lambda value: value <= threshold["at_most"]
    least = threshold["at_least"]
    if "of_floor" in threshold and "floor" in results["rates"]:
        # On a slow machine, that is.
        least = min(least, threshold["of_floor"] * results["rates"]["floor"])
    return f"≥ {number(least)}", lambda value: value >= least


def missed(thresholds, results):
    """A sentence for each bar that is missed; one that was not measured is."""
    values = figures(results)
    for threshold in thresholds:
        value = values.get(threshold["figure"])
        bar, meets = bar_of(threshold, results)
        if value is None or not meets(value) and not disturbance(threshold["figure"], results):
            yield f"{threshold['what']}: {measured(threshold, value)}, must be {bar}"


def measured(threshold, value):
    return "not measured" if value is None else f"{number(value)} {threshold.get('unit', '')}".rstrip()


def number(value, digits=None):
    """Three digits are enough, and none is left out before the point."""
    if isinstance(value, str):
        return value
    if digits is None:
        digits = 0 if isinstance(value, int) or value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def row(*cells):
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def run_rows(results):
    yield row("", "readers", "delivered", "lost", "CPU a frame", "× floor", "p50", "p99", "max", "p99 × floor")
    yield "|---|" + "---:|" * 9
    for run in sorted(results["runs"], key=lambda each: (list(NAMES).index(each["server"]), each["readers"])):
        floor = floor_of(run, results)
        cells = [NAMES[run["server"]], run["readers"], number(run["delivered"]), number(run["lost"]),
                 f"{run['cpu_us']:.1f} µs", f"{run['cpu_us'] / floor['cpu_us']:.2f}"]
        if "p99_us" in run:
            cells += [f"{number(run[f'{name}_us'], 0)} µs" for name in ("p50", "p99", "max")]
            cells += [f"{run['p99_us'] / floor['p99_us']:.2f}"]
        else:
            cells += [""] * 4
        yield row(*cells)


def threshold_rows(thresholds, results):
    values = figures(results)
    yield row("", "measured", "bar", "aim")
    yield "|---|---:|---:|---:|"
    for threshold in thresholds:
        value = values.get(threshold["figure"])
        bar, meets = bar_of(threshold, results)
        text = measured(threshold, value)
        if threshold["figure"] == "rate" and "floor" in results["rates"]:
            text += f" (floor: {number(results['rates']['floor'])})"
        if value is None or not meets(value):
            text = f"**{text}**"
        text += disturbance(threshold["figure"], results)
        aim = threshold.get("aim", "")
        if aim and not isinstance(aim, str):
            aim = f"{bar[0]} {number(aim)}"
        yield row(threshold["what"], text, bar, aim)


def main(folder, check):
    results, thresholds = read_results(folder), read_thresholds()
    print("\n".join([*run_rows(results), "", *threshold_rows(thresholds, results)]), flush=True)
    broken = list(missed(thresholds, results)) if check else []
    for sentence in broken:
        print(f"MISSED {sentence}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), "--check" in sys.argv[2:]))
