# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Spin at work: one search of one model, and executions drawn by lot.

A search is exhaustive or it says nothing: one that ran out of depth, memory or time is Undecided, never a proof.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from models import Model, assertions

DEPTH = 100_000  # steps of one execution
MEMORY = 4000  # MB
SECONDS = 400

_STATES = re.compile(r"^\s*(\d+) states, stored", re.M)
_REACHED = re.compile(r"depth reached (\d+), errors: (\d+)")
_PLACE = re.compile(r"^spin: (\w+\.pml):(\d+), Error: assertion violated", re.M)
_NEVER = re.compile(r"^\s+(\w+\.pml):(\d+), state \d+, \"(?!-end-)(.*)\"", re.M)
_SPIN_ERROR = re.compile(r"^spin: (.*?), Error: (.*?)(?:\tsaw .*)?$", re.M)


class Undecided(Exception):
    """The search did not come to an end, in one sentence."""


class Broken(Exception):
    """The model is none, in one sentence."""


class Missing(Exception):
    """A tool is not there, in one sentence."""


@dataclass(frozen=True)
class Outcome:
    """What an exhaustive search found: `fails` is what the assertion says of itself, or nothing."""

    states: int
    depth: int
    fails: str
    unreached: tuple[str, ...]  # statements that no execution comes to


def tools() -> tuple[str, str]:
    """Spin's version and the compiler."""
    for tool in ("spin", "gcc"):
        if not shutil.which(tool):
            raise Missing(f"{tool} is not installed; apt-get install {tool}")
    found = re.search(r"Spin Version (\S+)", _run(["spin", "-V"], Path.cwd()).stdout)
    if not found:
        raise Missing("what is called spin here is not the model checker; apt-get install spin")
    return found[1], "gcc"


def search(model: Model, switches: Iterable[str], folder: Path, thorough: bool) -> Outcome:
    """Searches all executions, in a folder of its own. `thorough` costs the compiler a second and saves the search
    many."""
    defines = _prepare(model, switches, folder)
    done = _run(["spin", *defines, "-a", f"{model.name}.pml"], folder)
    if done.returncode or not (folder / "pan.c").exists():
        raise Broken(_complaint(model, done.stdout + done.stderr))
    options = [f"-DMEMLIM={MEMORY}", "-DSAFETY", "-O2" if thorough else "-O0", "-w"]
    done = _run(["gcc", *options, "-o", "pan", "pan.c"], folder)
    if done.returncode:
        raise Broken(f"{model.name}.pml: gcc does not take what spin makes of it: {_first(done.stderr)}")
    # A blocked process is no fault by itself (-E): each model's judge says when it is.
    command = ["./pan", "-E", f"-m{DEPTH}", "-w24" if thorough else "-w20"]
    try:
        said = _run(command, folder).stdout
    except subprocess.TimeoutExpired:
        raise Undecided(f"{model.name}.pml: the search did not end within {SECONDS} s; lower the model's bounds") from None
    return _outcome(model, defines, folder, said)


def execution(model: Model, switches: Iterable[str], folder: Path) -> str:
    """The execution that led the last search of this folder to a failure, step by step."""
    defines = [f"-D{each}" for each in switches]
    return _run(["spin", *defines, "-t", "-p", "-g", f"{model.name}.pml"], folder).stdout


def drawn(model: Model, switches: Iterable[str], folder: Path, seed: int) -> list[str]:
    """What one execution drawn by lot says, a line a call."""
    defines = [*_prepare(model, switches, folder), "-DREPLAY"]
    done = _run(["spin", *defines, "-T", "-B", f"-n{seed}", "-u5000", f"{model.name}.pml"], folder)
    lines = done.stdout.splitlines()
    wrong = [line for line in lines if line.startswith("spin:")]
    if done.returncode or wrong:
        raise Broken(_complaint(model, done.stdout + done.stderr))
    return [line for line in lines if line and not line.startswith(("timeout", "-"))]


def _prepare(model: Model, switches: Iterable[str], folder: Path) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    for path in model.files:
        if not (folder / path.name).exists():
            shutil.copy(path, folder)
    return [f"-D{each}" for each in switches]


def _outcome(model: Model, defines: list[str], folder: Path, said: str) -> Outcome:
    states, reached = _STATES.search(said), _REACHED.search(said)
    if "max search depth too small" in said:
        raise Undecided(f"{model.name}.pml: executions are longer than {DEPTH} steps; lower the model's bounds")
    if "out of memory" in said or "reached -DMEMLIM" in said:
        raise Undecided(f"{model.name}.pml: the search takes more than {MEMORY} MB; lower the model's bounds")
    if not states or not reached:
        raise Undecided(f"{model.name}.pml: the search ended early: {_first(said)}")
    count, depth = int(states[1]), int(reached[1])
    if reached[2] == "0":
        never = (f"{name}:{line}: {statement}" for name, line, statement in _NEVER.findall(said))
        return Outcome(count, depth, "", tuple(sorted(set(never))))
    trail = _run(["spin", *defines, "-t", f"{model.name}.pml"], folder).stdout
    place = _PLACE.search(trail)
    if not place:
        return Outcome(count, depth, _first(said), ())
    text = assertions(folder / place[1]).get(int(place[2]), "an assertion without a comment")
    return Outcome(count, depth, text, ())


def _complaint(model: Model, said: str) -> str:
    found = _SPIN_ERROR.search(said)
    if found:
        return f"{found[1]}: {found[2].strip()}"
    return f"{model.name}.pml: spin does not take it: {_first(said)}"


def _first(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "without a word")


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"LC_ALL": "C"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
