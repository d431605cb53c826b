# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The prose of a chapter: what is neither an obligation nor quoted.

Obligations (`req`), literal blocks, comments and ``quoted words`` are left out; what remains keeps its lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_DIRECTIVE = re.compile(r" *\.\. (?P<name>[a-z-]+)::")
_COMMENT = re.compile(r" *\.\.(?: (?!\[|_|\|)(?![a-z-]+::)| *$)")
_QUOTED = re.compile(r"``[^`]*``")
_SHOWN_AS_IS = ("code", "code-block", "literalinclude", "parsed-literal", "raw")


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Line numbers from 1, and lines."""
    lines = text.splitlines()
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        directive = _DIRECTIVE.match(line)
        if directive and directive["name"] in ("req", *_SHOWN_AS_IS) or _COMMENT.match(line):
            index = _end(lines, index, _indent(line))
        elif not directive:
            yield index, _QUOTED.sub(lambda match: " " * len(match[0]), line)
            if line.rstrip().endswith("::"):
                index = _end(lines, index, _indent(line))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _end(lines: list[str], start: int, indent: int) -> int:
    """The first line from `start` that is not part of a block indented more than `indent`."""
    while start < len(lines) and (not lines[start].strip() or _indent(lines[start]) > indent):
        start += 1
    return start
