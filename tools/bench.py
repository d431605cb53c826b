#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Benchmarks, and a table of goals with values and verdicts. Behind ./argo bench; bench/README.md says what is measured.

Counters are exact: a missed one is a failure. Times are this machine's, at this hour: their verdicts are printed, and
are no test.

Exit: 0 no goal of a counter is missed; 1 one is; 2 the command line or the file of goals is wrong; 3 something that
measures failed; 4 a program or package is missing.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import bench_goals
import bench_guest
import bench_run
from bench_goals import Goal, GoalError, Row, Verdict
from bench_run import Failed, Missing

ROOT = Path(__file__).resolve().parent.parent
GOALS = ROOT / "bench" / "goals.toml"
# Repetitions, and seconds of each.
QUICK, FULL = (15, 0.002), (31, 0.02)
FINE, MISSED, WRONG, UNDECIDED, ABSENT = range(5)
COUNTS = {"count/instructions": bench_run.instructions, "count/events": bench_run.counters}


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        wanted = bench_goals.goals(GOALS)
        if options.gates:
            absent: dict[str, str] = {}
            return gates(wanted, measure_counters(options, absent), absent)
        results = measure(options, wanted)
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            (options.out / "bench.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    except (GoalError, OSError) as failure:
        return complain(failure, WRONG)
    except Missing as failure:
        return complain(f"{failure}; ./argo build, and the packages of tools/packages.txt", ABSENT)
    except Failed as failure:
        return complain(failure, UNDECIDED)
    print(json.dumps(results, indent=1) if options.json else text(results, wanted, options))
    return MISSED if any(one["verdict"] == "missed" and one["counted"] for one in results["goals"]) else FINE


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./argo bench", description="Measures the engine beside its yardsticks, and compares with the goals.",
        epilog="Exit: 0 no counter's goal is missed; 1 one is; 2 usage; 3 something failed; 4 something is missing.")
    parser.add_argument("--full", action="store_true", help="more repetitions, and guests on kvm-nested, too: minutes")
    parser.add_argument("--filter", metavar="REGEX", help="only benchmarks whose name matches, as send/engine/bytes:64$")
    parser.add_argument("--list", action="store_true", help="the names of the benchmarks")
    parser.add_argument("--out", type=Path, metavar="DIR", help="bench.json goes there")
    parser.add_argument("--json", action="store_true", help="print bench.json in place of the table")
    parser.add_argument("--gates", action="store_true", help="only the counters, against the bounds that the tests hold")
    parser.add_argument("--bin", type=Path, default=ROOT / "build" / "bin", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.command = shlex.join(["./argo", "bench", *(sys.argv[1:] if arguments is None else arguments)])
    if options.filter is not None:
        try:
            re.compile(options.filter)
        except re.error as failure:
            parser.error(f"--filter {options.filter}: {failure}")
    try:
        names = [bench_goals.plain_name(name) for name in bench_run.benchmarks(options.bin)]
    except (Missing, Failed) as failure:
        sys.exit(complain(f"{failure}; ./argo build builds it", ABSENT))
    names += [*COUNTS, bench_guest.NAME]
    if options.list:
        print("\n".join(names))
        sys.exit(FINE)
    options.names = [name for name in names if re.search(options.filter or "", name)]
    if not options.names:
        parser.error(f"--filter {options.filter}: no benchmark matches; --list shows their names")
    return options


def measure(options: argparse.Namespace, wanted: list[Goal]) -> dict[str, Any]:
    host = bench_run.host()
    absent: dict[str, str] = {}
    counted = measure_counters(options, absent)
    repetitions, seconds = FULL if options.full else QUICK
    rows: list[Row] = []
    if timed := [name for name in options.names if name not in COUNTS and name != bench_guest.NAME]:
        exact = "|".join(timed)  # with what Google Benchmark adds behind
        raw = bench_run.times(options.bin, f"^({exact})(/|$)", repetitions, seconds)
        order = {name: place for place, name in enumerate(timed)}
        rows = sorted((row for row in bench_goals.rows(raw) if row.name in order), key=lambda row: order[row.name])
    if bench_guest.NAME in options.names:
        guest_rows, guest_counters = bench_guest.measure(options.bin, options.out, options.full, absent)
        rows += guest_rows
        counted |= guest_counters
    host["load_after"] = bench_run.load()
    measured = {row.name: row for row in rows}
    verdicts = [bench_goals.judge(goal, measured, counted, absent) for goal in wanted]
    return {
        "schema": 1,
        "suite": suite(),
        "host": host,
        "mode": "full" if options.full else "quick",
        "rows": [asdict(row) for row in rows],
        "sweeps": [sweep(name, points, rows) for name, points in bench_goals.sweeps(rows).items()],
        "counters": [{"name": name, "value": value} for name, value in counted.items()],
        "goals": [judged(one) for one in verdicts],
        "command": options.command,
    }


def measure_counters(options: argparse.Namespace, absent: dict[str, str]) -> dict[str, float]:
    counted: dict[str, float] = {}
    for name, count in COUNTS.items():
        if name not in options.names:
            continue
        try:
            found = count(options.bin)
            counted |= {one: value for one, value in found.items() if value is not None}
            absent.update({one: "the engine does not offer it" for one, value in found.items() if value is None})
        except Missing as failure:
            absent["instructions"] = f"{failure}: apt-get install valgrind"
    return counted


def gates(wanted: list[Goal], counted: dict[str, float], absent: dict[str, str]) -> int:
    """What the tests hold: the goal, or its gate while that is not reached."""
    status = FINE
    for goal in wanted:
        name = goal.of[0]
        if not goal.counted() or name.startswith("guest."):
            continue  # what guests count, cases of the suite expect
        if name in absent:
            print(f"absent  {goal.what}: {absent[name]}")
            continue
        if name not in counted:
            return complain(f"{name}: not counted; valgrind is needed: apt-get install valgrind", ABSENT)
        bound = goal.bound if goal.gate is None else goal.gate
        good = counted[name] <= bound if goal.relation == "at_most" else counted[name] >= bound
        print(f"{'held  ' if good else 'BROKEN'}  {goal.what}: {bench_goals.number(counted[name])}, bound {bench_goals.number(bound)}")
        status = status if good else MISSED
    return status


def sweep(name: str, points: list[tuple[int, float]], rows: list[Row]) -> dict[str, Any]:
    what = name.split("/")[0]
    floor = {row.bytes: row.time_ns for row in rows if re.fullmatch(rf"{what}/memcpy/bytes:\d+", row.name)}
    fitted = bench_goals.fit(points)
    return {
        "name": name,
        "points": [
            {"bytes": size, "time_ns": time, "copy_efficiency": floor[size] / time if floor.get(size) else None}
            for size, time in points
        ],
        "t0_ns": fitted[0] if fitted else None,
        "bandwidth": fitted[1] * 1e9 if fitted else None,
    }


def judged(one: Verdict) -> dict[str, Any]:
    goal = one.goal
    return {"id": goal.id, "what": goal.what, "unit": goal.unit, "counted": goal.counted(), "relation": goal.relation,
            "bound": goal.bound, "value": one.value, "verdict": one.verdict, "note": one.note}


def text(results: dict[str, Any], wanted: list[Goal], options: argparse.Namespace) -> str:
    host = results["host"]
    lines = [f"host     {host['cpu']}, {host['cpus']} CPUs, {host['kernel']}; load {host['load_before']} before, {host['load_after']} after"]
    if results["sweeps"]:
        lines += ["", "Medians in ns, by payload; T0 and bandwidth by a fit of the sizes to 64 KiB", *sweep_lines(results["sweeps"])]
    others = [row for row in results["rows"] if not re.fullmatch(r"(send|receive|transfer)/[a-z-]+/bytes:\d+", row["name"])]
    if others:
        width = max(len(row["name"]) for row in others)
        lines += ["", f"{'':<{width}}  {'ns':>9}  {'messages/s':>11}"]
        for row in others:
            if row["time_ns"] is None:
                lines.append(f"{row['name']:<{width}}  not measured: {row['skipped']}")
            else:
                events = "" if row["events_per_message"] is None else f"  {row['events_per_message']:.3g} events/message"
                lines.append(f"{row['name']:<{width}}  {row['time_ns']:>9.1f}  {row['per_second']:>11.3g}{events}")
    goals = {goal.id: goal for goal in wanted}
    verdicts = [Verdict(goals[one["id"]], one["value"], one["verdict"], one["note"]) for one in results["goals"]]
    lines += ["", bench_goals.table(verdicts), ""]
    count = {kind: sum(one.verdict == kind for one in verdicts) for kind in ("met", "missed", "not measured")}
    lines.append(", ".join(f"{number} {kind}" for kind, number in count.items()))
    if options.out:
        lines.append(f"results: {options.out / 'bench.json'}")
    return "\n".join(lines)


def sweep_lines(sweeps: list[dict[str, Any]]) -> list[str]:
    sizes = sorted({point["bytes"] for one in sweeps for point in one["points"]})
    short = [f"{size >> 20}M" if size >= 1 << 20 else f"{size >> 10}K" if size >= 1024 else str(size) for size in sizes]
    width = max(len(one["name"]) for one in sweeps)
    lines = [f"{'':<{width}}" + "".join(f"{size:>8}" for size in short) + f"{'T0 ns':>9}{'GB/s':>7}"]
    for one in sweeps:
        times = {point["bytes"]: point["time_ns"] for point in one["points"]}
        cells = "".join(f"{bench_goals.number(round(times[size], 1)) if size in times else '-':>8}" for size in sizes)
        fitted = f"{one['t0_ns']:>9.1f}{one['bandwidth'] / 1e9:>7.1f}" if one["t0_ns"] is not None else f"{'-':>9}{'-':>7}"
        lines.append(f"{one['name']:<{width}}{cells}{fitted}")
    return lines


def suite() -> dict[str, Any]:
    """Which tree was measured, as the suite's results say it."""

    def git(*arguments: str) -> str | None:
        try:
            return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            return None

    version = re.search(r"project\(argo VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))
    return {"version": version[1] if version else "0.0.0", "commit": git("rev-parse", "HEAD") or "unknown",
            "dirty": bool(git("status", "--porcelain", "--untracked-files=no"))}


def complain(what: object, status: int) -> int:
    print(f"bench: {what}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
