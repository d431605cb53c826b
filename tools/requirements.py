#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The obligations: every `req` of the book's chapters, and one for each row of errors in the registry.

    .. req:: ARGO-SENDV-012                     .. errors:: sendv
       :subject: hypervisor                        :profile: core-loopback
       :profile: core-loopback

       One sentence with one keyword.

`errors` stands for one obligation for each row of that operation (`entry`: of every operation). What a row
says of itself in the registry (profile, testability, reason, revision) comes before the directive's options.

    requirements.py extract [--spec DIR] --out FILE         write them all as JSON
    requirements.py check --cases FILE [--strict]           compare with the cases of the suite

Exit: 0 fine; 1 the book or the cases are wrong, with one line on stderr for each place; 2 the registry, a
file or the command line is wrong.
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import registry
import requirements_cases
from registry_model import PROFILES, TESTABILITIES, Condition, Registry
from registry_source import RegistryError
from requirements_rst import Directive, Problem, directives

SPEC = registry.DEFAULT.parent.parent

SUBJECTS = ("hypervisor", "guest", "library")
OPTIONS = ("revision", "subject", "profile", "testability", "reason", "since")
NEEDS_REASON = ("inspection", "host-assist")

ID = re.compile(r"ARGO-([A-Z][A-Z0-9]*)-([0-9]{3})")
KEYWORD = re.compile(r"\b(MUST NOT|MUST|SHOULD NOT|SHOULD|MAY)\b")
_OTHER_KEYWORD = re.compile(r"\b(SHALL|REQUIRED|RECOMMENDED|OPTIONAL)\b")
_MARKUP = (
    (re.compile(r"``([^`]+)``"), r"\1"),
    (re.compile(r":[a-z:]+:`([^`<]+?)(?: <[^>]*>)?`"), r"\1"),
    (re.compile(r"(?<![\w*])\*{1,2}([^*\s](?:[^*]*[^*\s])?)\*{1,2}"), r"\1"),
)


@dataclass(frozen=True)
class Requirement:
    """An obligation. The ID and the revision together name one sentence for ever."""

    id: str
    revision: int
    subject: str
    keyword: str
    profile: str
    testability: str
    reason: str | None
    since: str
    text: str  # without markup
    chapter: str  # the chapter's file, without .rst
    line: int

    def area(self) -> str:
        return self.id.split("-")[1]


class BookError(Exception):
    """All that is wrong with the book or the cases."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))


# The book


def extract(spec: Path, source: Registry) -> list[Requirement]:
    """The obligations of all chapters, sorted by ID. BookError names each place that is wrong."""
    problems: list[Problem] = []
    paths = sorted(spec.glob("*.rst"))
    if not paths:
        raise BookError([Problem(str(spec), 1, "there is no chapter (*.rst) here")])
    found = [each for path in paths for each in chapter(path, source, problems)]
    problems += _wrong_places(spec, found)
    if not problems:  # what is wrong already would be missing too
        problems = _missing(source, {each.id for each in found})
    if problems:
        raise BookError(problems)
    return sorted(found, key=lambda each: each.id)


def chapter(path: Path, source: Registry, problems: list[Problem]) -> list[Requirement]:
    """The obligations of one chapter, in its order. Those that are wrong become problems."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        problems.append(Problem(str(path), 1, "is not UTF-8"))
        return []
    result: list[Requirement] = []
    for directive in directives(str(path), text, problems):
        if directive.name == "req":
            result += _requirement(directive, directive.argument, directive.options, directive.text, problems)
        else:
            result += _errors(directive, source, problems)
    return result


def _wrong_places(spec: Path, found: list[Requirement]) -> list[Problem]:
    """An ID is used once; an area has one chapter, and a chapter one area."""
    problems = []
    first: dict[str, Requirement] = {}
    chapters: dict[str, str] = {}
    areas: dict[str, str] = {}
    for each in found:
        said = ""
        if first.setdefault(each.id, each) is not each:
            said = f"is used already, in {first[each.id].chapter}.rst:{first[each.id].line}"
        elif areas.setdefault(each.chapter, each.area()) != each.area():
            said = f"stands in a chapter of area {areas[each.chapter]}"
        elif chapters.setdefault(each.area(), each.chapter) != each.chapter:
            said = f"stands here, but area {each.area()} has its place in {chapters[each.area()]}.rst"
        if said:
            problems.append(Problem(f"{spec / each.chapter}.rst", each.line, f"{each.id} {said}"))
    return problems


def _missing(source: Registry, found: set[str]) -> list[Problem]:
    """Rows of errors in the registry for which no chapter has a directive."""
    rows = [(name, row) for name, row in source.conditions() if row.req not in found]
    file = registry.DEFAULT.name
    return [
        Problem(file, row.line("req"), f"{row.req} is in no chapter; write '.. errors:: {name}' there")
        for name, row in rows
    ]


# A directive


def _errors(directive: Directive, source: Registry, problems: list[Problem]) -> list[Requirement]:
    """One obligation for each row of an operation's errors."""
    name, known = directive.argument, ("entry", *source.operations)
    options = {"subject": "hypervisor", **directive.options}
    wrong = _wrong_options(options)
    if name not in known:
        wrong.append(f"unknown operation{did_you_mean(name, known)}")
    if directive.text:
        wrong.append("takes no text")
    problems += [Problem(directive.file, directive.line, f"errors of '{name}': {each}") for each in wrong]
    result: list[Requirement] = []
    for operation, row in source.conditions():
        if operation == name and not wrong:
            own = {**options, **_options_of(row)}
            result += _requirement(directive, row.req, own, sentence(name, row), problems)
    return result


def sentence(operation: str, row: Condition) -> str:
    """What a row of errors demands."""
    who = "every operation" if operation == "entry" else operation
    return f"When {row.when}, {who} MUST return {row.error}."


def _options_of(row: Condition) -> dict[str, str]:
    """What a row says of itself."""
    given = {"profile": row.profile, "testability": row.testability, "reason": row.reason}
    options = {name: value for name, value in given.items() if value is not None}
    return {**options, "revision": str(row.revision)}


def _requirement(
    directive: Directive, identity: str, options: dict[str, str], markup: str, problems: list[Problem]
) -> list[Requirement]:
    """The obligation; none, and problems, if something is wrong with it."""
    text = plain_text(markup)
    wrong = [*_wrong_options(options), *_wrong_sentence(text)]
    if not ID.fullmatch(identity):
        wrong.insert(0, "an ID must read ARGO-AREA-nnn, with three digits")
    if wrong:
        label = identity or f"'{directive.name}' without ID"
        problems += [Problem(directive.file, directive.line, f"{label}: {each}") for each in wrong]
        return []
    result = Requirement(
        id=identity,
        revision=int(options.get("revision", "1")),
        subject=options["subject"],
        keyword=KEYWORD.findall(text)[0],
        profile=options["profile"],
        testability=options.get("testability", "auto"),
        reason=options.get("reason") or None,
        since=options.get("since", "1.0"),
        text=text,
        chapter=Path(directive.file).stem,
        line=directive.line,
    )
    return [result]


def _wrong_options(options: dict[str, str]) -> list[str]:
    unknown = [name for name in options if name not in OPTIONS]
    wrong = [f"unknown option '{name}'{did_you_mean(name, OPTIONS)}" for name in unknown]
    values = {"testability": "auto", **options}
    for name, known in (("subject", SUBJECTS), ("profile", PROFILES), ("testability", TESTABILITIES)):
        if name not in values:
            wrong.append(f"option '{name}' is missing")
        elif values[name] not in known:
            wrong.append(f"unknown {name} '{values[name]}'{did_you_mean(values[name], known)}")
    if values["testability"] in NEEDS_REASON and not values.get("reason"):
        wrong.append(f"testability '{values['testability']}' needs a reason")
    if not re.fullmatch(r"[1-9][0-9]*", values.get("revision", "1")):
        wrong.append(f"revision '{values['revision']}' is not a number from 1 on")
    if not re.fullmatch(r"[1-9][0-9]*\.[0-9]+", values.get("since", "1.0")):
        wrong.append(f"since '{values['since']}' is not a version such as 1.0")
    return wrong


def _wrong_sentence(text: str) -> list[str]:
    keywords = KEYWORD.findall(text)
    if not text:
        return ["has no text; is it indented, below an empty line?"]
    if len(keywords) != 1:
        found = ", ".join(keywords) or "none"
        return [f"a sentence must hold exactly one of MUST, MUST NOT, SHOULD, SHOULD NOT, MAY; found {found}"]
    if other := _OTHER_KEYWORD.search(text):
        return [f"{other[0]} is no keyword here; use MUST, SHOULD or MAY"]
    if not text.endswith(".") or "\n" in text or re.search(r"[.!?] [A-Z]", text):
        return ["must be one sentence, in one paragraph, that ends with a full stop"]
    return []


def plain_text(text: str) -> str:
    """Without the markup of reStructuredText."""
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about a word that is not known."""
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean '{close[0]}'?" if close else f"; known are {', '.join(known)}"


# Cases


def without_case(requirements: list[Requirement], cases: dict[str, list[str]]) -> list[Requirement]:
    """Obligations that no case names, but for those that only an inspection can decide."""
    named = {name for names in cases.values() for name in names}
    return [each for each in requirements if each.testability != "inspection" and each.id not in named]


def read_cases(path: Path, requirements: list[Requirement]) -> dict[str, list[str]]:
    """IDs of the obligations that each case names. BookError if a case is wrong."""
    problems: list[Problem] = []
    cases = requirements_cases.read(path, problems)
    problems += requirements_cases.check(str(path), cases, [each.id for each in requirements])
    if problems:
        raise BookError(problems)
    return cases


# The command


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="The obligations of the Argo ABI.")
    commands = parser.add_subparsers(dest="command", required=True)
    extract_command = commands.add_parser("extract", help="write all obligations as JSON")
    extract_command.add_argument("--out", type=Path, required=True, metavar="FILE")
    check_command = commands.add_parser("check", help="compare the obligations with the cases")
    check_command.add_argument("--cases", type=Path, required=True, metavar="FILE")
    check_command.add_argument("--strict", action="store_true", help="fail if an obligation has no case")
    for command in (extract_command, check_command):
        command.add_argument("--spec", type=Path, default=SPEC, metavar="DIR", help="the book's chapters")
        command.add_argument("--registry", type=Path, default=registry.DEFAULT, metavar="FILE")
    return parser


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        requirements = extract(options.spec, registry.load(options.registry))
        if options.command == "extract":
            data = {"requirements": [dataclasses.asdict(each) for each in requirements]}
            options.out.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
            return 0
        cases = read_cases(options.cases, requirements)
        missing = without_case(requirements, cases)
        for each in missing:
            print(f"{options.spec / each.chapter}.rst:{each.line}: {each.id} has no case", file=sys.stderr)
        print(f"{len(cases)} cases, {len(requirements)} obligations, {len(missing)} of them without a case")
        return 1 if missing and options.strict else 0
    except BookError as error:
        print(error, file=sys.stderr)
        return 1
    except RegistryError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"requirements.py: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
