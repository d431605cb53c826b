#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The series of patches for Xen, step by step: each one builds, and a case that a patch is said to mend fails before it
and does so no more from it on.

    series_test.py [FIRST [LAST]]

Runs by itself alone, and by ./argo test --full: each step is a build of Xen. Exits 4 where Xen cannot be built."""
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

CONFORMANCE = Path(os.environ["ARGO_CONFORMANCE"])
XEN = Path(os.environ["ARGO_XEN"])
SERIES = [line for line in (XEN / "patches/series").read_text().split() if line.endswith(".patch")]


def steps() -> dict[str, tuple[int, str]]:
    """Each case, the number of the patch that mends it, and its verdict from there on."""
    numbers = {name[len("0000-"):-len(".patch")]: number for number, name in enumerate(SERIES, 1)}
    mends = tomllib.loads((XEN / "patches/mends.toml").read_text())
    if unknown := mends.keys() - numbers.keys():
        sys.exit(f"mends.toml: no such patch in the series: {', '.join(sorted(unknown))}")
    return {case: (numbers[name], verdict) for name, cases in mends.items() for case, verdict in cases.items()}


def verdicts(number: int, cases: list[str], out: Path) -> dict[str, str]:
    """The runner beside a build script that gives the first patches alone."""
    bin = out / "bin"
    bin.mkdir()
    (bin / CONFORMANCE.name).write_bytes(CONFORMANCE.read_bytes())
    (bin / CONFORMANCE.name).chmod(0o755)
    for name in ("argo-guest.elf", "argo-vmm", "argo-xen-stage"):
        (bin / name).symlink_to((CONFORMANCE.parent / name).resolve())
    build = bin / "argo-xen-build"
    build.write_text(f'#!/bin/sh\nshift\nexec "{XEN}/build.sh" --prefix {number} "$@"\n')
    build.chmod(0o755)
    (bin / "known-failures.toml").write_bytes((XEN / "known-failures.toml").read_bytes())
    run = subprocess.run([bin / CONFORMANCE.name, "run", "--target", "xen-stock", "--filter", ",".join(cases), "--out", out,
                          "--timeout-factor", "3"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    file = out / "xen-stock/results.json"
    if not file.exists():
        sys.exit(f"{number} patches: {run.stdout}{run.stderr}")
    return {case["id"]: case["verdict"] for case in json.loads(file.read_text())["cases"]}


def main() -> int:
    first, last = (list(map(int, sys.argv[1:])) + [0, len(SERIES)][len(sys.argv) - 1:])[:2]
    mended = steps()
    last_fix = max(step for step, _ in mended.values())
    wrong = 0
    for number in range(first, last + 1):
        built = subprocess.run([XEN / "build.sh", "--prefix", str(number)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        if built.returncode == 4:
            return 4
        if built.returncode != 0:
            print(f"{number} patches: {SERIES[number - 1]} does not build", flush=True)
            return 1
        if number > last_fix: # nothing more changes; and later the guests speak major 1
            print(f"{number} patches: builds", flush=True)
            continue
        with tempfile.TemporaryDirectory() as out:
            found = verdicts(number, list(mended), Path(out))
        expected = {case: verdict if step <= number else "KFAIL" for case, (step, verdict) in mended.items()}
        for case in expected:
            if found.get(case) != expected[case]:
                print(f"{number} patches: {case} is {found.get(case)}, not {expected[case]}", flush=True)
                wrong += 1
        left = list(found.values()).count("KFAIL")
        print(f"{number} patches: builds, {left} of {len(expected)} cases fail", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
