# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Which branches of the engine the suite, on the model, and the fuzz targets reach: GCC counts them, at each line.
Those that are not reached are listed in fuzz/unreached.toml with a reason, by function and text of the line, so that lines may move:

    [[unreached]]
    function = "Ring::create"
    line = "if (!memory) return nullptr;"
    branches = [0]           # which of the line's, as GCC numbers them
    reason = "..."
    nth = 2                  # the second such line of the function; left out: the first
    sometimes = true         # it depends on who comes first; it may be reached

What is not reached and not listed, or listed and reached, or listed and not there, is told, and fails.
"""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import fuzz as tool

TREE = tool.ROOT / "build" / "coverage"
ENGINE = tool.ROOT / "reference-impl" / "engine"
LISTED = tool.FUZZ / "unreached.toml"
CHANGES = 2000  # changed inputs for each target: always as many, however long they take

Place = tuple[str, str, int]  # function, text, which of such lines


@dataclass
class Line:
    function: str
    text: str
    file: str
    count: int = 0
    branches: list[int] = field(default_factory=list)

    def missed(self) -> list[int]:
        return [index for index, count in enumerate(self.branches) if count == 0]


def plain(name: str) -> str:
    """A function's name without its types: void argo::engine::Line::put<int>(char) is Line::put."""
    name = name.replace("(anonymous namespace)::", "").replace("argo::engine::", "")
    while (less := re.sub(r"<[^<>]*>", "", name)) != name:
        name = less
    parts = name.split("(")[0].split()
    return parts[-1] if parts else ""


def merge(file: str, report: dict, source: list[str]) -> dict[Place, Line]:
    """A file of gcov's report. A line that stands in several functions, as of a template, is one line; one that has
    no function of its own, since it is always inlined, has the file's name for it."""
    names = {each["name"]: plain(each["demangled_name"]) for each in report["functions"]}
    merged: dict[int, Line] = {}
    for each in report["lines"]:
        number = each["line_number"]
        line = merged.setdefault(number, Line(names.get(each.get("function_name", ""), file), source[number - 1].strip(), file))
        line.count += each["count"]
        mine = [branch["count"] for branch in each["branches"]]
        shorter, longer = sorted((line.branches, mine), key=len)
        line.branches = [a + b for a, b in zip(shorter, longer)] + longer[len(shorter) :]
    same: Counter[tuple[str, str]] = Counter()
    result = {}
    for _, line in sorted(merged.items()):
        same[line.function, line.text] += 1
        result[line.function, line.text, same[line.function, line.text]] = line
    return result


def verdict(lines: dict[Place, Line], listed: list[dict]) -> list[str]:
    """What is wrong, one sentence each."""
    wrong = []
    known: dict[Place, tuple[set[int], set[int]]] = {}
    for entry in listed:
        place = (entry["function"], entry["line"], entry.get("nth", 1))
        never, sometimes = known.setdefault(place, (set(), set()))
        (sometimes if entry.get("sometimes") else never).update(entry["branches"])
        if not entry.get("reason", "").strip():
            wrong.append(f"listed without a reason: {entry['function']}: {entry['line']}")
    for place, line in lines.items():
        never, sometimes = known.pop(place, (set(), set()))
        missed = set(line.missed())
        where = f"{line.file}: {line.function}: {line.text}"
        if more := sorted(missed - never - sometimes):
            wrong.append(f"not reached: {where}: {more} of {len(line.branches)}")
        if gone := sorted(each for each in never | sometimes if each >= len(line.branches)):
            wrong.append(f"listed, and not there: {where}: {gone} of {len(line.branches)}")
        if taken := sorted(each for each in never - missed if each < len(line.branches)):
            wrong.append(f"listed, and reached: {where}: {taken}")
    return wrong + [f"listed, and not there: {function}: {text}" for function, text, _ in known]


def read_list() -> list[dict]:
    try:
        listed = tomllib.loads(LISTED.read_text(encoding="utf-8")).get("unreached", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise tool.FuzzError(f"{LISTED}: {error}", 3) from error
    for entry in listed:
        if not {"function", "line", "branches", "reason"} <= entry.keys():
            raise tool.FuzzError(f"{LISTED}: an entry has function, line, branches and reason; this one has {', '.join(entry)}", 3)
    return listed


def engine_targets() -> list[str]:
    """Those that call the engine, by what they include."""
    text = {path.stem: path.read_text(encoding="utf-8") for path in tool.FUZZ.glob("*.cpp")}
    return sorted(name for name, source in text.items() if re.search(r'#include "(oracle/play|oracle/values|engine/policy)\.hpp"', source))


def play(targets: list[str]) -> None:
    for counts in TREE.rglob("*.gcda"):
        counts.unlink()
    for target in targets:
        command = [str(TREE / "bin" / f"argo-replay-{target}"), "--changes", str(CHANGES), str(tool.FUZZ / "corpus" / target)]
        status, output = tool.run(command)
        if status:
            raise tool.FuzzError(f"{target}: the corpus was not played to its end:\n{output[-1000:]}", 1)
    status, output = tool.run([str(TREE / "bin" / "argo-conformance"), "run", "--target", "model", "--out", str(TREE / "results")])
    if status:
        raise tool.FuzzError(f"the suite does not pass on the model:\n{output[-1000:]}", 1)


def count() -> dict[Place, Line]:
    lines: dict[Place, Line] = {}
    for counts in TREE.rglob("*.gcda"):
        command = ["gcov", "--json-format", "--branch-probabilities", "--demangled-names", "--stdout", str(counts)]
        try:
            out = subprocess.run(command, capture_output=True, check=True, cwd=TREE).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            raise tool.FuzzError(f"gcov could not read {counts}: {error}; it comes with GCC, and has to be of its version", 3) from error
        for report in json.loads(out)["files"]:
            path = (TREE / report["file"]).resolve()
            if path.parent == ENGINE:
                lines |= merge(path.name, report, path.read_text(encoding="utf-8").splitlines())
    if not lines:
        raise tool.FuzzError("nothing was counted; remove build/coverage, and try again", 3)
    return lines


def measure() -> int:
    listed = read_list()
    targets = engine_targets()
    tool.say("fuzz: building the engine with its branches counted")
    tool.build("coverage", TREE, [*(f"argo-replay-{each}" for each in targets), "argo-conformance"])
    tool.say(f"fuzz: playing {len(targets)} targets, and the suite on the model")
    play(targets)
    lines = count()
    for line in lines.values():
        if line.missed():
            tool.say(f"  not reached: {line.file}: {line.function}: {line.text}: {line.missed()} of {len(line.branches)}")
    wrong = verdict(lines, listed)
    branches, missed = sum(len(each.branches) for each in lines.values()), sum(len(each.missed()) for each in lines.values())
    run = sum(each.count != 0 for each in lines.values())
    tool.say(
        f"branches: {branches - missed} of {branches}, {100 * (branches - missed) / branches:.1f} %;"
        f" lines: {run} of {len(lines)}, {100 * run / len(lines):.1f} %; {len(listed)} entries in fuzz/unreached.toml, {len(wrong)} faults"
    )
    for each in wrong:
        tool.say(f"  FAULT: {each}")
    return 1 if wrong else 0
