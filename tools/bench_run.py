# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Runs what measures: argo-bench for times, argo-bench-count under callgrind for instructions."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROUNDS = (200, 1200)  # of what is counted; the difference is what the thing itself takes
COUNTED_BYTES = 64
TIMEOUT = 900  # seconds


class Failed(Exception):
    """What measures did not do it."""


class Missing(Exception):
    """It is not there."""


def output(command: list[str | Path], **more: Any) -> str:
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=TIMEOUT, **more)
    except FileNotFoundError as failure:
        raise Missing(f"{command[0]}: not there") from failure
    except subprocess.TimeoutExpired as failure:
        raise Failed(f"{command[0]}: no end within {TIMEOUT} s") from failure
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or f"exit {done.returncode}").splitlines()[-1]
        raise Failed(f"{Path(str(command[0])).name}: {last}")
    return done.stdout + (done.stderr if "valgrind" in str(command[0]) else "")


def benchmarks(bin_: Path) -> list[str]:
    return output([bin_ / "argo-bench", "--benchmark_list_tests"]).splitlines()


def times(bin_: Path, pattern: str, repetitions: int, min_time: float) -> dict[str, Any]:
    """Google Benchmark's JSON. Its repetitions are interleaved in a random order, so that what disturbs the machine for
    a while disturbs all alike."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "raw.json"
        output([
            bin_ / "argo-bench", f"--benchmark_filter={pattern}", f"--benchmark_repetitions={repetitions}",
            f"--benchmark_min_time={min_time}", "--benchmark_enable_random_interleaving=true",
            f"--benchmark_out={file}", "--benchmark_out_format=json",
        ])
        try:
            return json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as failure:
            raise Failed(f"argo-bench measured nothing: {failure}") from failure


def instructions(bin_: Path) -> dict[str, float]:
    """For each 64-byte send, and for the parts that are no engine: the copy, and the receiver that drains the ring."""
    what = ("engine", "batch-32", "xen-like", "copy", "drain")
    with ThreadPoolExecutor(2) as pool:
        engine, batch, xen_like, copy, drain = pool.map(lambda one: instructions_of(bin_, one), what)
    return {
        "instructions_per_send": engine - drain,
        "instructions_of_copy": copy,
        "instructions_beyond_copy": engine - drain - copy,
        "instructions_per_send_batch_32": round(batch / 32, 1),
        "xen_like.instructions_per_send": xen_like - drain,
    }


def instructions_of(bin_: Path, what: str) -> float:
    few, many = (collected(bin_, what, rounds) for rounds in ROUNDS)
    return round((many - few) / (ROUNDS[1] - ROUNDS[0]), 1)


def collected(bin_: Path, what: str, rounds: int) -> int:
    text = output([
        "valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*measured*",
        "--callgrind-out-file=/dev/null", bin_ / "argo-bench-count", what, str(COUNTED_BYTES), str(rounds),
    ])
    found = re.search(r"Collected : (\d+)", text)
    if not found or int(found[1]) < rounds:
        raise Failed(f"callgrind counted nothing of {what}")
    return int(found[1])


def counters(bin_: Path) -> dict[str, float | None]:
    """None: of what the engine does not offer."""
    return json.loads(output([bin_ / "argo-bench-count", "counters"]))


def host() -> dict[str, Any]:
    """What the times are of."""
    cpu = platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            cpu = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), cpu)
    except OSError:
        pass
    return {"cpu": cpu, "cpus": os.cpu_count() or 1, "kernel": f"{platform.system()} {platform.release()}", "load_before": load()}


def load() -> float:
    """Of the last minute."""
    return round(os.getloadavg()[0], 2)
