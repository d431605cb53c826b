# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Which branches of the engine the suite and the corpus reach. Those that they do not are listed, each with a
reason, in fuzz/unreached.toml, by function and by the text of the line, so that lines may move:

    [[unreached]]
    function = "argo::engine::Ring::create"
    line = "if (!memory) return nullptr;"
    reason = "..."

A branch that is not reached and not listed, or listed and reached, is told, and fails.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import fuzz as tool

TREE = tool.ROOT / "build" / "coverage"
ENGINE = tool.ROOT / "reference-impl" / "engine"
LISTED = tool.FUZZ / "unreached.toml"


def engine_targets() -> list[str]:
    text = {path.stem: path.read_text(encoding="utf-8") for path in tool.FUZZ.glob("*.cpp")}
    return sorted(name for name, source in text.items() if '#include "oracle/play.hpp"' in source) + ["threads"]


def play(targets: list[str]) -> None:
    for counts in TREE.rglob("*.gcda"):
        counts.unlink()
    for target in targets:
        status, output = tool.run([str(TREE / "bin" / f"argo-replay-{target}"), str(tool.FUZZ / "corpus" / target)])
        if status:
            raise tool.FuzzError(f"{target}: the corpus was not played to its end:\n{output[-1000:]}", 1)
    status, output = tool.run([str(TREE / "bin" / "argo-conformance"), "run", "--target", "model", "--out", str(TREE / "results")])
    if status not in (0, 1):
        raise tool.FuzzError(f"the suite could not be run on the model:\n{output[-1000:]}", 3)


def lines() -> Iterator[tuple[str, str, int, int]]:
    """Function, text, branches and those of them that were not taken, for each line of the engine."""
    for counts in TREE.rglob("*.gcda"):
        if "argo_engine.dir" not in str(counts):
            continue
        out = subprocess.run(["gcov", "--json-format", "--branch-probabilities", "--demangled-names", "--stdout", str(counts)],
                             capture_output=True, check=True, cwd=TREE)  # fmt: skip
        text = gzip.decompress(out.stdout) if out.stdout[:2] == b"\x1f\x8b" else out.stdout
        for file in json.loads(text)["files"]:
            path = Path(file["file"])
            path = path if path.is_absolute() else TREE / path
            if path.resolve().parent != ENGINE:
                continue
            source = path.read_text(encoding="utf-8").splitlines()
            names = {each["name"]: each["demangled_name"].split("(")[0].split(" ")[-1] for each in file["functions"]}
            merged: dict[int, tuple[str, int, list[int]]] = {}
            for line in file["lines"]:
                # A line of a template or a lambda stands there more than once.
                function, count, branches = merged.get(line["line_number"], ("", 0, []))
                mine = [each["count"] for each in line["branches"] if not each["throw"]]
                added = [a + b for a, b in zip(branches, mine)] if len(branches) == len(mine) else branches or mine
                merged[line["line_number"]] = (function or names.get(line.get("function_name", ""), ""), count + line["count"], added)
            for number, (function, count, branches) in sorted(merged.items()):
                missed = sum(each == 0 for each in branches) if branches else int(count == 0)
                yield function, source[number - 1].strip(), max(len(branches), 1), missed


def measure() -> int:
    targets = engine_targets()
    tool.say("fuzz: building the engine with its branches counted")
    tool.build("coverage", TREE, [*(f"argo-replay-{each}" for each in targets), "argo-conformance"])
    tool.say(f"fuzz: playing the corpus of {len(targets)} targets, and the suite on the model")
    play(targets)
    listed = {(each["function"], each["line"]): each["reason"] for each in tomllib.loads(LISTED.read_text(encoding="utf-8"))["unreached"]}
    branches = missed = 0
    unlisted, reached, known = [], [], set()
    for function, text, there, not_taken in lines():
        branches += there
        missed += not_taken
        where = (function, text)
        if where in listed:
            known.add(where)
            if not not_taken:
                reached.append(where)
        elif not_taken:
            unlisted.append((where, not_taken, there))
    tool.say(f"{branches - missed} of {branches} branches of the engine reached, {len(known)} lines listed")
    for (function, text), not_taken, there in unlisted:
        tool.say(f"  not reached, {not_taken} of {there}: {function}: {text}")
    for function, text in reached:
        tool.say(f"  listed, and reached: {function}: {text}")
    for function, text in sorted(set(listed) - known):
        tool.say(f"  listed, and not there: {function}: {text}")
    return 1 if unlisted or reached or set(listed) - known else 0
