#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Fuzzing: builds the targets of fuzz/ with Clang and lets them look for what breaks.

    ./argo fuzz [TARGET...] [--time S]    S seconds in all, shared by the targets; ten for each unless said
    ./argo fuzz --list                    the targets, and what each is
    ./argo fuzz --planted [NAME...]       engines with one bug each: how soon are they found?
    ./argo fuzz --coverage                which branches of the engine the corpus and the suite reach
    ./argo fuzz --minimise [TARGET...]    what was learnt, merged into the corpus that the tree keeps

A find is made small, written to build/fuzz-finds, and told with the command that replays it.

Exit: 0 nothing found; 1 found; 2 the command line; 3 a target could not be built; 4 no Clang here; 130 interrupted.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import difflib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FUZZ = ROOT / "fuzz"
BUILD = ROOT / "build" / "libfuzzer"
RACES = ROOT / "build" / "thread"
LEARNT = ROOT / "build" / "fuzz-corpus"
FINDS = ROOT / "build" / "fuzz-finds"
# An engine that is called at once is searched twice: for wrong answers, and with the thread sanitizer for races.
RACE = "races"
LONGEST = {"topology": 4096, "ingest": 4096, "results": 8192, "policy": 4096, "threads": 1024}
running: set[subprocess.Popen[str]] = set()
stopping = threading.Event()


class FuzzError(Exception):
    """What went wrong, in one sentence, and the exit code."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass
class Outcome:
    target: str
    seconds: float
    inputs: int
    said: str  # what was found, in a line; empty: nothing
    input: Path | None = None
    replay: str = ""


def targets() -> dict[str, str]:
    """All targets, and the first sentence at the head of each."""
    found = {}
    for path in sorted(FUZZ.glob("*.cpp")):
        if path.name != "replay.cpp":
            text = path.read_text(encoding="utf-8")
            head = " ".join(line[3:] for line in text.splitlines()[1:6] if line.startswith("// "))
            found[path.stem] = re.split(r"(?<=[.:]) ", head)[0].rstrip(":.") + "."
    found[RACE] = "The target threads with the thread sanitizer."
    return found


def say(text: str) -> None:
    print(text, flush=True)


def run(command: list[str], log: Path | None = None, **more: object) -> tuple[int, str]:
    """Exit status and output. It ends when somebody wants everything to end."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", cwd=ROOT, start_new_session=True, **more
    )
    running.add(process)
    if stopping.is_set():
        process.terminate()
    output, _ = process.communicate()
    running.discard(process)
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(output)
    return process.returncode, output


def build(preset: str, directory: Path, wanted: list[str]) -> None:
    if not (directory / "build.ninja").exists():
        status, output = run(["cmake", "--preset", preset])
        if status:
            raise FuzzError(f"configuring the preset {preset} failed:\n{output[-2000:]}", 3)
    status, output = run(["cmake", "--build", str(directory), "--parallel", "2", "--target", *wanted])
    if status:
        raise FuzzError(f"the build failed:\n{output[-3000:]}", 3)


def build_targets(wanted: list[str]) -> None:
    if not shutil.which("clang++"):
        raise FuzzError("there is no clang++, which fuzzing takes; install it: apt-get install clang", 4)
    say("fuzz: building what has changed")
    normal = [f"fuzz-{each}" for each in wanted if each != RACE]
    if normal:
        build("fuzz", BUILD, normal)
    if RACE in wanted:
        build("thread", RACES, ["argo-replay-threads"])


def summary(output: str) -> str:
    """The line that says best what was found."""
    for pattern in (r"argo-fuzz: FOUND: (.*)", r"(runtime error: .*)", r"SUMMARY: (.*)", r"==\d+==ERROR: (.*)", r"(ALARM: .*)"):
        found = re.search(pattern, output)
        if found:
            return found.group(1).strip()
    return "it ended with an error"


def fuzz(target: str, seconds: int, learnt: Path = LEARNT, binary: Path | None = None, finds: Path = FINDS) -> Outcome:
    begin = time.monotonic()
    finds.mkdir(parents=True, exist_ok=True)
    if target == RACE:
        return races(seconds, begin, binary or RACES / "bin" / "argo-replay-threads", finds)
    own = learnt / target
    own.mkdir(parents=True, exist_ok=True)
    binary = binary or BUILD / "bin" / f"fuzz-{target}"
    command = [
        str(binary), f"-max_total_time={seconds}", "-timeout=25", "-len_control=0", "-print_final_stats=1",
        f"-max_len={LONGEST.get(target, 512)}", f"-artifact_prefix={finds}/{target}-", str(own), str(FUZZ / "corpus" / target),
    ]  # fmt: skip
    status, output = run(command, finds / f"{target}.log")
    done = re.findall(r"stat::number_of_executed_units: (\d+)", output) or re.findall(r"^#(\d+)", output, re.M)
    outcome = Outcome(target, time.monotonic() - begin, int(done[-1]) if done else 0, "")
    if status == 0 or stopping.is_set():
        return outcome
    outcome.said = summary(output)
    written = re.search(r"Test unit written to (\S+)", output)
    if written:
        outcome.input = Path(written.group(1))
        outcome.replay = f"ARGO_FUZZ_TRACE=1 {binary} {outcome.input}"
    return outcome


def races(seconds: int, begin: float, binary: Path, finds: Path) -> Outcome:
    current = finds / f"{RACE}-input"
    options = os.environ | {"TSAN_OPTIONS": "halt_on_error=1 " + os.environ.get("TSAN_OPTIONS", "")}
    inputs = [str(FUZZ / "corpus" / "threads"), *([str(LEARNT / "threads")] if (LEARNT / "threads").is_dir() else [])]
    status, output = run([str(binary), "--time", str(seconds), "--current", str(current), *inputs], finds / f"{RACE}.log", env=options)
    done = re.search(r"(\d+) inputs, (\d+) changed", output)
    outcome = Outcome(RACE, time.monotonic() - begin, sum(map(int, done.groups())) if done else 0, "")
    if status == 0 or stopping.is_set():
        current.unlink(missing_ok=True)
        return outcome
    outcome.said = summary(output)
    outcome.input = current
    outcome.replay = f"{binary} --time 60 {current}  (the order of threads decides; again if it finds nothing)"
    return outcome


def minimise(outcome: Outcome) -> None:
    """The smallest input that is still a find, in half a minute."""
    if not outcome.input or outcome.target == RACE or outcome.target == "threads":
        return
    small = outcome.input.with_name(outcome.input.name + ".small")
    binary = outcome.replay.split()[1]
    run([binary, "-minimize_crash=1", "-max_total_time=30", f"-exact_artifact_path={small}", str(outcome.input)])
    if small.exists() and small.stat().st_size:
        outcome.replay = outcome.replay.replace(str(outcome.input), str(small))
        outcome.input = small


def search(wanted: list[str], seconds: int, jobs: int) -> int:
    build_targets(wanted)
    outcomes = []
    say(f"fuzz: {len(wanted)} target{'s' * (len(wanted) > 1)}, {seconds} s each, {jobs} at a time")
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(lambda each: None if stopping.is_set() else fuzz(each, seconds), each) for each in wanted]
        for future in concurrent.futures.as_completed(futures):
            outcome = future.result()
            if not outcome:
                continue
            outcomes.append(outcome)
            told = f"FOUND: {outcome.said}" if outcome.said else "nothing found"
            say(f"  {outcome.target:12} {outcome.seconds:6.0f} s {outcome.inputs:9} inputs   {told}")
    found = [each for each in outcomes if each.said]
    for each in found:
        minimise(each)
        say(f"\n{each.target}: {each.said}\n  log:    {FINDS / (each.target + '.log')}\n  replay: {each.replay or 'no input was written'}")
    say(f"{len(outcomes)} targets, {sum(each.inputs for each in outcomes)} inputs, {len(found)} finds")
    if stopping.is_set():
        say("fuzz: interrupted")
        return 1 if found else 130
    return 1 if found else 0


def merge(wanted: list[str]) -> int:
    """What was learnt into the tree's corpus, as few inputs as reach the same."""
    wanted = [each for each in wanted if each != RACE]
    build_targets(wanted)
    for target in wanted:
        kept = FUZZ / "corpus" / target
        fresh = ROOT / "build" / "fuzz-merge" / target
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        (LEARNT / target).mkdir(parents=True, exist_ok=True)
        command = [str(BUILD / "bin" / f"fuzz-{target}"), "-set_cover_merge=1", "-use_counters=0", str(fresh), str(kept), str(LEARNT / target)]
        status, output = run(command)
        if status:
            raise FuzzError(f"{target}: merging failed:\n{output[-1000:]}", 3)
        named = [path for path in kept.glob("*") if not re.fullmatch(r"[0-9a-f]{40}", path.name)]
        for path in kept.glob("*"):
            if path not in named:
                path.unlink()
        for path in fresh.iterdir():
            shutil.copy(path, kept / path.name)
        files = list(kept.iterdir())
        say(f"  {target:12} {len(files):4} inputs {sum(path.stat().st_size for path in files):7} bytes")
    return 0


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(prog="argo fuzz", usage=argparse.SUPPRESS, description=__doc__, add_help=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    result.add_argument("targets", nargs="*")
    result.add_argument("--time", type=int, metavar="S")
    result.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    for flag in ("--list", "--planted", "--coverage", "--minimise"):
        result.add_argument(flag, action="store_true")
    result.add_argument("-h", "--help", action="store_true")
    return result


def main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    if options.help:
        say(__doc__.strip())
        return 0
    known = targets()
    if options.list:
        for name, what in known.items():
            say(f"  {name:12} {what}")
        return 0
    if (options.time is not None and options.time < 1) or options.jobs < 1:
        raise FuzzError("--time and --jobs are numbers from 1 on", 2)
    if options.planted:
        import fuzz_planted

        return fuzz_planted.hunt(options.targets, options.time or 60)
    if options.coverage:
        if options.targets or options.time:
            raise FuzzError("--coverage is of the whole engine; it takes neither targets nor --time", 2)
        import fuzz_coverage

        return fuzz_coverage.measure()
    for name in options.targets:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean '{near[0]}'?" if near else "."
            raise FuzzError(f"there is no target '{name}'{hint} There are: guest, {', '.join(known)}", 2)
    wanted = options.targets or list(known)
    if options.minimise:
        return merge(wanted)
    jobs = min(options.jobs, len(wanted))
    seconds = max(1, options.time * jobs // len(wanted)) if options.time else 10
    return search(wanted, seconds, jobs)


def stop(*_: object) -> None:
    stopping.set()
    for process in list(running):
        process.terminate()


def start() -> int:
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        return main(sys.argv[1:])
    except FuzzError as error:
        print(f"argo: fuzz: {error}", file=sys.stderr)
        return error.code


if __name__ == "__main__":
    import fuzz as itself  # once, for those that import it, too

    sys.exit(itself.start())
