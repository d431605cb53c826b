# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Engines with a planted bug each, fuzz/planted.toml: they are built and searched, and how long that took is told.

Only the engine is compiled anew; everything else is what the targets are linked with.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from pathlib import Path

import fuzz as tool

OUT = tool.ROOT / "build" / "fuzz-planted"
ENGINE = tool.ROOT / "reference-impl" / "engine"


def planted() -> dict[str, dict]:
    return tomllib.loads((tool.FUZZ / "planted.toml").read_text(encoding="utf-8"))


def changed(name: str, bug: dict) -> str:
    """The file with the bug in it."""
    text = (tool.ROOT / bug["file"]).read_text(encoding="utf-8")
    place = bug.get("in", bug["from"])
    if text.count(place) != 1 or place.count(bug["from"]) != 1:
        raise tool.FuzzError(f"planted.toml: {name}: its text stands {text.count(place)} times in {bug['file']}", 2)
    return text.replace(place, place.replace(bug["from"], bug["to"]))


def engine_of(tree: Path) -> tuple[Path, list[str]]:
    """The source of the whole engine, and how it is compiled."""
    for entry in json.loads((tree / "compile_commands.json").read_text(encoding="utf-8")):
        if "argo_engine.dir/Unity" in entry["file"]:
            return Path(entry["file"]), shlex.split(entry["command"])
    raise tool.FuzzError(f"how the engine is compiled does not stand in {tree}/compile_commands.json", 3)


def link_of(tree: Path, binary: str) -> list[str]:
    """How Ninja links it."""
    status, output = tool.run(["ninja", "-C", str(tree), "-t", "commands", "-s", f"bin/{binary}"])
    links = [line for line in output.splitlines() if f"-o bin/{binary}" in line]
    if status or not links:
        raise tool.FuzzError(f"how {binary} is linked is not known", 3)
    return shlex.split(re.sub(r"^: && | && :$", "", links[-1]))


def make(name: str, bug: dict) -> Path:
    race = bug["target"] == tool.RACE
    tree = tool.RACES if race else tool.BUILD
    binary = "argo-replay-threads" if race else f"fuzz-{bug['target']}"
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # The engine is one source that includes all: a copy of it with the bug is compiled like it.
    shutil.copytree(ENGINE, folder / ENGINE.name, ignore=shutil.ignore_patterns("tests"))
    (folder / ENGINE.name / Path(bug["file"]).name).write_text(changed(name, bug), encoding="utf-8")
    unity, compile_ = engine_of(tree)
    copy = folder / "engine.cpp"
    copy.write_text(unity.read_text(encoding="utf-8").replace(str(ENGINE), str(folder / ENGINE.name)), encoding="utf-8")
    bad = str(folder / "engine.o")
    compile_[compile_.index("-o") + 1] = bad
    compile_[compile_.index("-c") + 1] = str(copy)
    at = next(i for i, part in enumerate(compile_) if part.startswith("-I"))
    compile_.insert(at, f"-I{folder}")
    status, output = tool.run([*compile_, "-w"])
    if status:
        raise tool.FuzzError(f"{name}: does not compile:\n{output[-2000:]}", 3)
    link = link_of(tree, binary)
    at = link.index("-o")
    link[at + 1] = str(folder / binary)
    link.insert(at, bad)  # before the engine's archive, so that the sound one is not taken
    status, output = tool.run(["env", "-C", str(tree), *link])
    if status:
        raise tool.FuzzError(f"{name}: does not link:\n{output[-2000:]}", 3)
    return folder / binary


def hunt(names: list[str], seconds: int) -> int:
    bugs = planted()
    for name in names:
        if name not in bugs:
            raise tool.FuzzError(f"there is no planted bug '{name}'. There are: {', '.join(bugs)}", 2)
    bugs = {name: bugs[name] for name in names or bugs}
    tool.build_targets(sorted({bug["target"] for bug in bugs.values()}))
    survivors = 0
    for name, bug in bugs.items():
        if tool.stopping.is_set():
            return 130
        binary = make(name, bug)
        folder = OUT / name
        outcome = tool.fuzz(bug["target"], seconds, folder / "learnt", binary, folder)
        survivors += not outcome.said
        told = f"found in {outcome.seconds:5.1f} s: {outcome.said}" if outcome.said else f"NOT FOUND in {outcome.seconds:.0f} s"
        tool.say(f"  {bug['kind']:10} {name:28} {bug['target']:11} {told}")
    tool.say(f"{len(bugs)} planted bugs, {len(bugs) - survivors} found")
    return 1 if survivors else 0


def main() -> int:
    """Whether each bug is still where it was planted."""
    try:
        for name, bug in planted().items():
            changed(name, bug)
    except tool.FuzzError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
