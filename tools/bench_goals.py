# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What benchmarks say: medians of repetitions, the fit T(n) = T0 + n/BW, and goals with their verdicts."""

from __future__ import annotations

import re
import statistics
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIT_UP_TO = 65536  # bytes: beyond, caches decide
SHARED = 0.9  # of the CPUs: with less the machine did something else meanwhile
QUIET_ENOUGH = 3  # repetitions without that: then the others do not count
BOUNDS = {"at_most": "<=", "at_least": ">="}


class GoalError(Exception):
    """The file of goals is wrong."""


@dataclass(frozen=True)
class Row:
    """One benchmark, over its repetitions."""

    name: str
    bytes: int | None
    senders: int
    time_ns: float | None  # median, for each message of all senders
    low_ns: float | None
    high_ns: float | None
    per_second: float | None  # messages of all senders
    cpu_share: float | None  # of the CPUs it could use; None where threads sleep
    events_per_message: float | None
    skipped: str  # why there is no time


def plain_name(name: str) -> str:
    """Without what Google Benchmark adds about how it measures."""
    return re.sub(r"/(real_time|manual_time|iterations:\d+)", "", name)


def rows(raw: dict[str, Any]) -> list[Row]:
    """Of Google Benchmark's JSON, by benchmark in the order of its first repetition."""
    found: dict[str, list[dict[str, Any]]] = {}
    for run in raw["benchmarks"]:
        if run["run_type"] == "iteration":
            found.setdefault(run["name"], []).append(run)
    return [summary(name, runs) for name, runs in found.items()]


def summary(name: str, runs: list[dict[str, Any]]) -> Row:
    size, senders = re.search(r"/bytes:(\d+)", name), re.search(r"/senders:(\d+)", name)
    head = (plain_name(name), int(size[1]) if size else None, int(senders[1]) if senders else 1)
    failed = [run["error_message"] for run in runs if run.get("error_occurred")]
    if failed:
        return Row(*head, None, None, None, None, None, None, failed[0])
    wall = "/real_time" in name or "/manual_time" in name
    share = None
    if shares := [had for had in map(cpu_share, runs) if had is not None]:
        quiet = [run for run, had in zip(runs, shares) if had >= SHARED]
        share = statistics.median(shares)
        if len(quiet) >= QUIET_ENOUGH:
            runs, share = quiet, statistics.median(had for had in shares if had >= SHARED)
    times = [run["real_time" if wall else "cpu_time"] for run in runs]
    events = statistics.median(run["events_per_message"] for run in runs) if "events_per_message" in runs[0] else None
    middle = statistics.median(times)
    return Row(*head, middle, min(times), max(times), 1e9 / middle, share, events, "")


def cpu_share(run: dict[str, Any]) -> float | None:
    """Of the CPUs that it could have used. None where threads wait for each other, or more is done than is timed."""
    if "cpu_share" in run:
        return run["cpu_share"]
    return None if re.search("/(real|manual)_time", run["name"]) else run["cpu_time"] / run["real_time"]


def fit(points: list[tuple[int, float]]) -> tuple[float, float] | None:
    """T0 in ns and bandwidth in bytes/ns: least squares of the relative error, so that each size counts alike.
    None with fewer than two sizes, or where time does not grow."""
    points = [(size, time) for size, time in points if size <= FIT_UP_TO and time > 0]
    weights = [1 / time**2 for _, time in points]
    total = sum(weights)
    if len({size for size, _ in points}) < 2:
        return None
    mean_size = sum(w * size for w, (size, _) in zip(weights, points)) / total
    mean_time = sum(w * time for w, (_, time) in zip(weights, points)) / total
    spread = sum(w * (size - mean_size) ** 2 for w, (size, _) in zip(weights, points))
    slope = sum(w * (size - mean_size) * (time - mean_time) for w, (size, time) in zip(weights, points)) / spread
    return (mean_time - slope * mean_size, 1 / slope) if slope > 0 else None


def sweeps(measured: list[Row]) -> dict[str, list[tuple[int, float]]]:
    """Times by size, of the benchmarks that are named by nothing else: send/engine, transfer/pipe ..."""
    found: dict[str, list[tuple[int, float]]] = {}
    for row in measured:
        match = re.fullmatch(r"((?:send|receive|transfer)/[a-z-]+)/bytes:\d+", row.name)
        if match and row.time_ns is not None and row.bytes is not None:
            found.setdefault(match[1], []).append((row.bytes, row.time_ns))
    return {name: sorted(points) for name, points in found.items()}


@dataclass(frozen=True)
class Goal:
    id: str
    what: str
    unit: str
    form: str  # counter, time, time ratio, rate ratio
    of: tuple[str, ...]
    relation: str  # at_most, at_least
    bound: float
    gate: float | None

    def counted(self) -> bool:
        return self.form == "counter"

    def met_by(self, value: float) -> bool:
        return value <= self.bound if self.relation == "at_most" else value >= self.bound


def goals(path: Path) -> list[Goal]:
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["goal"]
        found = [goal(entry) for entry in entries]
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as failure:
        raise GoalError(f"{path}: {failure!r}") from failure
    if len({one.id for one in found}) != len(found):
        raise GoalError(f"{path}: two goals of one id")
    return found


def goal(entry: dict[str, Any]) -> Goal:
    known = {"id", "what", "unit", "counter", "time", "ratio", "over", "under", "at_most", "at_least", "gate"}
    if unknown := entry.keys() - known:
        raise GoalError(f"goal {entry.get('id')}: unknown key '{min(unknown)}'")
    bounds = [key for key in BOUNDS if key in entry]
    forms = [key for key in ("counter", "time", "ratio") if key in entry]
    if len(bounds) != 1 or len(forms) != 1 or ("gate" in entry and forms != ["counter"]):
        raise GoalError(f"goal {entry.get('id')}: one of {', '.join(BOUNDS)}, one of counter, time, ratio; gate for a counter")
    form = forms[0]
    of = (entry["over"], entry["under"]) if form == "ratio" else (entry[form],)
    if form == "ratio":
        form = {"time": "time ratio", "rate": "rate ratio"}[entry["ratio"]]
    return Goal(entry["id"], entry["what"], entry.get("unit", ""), form, of, bounds[0], entry[bounds[0]], entry.get("gate"))


@dataclass(frozen=True)
class Verdict:
    goal: Goal
    value: float | None
    verdict: str  # met, missed, not measured
    note: str


def judge(goal_: Goal, measured: dict[str, Row], counters: dict[str, float], absent: dict[str, str]) -> Verdict:
    """`absent`: why a name is not there, by the longest of its beginnings."""
    if goal_.counted():
        name = goal_.of[0]
        if name not in counters:
            return Verdict(goal_, None, "not measured", reason(name, absent))
        value, note = counters[name], ""
    else:
        for name in goal_.of:
            if name not in measured:
                return Verdict(goal_, None, "not measured", reason(name, absent))
            if measured[name].time_ns is None:
                return Verdict(goal_, None, "not measured", measured[name].skipped)
        found = [measured[name] for name in goal_.of]
        times = [row.time_ns for row in found]
        rates = [row.per_second for row in found]
        value = times[0] if goal_.form == "time" else times[0] / times[1] if goal_.form == "time ratio" else rates[0] / rates[1]
        shares = [row.cpu_share for row in found if row.cpu_share is not None]
        note = f"shared CPUs: had {min(shares):.0%} of them" if shares and min(shares) < SHARED else ""
    return Verdict(goal_, value, "met" if goal_.met_by(value) else "missed", note)


def reason(name: str, absent: dict[str, str]) -> str:
    known = [start for start in absent if name.startswith(start)]
    return absent[max(known, key=len)] if known else "left out by --filter"


def number(value: float) -> str:
    return f"{value:.0f}" if value == round(value) or value >= 1000 else f"{value:.3g}" if value < 10 else f"{value:.1f}"


def table(verdicts: list[Verdict]) -> str:
    """For people: a line for each goal."""
    cells = [("goal", "value", "wanted", "of goal", "verdict")]
    for one in verdicts:
        unit = f" {one.goal.unit}" if one.goal.unit else ""
        wanted = f"{BOUNDS[one.goal.relation]} {number(one.goal.bound)}{unit}"
        if one.value is None:
            cells.append((one.goal.what, "-", wanted, "-", f"not measured: {one.note}"))
            continue
        ratio = f"{number(one.value / one.goal.bound)} x" if one.goal.bound else "-"
        cells.append((one.goal.what, number(one.value) + unit, wanted, ratio, one.verdict + (f" ({one.note})" if one.note else "")))
    widths = [max(len(row[i]) for row in cells) for i in range(4)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]:>{widths[3]}}  {row[4]}" for row in cells
    )
