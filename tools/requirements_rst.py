# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Finding the directives `req` and `errors` in a chapter's text.

Only what the book uses of reStructuredText is understood: a directive begins its line, options follow it at
once, then an empty line, then the text, all indented alike. What is nearly a directive is a problem, never a
comment that nobody misses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

NAMES = ("req", "errors")

_DIRECTIVE = re.compile(r"(?P<indent> *)\.\. (?P<name>[a-z-]+)::(?: +(?P<argument>\S.*?))? *")
_NEARLY = re.compile(r"\s*\.\. *(?:req|errors?)(?![\w-])", re.IGNORECASE)
_OPTION = re.compile(r":(?P<name>[a-z-]+):(?: +(?P<value>.*))?")
_SHOWS_TEXT = ("code-block", "code", "parsed-literal")


@dataclass(frozen=True)
class Problem:
    """One sentence about one place."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence}"


@dataclass(frozen=True)
class Directive:
    """A directive as it stands in a chapter."""

    name: str
    argument: str
    options: dict[str, str]
    text: str  # paragraphs, each on one line, with an empty line between
    file: str
    line: int


def directives(file: str, text: str, problems: list[Problem]) -> Iterator[Directive]:
    """Every `req` and `errors` of a chapter, in order. `problems` grows by what is wrong with their form."""
    lines = text.splitlines()
    index = 0
    while index < len(lines):
        line, number = lines[index], index + 1
        index += 1
        match = _DIRECTIVE.fullmatch(line)
        if match and match["name"] in NAMES:
            end = _block_end(lines, index, len(match["indent"]))
            if match["indent"]:
                problems.append(Problem(file, number, f"'{match['name']}' must begin its line"))
            options, body = _options(file, number, lines[index:end], problems)
            yield Directive(match["name"], match["argument"] or "", options, _paragraphs(body), file, number)
            index = end
        elif _NEARLY.match(line):
            hint = "write '.. req:: ID' or '.. errors:: operation'"
            problems.append(Problem(file, number, f"'{line.strip()}' is no directive; {hint}"))
        elif _shows_text(line, match):
            index = _block_end(lines, index, len(line) - len(line.lstrip()))


def _shows_text(line: str, directive: re.Match[str] | None) -> bool:
    """Whether what is indented below is an example rather than part of the book."""
    if directive:
        return directive["name"] in _SHOWS_TEXT
    return line.rstrip().endswith("::") and not line.lstrip().startswith("..")


def _block_end(lines: list[str], start: int, indent: int) -> int:
    """The first line from `start` that is neither empty nor indented by more than `indent`."""
    for index in range(start, len(lines)):
        if lines[index].strip() and len(lines[index]) - len(lines[index].lstrip()) <= indent:
            return index
    return len(lines)


def _options(
    file: str, number: int, block: list[str], problems: list[Problem]
) -> tuple[dict[str, str], list[str]]:
    """The options at the beginning of a block, and its other lines."""
    options: dict[str, str] = {}
    last = ""
    for index, line in enumerate(block):
        place = number + 1 + index
        option = _OPTION.fullmatch(line.strip())
        if not line.strip():
            return options, block[index:]
        if option:
            last = option["name"]
            if last in options:
                problems.append(Problem(file, place, f"option '{last}' is given twice"))
            options[last] = (option["value"] or "").strip()
        elif last:  # a value goes on
            options[last] = f"{options[last]} {line.strip()}".strip()
        else:
            problems.append(Problem(file, place, "an empty line must stand between a directive and its text"))
            return options, block[index:]
    return options, []


def _paragraphs(lines: list[str]) -> str:
    text = "\n".join(line.strip() for line in lines).strip()
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\n+", text))
