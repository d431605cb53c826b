# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The half of the benchmarks that runs in guests: cases of the suite's profile `bench`, which tell figures. Their times
are ticks of the guests' counter; the figure ticks_per_ms says how long one is."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import bench_run
from bench_goals import Row
from bench_run import Failed, Missing

NAME = "guest/kvm"
PROFILE = "bench"
SCALE = "ticks_per_ms"


def measure(bin_: Path, out: Path | None, full: bool, absent: dict[str, str]) -> tuple[list[Row], dict[str, float]]:
    """Rows and counters; where there are none, `absent` tells why."""
    try:
        cases = json.loads(bench_run.output([bin_ / "argo-conformance", "list", "--json"]))["cases"]
    except (Missing, Failed, ValueError, KeyError) as failure:
        absent["guest"] = f"the suite does not list its cases: {failure}"
        return [], {}
    if not any(case["profile"] == PROFILE for case in cases):
        absent["guest"] = f"the suite has no cases of profile {PROFILE}"
        return [], {}
    rows: list[Row] = []
    counters: dict[str, float] = {}
    for target in ("kvm", "kvm-nested") if full else ("kvm",):
        with tempfile.TemporaryDirectory() as directory:
            folder = (out or Path(directory)) / "bench"
            try:
                results = run(bin_, target, folder)
            except (Missing, Failed) as failure:
                absent[f"guest/{target}"] = str(failure)
                if target == "kvm":
                    absent["guest."] = str(failure)
                continue
            found, counted = figures(results, target)
            rows += found
            if target == "kvm":
                counters |= counted
            absent[f"guest/{target}"] = "no guest told of it"
    absent.setdefault("guest.", "no guest told of it")
    return rows, counters


def run(bin_: Path, target: str, folder: Path) -> dict[str, Any]:
    command = [bin_ / "argo-conformance", "run", "--profile", PROFILE, "--target", target, "--out", folder]
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=bench_run.TIMEOUT)
    except subprocess.TimeoutExpired as failure:
        raise Failed(f"guests on {target}: no end within {bench_run.TIMEOUT} s") from failure
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit {done.returncode}").splitlines()[-1]
        raise Failed(said)
    try:
        return json.loads((folder / target / "results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise Failed(f"guests on {target} left no results: {failure}") from failure


def figures(results: dict[str, Any], target: str) -> tuple[list[Row], dict[str, float]]:
    """A name that several ways of making calls told of is the first one's, which the hypervisor prefers."""
    told: dict[str, int] = {}
    for figure in results.get("figures", []):
        told.setdefault(figure["name"], figure["value"])
    rows = []
    for name, median in told.items():
        base = name.removesuffix(".median")
        if base == name or not told.get(SCALE) or not median:
            continue
        time, least = (value * 1e6 / told[SCALE] for value in (median, told.get(f"{base}.least", median)))
        size = re.fullmatch(r"send\.(\d+)", base)
        rows.append(Row(f"guest/{target}/{base.lower()}", int(size[1]) if size else None, 1, time, least, None, 1e9 / time,
                        None, None, ""))
    events = [value for name, value in told.items() if re.fullmatch(r"send\.\d+\.events", name)]
    return rows, {"guest.events_polling": float(sum(events))} if events else {}
