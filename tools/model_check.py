#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Searches the models of the protocol, and shows that they notice what is wrong. Behind ./argo model-check.

Each model must hold in each of its searches, each wrong variant must fail, by the assertion that its table names;
where the table says that a search cannot see it, it must hold there. What is covered, and the cases for the engine's
tests that are drawn from the models, must be what is committed in spec/models. Only what has changed is searched again.

Exit: 0 fine; 1 a model fails, or a wrong variant does not; 2 the command line or a table is wrong; 3 a search came to
no end; 4 spin or gcc is missing.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import model_search
import models
import registry
from model_search import Broken, Missing, Outcome, Undecided
from models import Model, ModelError, Variant
from registry_source import RegistryError
from requirements import BookError, extract

ROOT = Path(__file__).resolve().parent.parent
SEEDS = 150  # executions that are drawn for a file of cases
MOST_LINES = 300  # of such a file
FINE, FAILS, WRONG, UNDECIDED, MISSING = range(5)


@dataclass(frozen=True)
class Job:
    """One search: of a model, or of a variant of it."""

    model: Model
    search: str
    variant: Variant | None = None

    def id(self) -> str:
        return ".".join((self.model.name, self.search, *([self.variant.id()] if self.variant else [])))

    def switches(self) -> tuple[str, ...]:
        return (*self.model.search[self.search], *([self.variant.define] if self.variant else []))

    def must_fail(self) -> str:
        """With which assertion; nothing if it must hold."""
        return self.variant.fails if self.variant and self.search not in self.variant.unseen else ""

    def complaint(self, outcome: Outcome) -> str:
        """What is wrong with this outcome, in one sentence; nothing if it is as it must be."""
        table = f"{self.model.name}.toml"
        how = f"; ./argo model-check --trace {self.id()} shows how"
        if outcome.fails == self.must_fail():
            if outcome.unreached and not self.variant:
                return f"{outcome.unreached[0]} is never reached in {self.search}; what it says is not checked"
            return ""
        if not self.variant:
            return f"{self.model.name}.pml does not hold in {self.search}: '{outcome.fails}' fails{how}"
        if not outcome.fails:
            return f"{table}: {self.variant.id()} is wrong, but holds in {self.search}: the model does not see it"
        if not self.must_fail():
            return f"{table}: {self.variant.id()} is said to hold in {self.search}, but '{outcome.fails}' fails{how}"
        return (
            f"{table}: {self.variant.id()} fails in {self.search} by '{outcome.fails}',"
            f" not by '{self.must_fail()}'{how}"
        )

    def line(self, outcome: Outcome) -> str:
        name = self.variant.id() if self.variant else "as specified"
        said = f"fails: {outcome.fails}" if outcome.fails else "holds"
        return f"{self.model.name:<9} {self.search:<12} {name:<52} {outcome.states:>9} states  {said}"


def jobs(all_models: list[Model]) -> Iterator[Job]:
    for model in all_models:
        yield from (Job(model, search) for search in model.search)
        yield from (Job(model, search, variant) for variant in model.variants for search in variant.search)


class Checker:
    """Runs jobs, remembers what they found, and collects what is wrong."""

    def __init__(self, options: argparse.Namespace, spin: str) -> None:
        self.options, self.spin = options, spin
        self.memory = options.out / "done.json"
        self.done: dict[str, Any] = {}
        if self.memory.exists() and not options.again:
            try:
                self.done = json.loads(self.memory.read_text(encoding="utf-8"))
            except ValueError:
                self.done = {}  # an interrupted run left it; all is searched again
        self.problems: list[str] = []
        self.undecided: list[str] = []
        self.fresh = 0

    def once(self, identity: str, model: Model, switches: tuple[str, ...], work: Callable[[Path], Any]) -> Any:
        """The result of some work, from memory if nothing that it depends on has changed."""
        digest = hashlib.sha256(repr((self.spin, switches)).encode())
        for path in (*model.files, Path(model_search.__file__), Path(__file__)):
            digest.update(path.read_bytes())
        known = self.done.get(identity)
        if known and known["digest"] == digest.hexdigest():
            return known["result"]
        with tempfile.TemporaryDirectory(prefix="argo-model-") as folder:
            result = work(Path(folder))
        self.fresh += ".replay." not in identity
        self.done[identity] = {"digest": digest.hexdigest(), "result": result}
        return result

    def search(self, job: Job) -> Outcome | str:
        """What a job found, or one sentence why that is not known."""

        def work(folder: Path) -> dict[str, Any]:
            return asdict(model_search.search(job.model, job.switches(), folder, thorough=not job.variant))

        try:
            found = self.once(job.id(), job.model, job.switches(), work)
        except (Undecided, Broken) as error:
            (self.problems if isinstance(error, Broken) else self.undecided).append(str(error))
            return str(error)
        except subprocess.TimeoutExpired as error:
            self.undecided.append(f"{job.id()}: {error.cmd[0]} did not end")
            return self.undecided[-1]
        return Outcome(**(found | {"unreached": tuple(found["unreached"])}))

    def cases(self, model: Model, replay: str) -> str:
        """The text of a file of cases: executions drawn by lot, as long as they show something new."""
        switches = model.replay[replay]

        def work(folder: Path) -> str:
            text = (
                "# SPDX-License-Identifier: MIT\n"
                f"# Executions of {model.name}.pml, one a seed; ./argo model-check --accept writes them.\n"
            )
            seen: set[tuple[str, ...]] = set()
            lines = 0
            for seed in range(1, SEEDS + 1):
                said = model_search.drawn(model, switches, folder, seed)
                pairs = set(zip(["", *said], said))
                if len(pairs - seen) < 2 or lines + len(said) > MOST_LINES:
                    continue
                seen |= pairs
                lines += len(said)
                text += f"\n[{seed}]\n" + "".join(f"{line}\n" for line in said)
            return text

        return self.once(f"{model.name}.replay.{replay}", model, switches, work)

    def remember(self) -> None:
        self.options.out.mkdir(parents=True, exist_ok=True)
        self.memory.write_text(json.dumps(self.done, indent=1) + "\n", encoding="utf-8")


def check(options: argparse.Namespace, all_models: list[Model], spin: str) -> int:
    chosen = [each for each in jobs(all_models) if fnmatch.fnmatchcase(each.id(), options.filter)]
    if not chosen:
        raise ModelError(f"no search matches '{options.filter}'; ./argo model-check --list shows all")
    checker = Checker(options, spin)
    covered: dict[str, dict[str, int]] = {}
    found = held = states = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        try:
            for number, (job, outcome) in enumerate(zip(chosen, pool.map(checker.search, chosen)), 1):
                if isinstance(outcome, str):
                    continue
                complaint = job.complaint(outcome)
                if complaint:
                    checker.problems.append(complaint)
                if not job.variant:
                    held += not complaint
                    states += outcome.states
                    covered[job.id()] = {"states": outcome.states, "depth": outcome.depth}
                elif outcome.fails:
                    found += not complaint
                _say(f"[{number}/{len(chosen)}] {job.line(outcome)}")
        finally:
            checker.remember()
    if options.filter == "*":
        _committed(options, all_models, checker, covered)
        checker.remember()
    problems = list(dict.fromkeys(checker.problems + checker.undecided))
    for problem in problems:
        print(f"model-check: {problem}", file=sys.stderr)
    print(
        f"{held} searches hold over {states} states, {found} find what is wrong"
        f" ({checker.fresh} of {len(chosen)} run anew), {len(problems)} complaints"
        if checker.fresh or problems
        else f"{held} searches hold over {states} states, {found} find what is wrong; nothing changed since"
    )
    return FAILS if checker.problems else UNDECIDED if checker.undecided else FINE


def _committed(
    options: argparse.Namespace, all_models: list[Model], checker: Checker, covered: dict[str, dict[str, int]]
) -> None:
    """Compares what is found with what is committed, or commits it."""
    folder = options.root / models.MODELS
    try:
        cases = {
            folder / models.CASES / f"{model.name}.{replay}.txt": checker.cases(model, replay)
            for model in all_models
            for replay in model.replay
        }
    except Broken as error:
        checker.problems.append(str(error))
        return
    known = models.proven(options.root)
    if options.accept:
        if checker.problems or checker.undecided:
            checker.problems.append("nothing is accepted while something is wrong")
            return
        shutil.rmtree(folder / models.CASES, ignore_errors=True)
        (folder / models.CASES).mkdir()
        for path, text in cases.items():
            path.write_text(text, encoding="utf-8")
        text = json.dumps({"spin": checker.spin, "searches": covered}, indent=2) + "\n"
        (folder / models.PROVEN).write_text(text, encoding="utf-8")
        return
    if known["spin"] != checker.spin:
        _say(f"what is committed is of spin {known['spin']}, so it is not compared with that of {checker.spin}")
        return
    hint = "; if the models were meant to change, ./argo model-check --accept"
    if known["searches"] != covered and not checker.problems and not checker.undecided:
        name = next(each for each in {**known["searches"], **covered} if known["searches"].get(each) != covered.get(each))
        checker.problems.append(f"{models.PROVEN}: {name} covers other states than were accepted{hint}")
    for path in sorted({*cases, *(folder / models.CASES).glob("*")}):
        if not path.exists() or path.read_text(encoding="utf-8") != cases.get(path):
            checker.problems.append(f"{models.CASES}/{path.name} is not what its model says{hint}")


def trace(options: argparse.Namespace, all_models: list[Model]) -> int:
    """The execution that ends in a failure, step by step."""
    job = next((each for each in jobs(all_models) if each.id() == options.trace), None)
    if not job:
        raise ModelError(f"there is no search '{options.trace}'; ./argo model-check --list shows all")
    with tempfile.TemporaryDirectory(prefix="argo-model-") as folder:
        outcome = model_search.search(job.model, job.switches(), Path(folder), thorough=not job.variant)
        if outcome.fails:
            print(model_search.execution(job.model, job.switches(), Path(folder)), end="")
    print(job.line(outcome))
    return FINE


def _say(text: str) -> None:
    print(text, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./argo model-check",
        description="Searches the models of the protocol (spec/models), and shows that they notice what is wrong.",
        epilog="Exit: 0 fine; 1 a model fails, or a wrong variant does not; 2 usage; 3 undecided; 4 a tool is missing.",
    )
    parser.add_argument("--filter", default="*", metavar="GLOB", help="only these searches, such as 'suppress.*'")
    parser.add_argument("--list", action="store_true", help="the searches, one a line")
    parser.add_argument("--trace", metavar="SEARCH", help="search this one, and show the execution that fails, if any")
    parser.add_argument("--accept", action="store_true", help="commit what is covered, and the cases, to spec/models")
    parser.add_argument("--again", action="store_true", help="search what has not changed, too")
    parser.add_argument("--jobs", type=_positive, default=2, metavar="N", help="searches at once (2)")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "model-check", metavar="DIR", help="where to remember")
    parser.add_argument("--root", type=Path, default=ROOT, metavar="DIR", help=argparse.SUPPRESS)
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"'{text}' is no number from 1 to 64")
    return int(text)


def main(arguments: list[str]) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.accept and options.filter != "*":
        parser.error("--accept takes all searches, so it goes without --filter")
    try:
        spec = options.root / "spec"
        obligations = extract(spec, registry.load(spec / "registry" / "argo.yaml"))
        all_models = models.read(options.root, obligations)
        if options.list:
            print("\n".join(each.id() for each in jobs(all_models)))
            return FINE
        spin, _ = model_search.tools()
        return trace(options, all_models) if options.trace else check(options, all_models, spin)
    except Missing as error:
        print(f"model-check: skipped: {error}", file=sys.stderr)
        return MISSING
    except Undecided as error:
        print(f"model-check: {error}", file=sys.stderr)
        return UNDECIDED
    except Broken as error:
        print(f"model-check: {error}", file=sys.stderr)
        return FAILS
    except (ModelError, BookError, RegistryError) as error:
        print("\n".join(f"model-check: {line}" for line in str(error).splitlines()), file=sys.stderr)
        return WRONG
    except OSError as error:
        print(f"model-check: {error.filename}: {error.strerror}", file=sys.stderr)
        return WRONG


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
