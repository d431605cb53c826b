# SPDX-License-Identifier: Apache-2.0 OR MIT
"""How C is written here: names, numbers, comments, and lines with comments beside them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

TEMPLATES = Path(__file__).resolve().parent / "templates"
WIDTH = 110


@dataclass(frozen=True)
class Row:
    """A line of code and what stands beside it."""

    code: str
    text: str = ""
    c_only: bool = False  # a flexible array, which C++ has not


def environment() -> jinja2.Environment:
    """Templates, in which the line of a block leaves nothing behind."""
    result = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    result.filters.update(comment=comment, table=table)
    return result


def macro(*parts: str) -> str:
    """ARGO_OP_SENDV of ("OP", "sendv")."""
    return "_".join(("ARGO", *parts)).upper()


def number(value: int, width: str = "u32", digits: int = 0) -> str:
    """An unsigned constant; in hexadecimal, with at least so many digits, if `digits` is not 0.

    One of 32 bits that needs no more than 16 gets a plain suffix, since every int has those.
    """
    text = f"0x{value:0{digits}x}" if digits else str(value)
    if width == "u64":
        return f"UINT64_C({text})"
    return f"UINT32_C({text})" if value > 0xFFFF else f"{text}u"


def defines(rows: Sequence[tuple[str, str, str]]) -> list[Row]:
    """#define lines of (name, value, text), aligned."""
    names, values = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
    side = "<" if any("0x" in row[1] for row in rows) else ">"
    return [Row(f"#define {name:{names}} {value:{side}{values}}", text) for name, value, text in rows]


def paragraph(text: str, first: str = "", room: int = WIDTH - len(" * ")) -> list[str]:
    """Lines of a text after `first`; those below are indented to where the text began."""
    indent = " " * len(first)
    return textwrap.wrap(text, room, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)


def comment(lines: list[str]) -> str:
    """A comment, on one line if it fits."""
    if len(lines) == 1 and len(lines[0]) + len("/*  */") <= WIDTH:
        return f"/* {lines[0]} */"
    return "\n".join(["/*", *(f" * {line}".rstrip() for line in lines), " */"])


def table(rows: list[Row]) -> str:
    """Lines of code, their texts in an aligned column; a text too long for its line goes on below."""
    column = max((len(row.code) for row in rows), default=0) + 2
    texts = [_beside(row.text, WIDTH - column - len("/*  */")) for row in rows]
    widest = max((len(line) for lines in texts for line in lines), default=0)
    result = []
    for row, lines in zip(rows, texts):
        comments = [f"/* {line:{widest}} */" for line in lines] or [""]
        codes = [row.code, *[""] * (len(comments) - 1)]
        block = [f"{code:{column}}{comment}".rstrip() for code, comment in zip(codes, comments)]
        if row.c_only:
            reason = "/* no flexible arrays there: the bytes follow the structure */"
            block = [f"#ifndef __cplusplus {reason}", *block, "#endif"]
        result += block
    return "\n".join(result)


def _beside(text: str, room: int) -> list[str]:
    """Lines of a text that may begin with an offset, which is not part of the paragraph."""
    offset = re.match(r" *[0-9]+  |", text)
    start = offset[0] if offset else ""
    return paragraph(text[len(start) :], start, room)
