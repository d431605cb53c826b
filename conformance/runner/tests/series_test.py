#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The series of patches for Xen, step by step: each one builds, and a case that a patch is said to mend fails before it
and does so no more from it on.

    series_test.py [FIRST [LAST]]

Runs by itself alone, and by ./argo test --full: each step is a build of Xen. Exits 77 where Xen cannot be built."""
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import xen_beside
from xen_beside import XEN

SERIES = [line for line in (XEN / "patches/series").read_text().split() if line.endswith(".patch")]


def steps() -> dict[str, tuple[int, str]]:
    """Each case, the number of the patch that mends it, and its verdict from there on."""
    numbers = {name[len("0000-"):-len(".patch")]: number for number, name in enumerate(SERIES, 1)}
    mends = tomllib.loads((XEN / "patches/mends.toml").read_text())
    if unknown := mends.keys() - numbers.keys():
        sys.exit(f"mends.toml: no such patch in the series: {', '.join(sorted(unknown))}")
    return {case: (numbers[name], verdict) for name, cases in mends.items() for case, verdict in cases.items()}


def verdicts(number: int, cases: list[str], out: Path) -> dict[str, str]:
    """By a build that has the first patches alone."""
    build = f'#!/bin/sh\nshift\nexec "{XEN}/build.sh" --prefix {number} "$@"\n'
    _, results, said = xen_beside.run(out, build, ",".join(cases), "--timeout-factor", "3")
    if not results:
        sys.exit(f"{number} patches: {said}")
    return {case: found["verdict"] for case, found in results.items()}


def main() -> int:
    first, last = (list(map(int, sys.argv[1:])) + [0, len(SERIES)][len(sys.argv) - 1:])[:2]
    mended = steps()
    last_fix = max(step for step, _ in mended.values())
    wrong = 0
    for number in range(first, last + 1):
        built = subprocess.run([XEN / "build.sh", "--prefix", str(number)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        if built.returncode == 4:
            return 77
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
