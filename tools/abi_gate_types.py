# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What changed in the headers' types, as a compiler lays them out and libabigail compares them.

This looks at the headers and not at the registry, so it also sees what a generator got wrong.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection
from pathlib import Path

WIDTHS = (64, 32)
_STRUCTURE = re.compile(r"^struct (argo_[a-z0-9_]+)\n\{", re.MULTILINE)
# Bits of abidiff's exit status.
_ERROR, _USAGE, _CHANGE = 1, 2, 4


class ToolError(Exception):
    """A compiler or libabigail is missing, or could not do its work."""


def types_of(headers: Path, width: int, out: Path) -> None:
    """Writes the types of all headers below `headers`, as a compiler for `width` bits sees them."""
    names = sorted(
        {
            name
            for path in sorted((headers / "argo").glob("*.h"))
            for name in _STRUCTURE.findall(path.read_text(encoding="utf-8"))
        }
    )
    if not names:
        raise ToolError(f"{headers / 'argo'}: no structures there")
    with tempfile.TemporaryDirectory() as work:
        # Pointers, so that the variables stay as they are when a structure grows.
        source = ['#include "argo/abi.h"', *(f"struct {name} *{name};" for name in names), ""]
        Path(work, "types.c").write_text("\n".join(source), encoding="utf-8")
        _run(
            "gcc",
            "-std=c11",
            "-g",
            "-gdwarf-4",
            f"-m{width}",
            "-ffreestanding",
            f"-fdebug-prefix-map={work}=.",
            "-I",
            str(headers.resolve()),
            "-c",
            "types.c",
            "-o",
            "types.o",
            cwd=work,
        )
        _run(
            "abidw",
            "--no-corpus-path",
            "--no-show-locs",
            "--no-comp-dir-path",
            "--out-file",
            str(out.resolve()),
            "types.o",
            cwd=work,
        )
    first, rest = out.read_text(encoding="utf-8").split(
        "\n", 1
    )  # libabigail knows the file by its first line
    out.write_text(f"{first}\n  <!-- SPDX-License-Identifier: MIT -->\n{rest}", encoding="utf-8")


def compare(baseline: Path, types: Path, expected: Collection[str]) -> list[str]:
    """Changes that break something, in libabigail's words. Structures in `expected` may have changed."""
    with tempfile.NamedTemporaryFile("w", suffix=".abignore", encoding="utf-8") as suppressions:
        for name in expected:
            suppressions.write(f"[suppress_type]\nname = {name}\n\n")
        suppressions.flush()
        result = _run(
            "abidiff",
            "--harmless",
            "--no-added-syms",
            "--no-unreferenced-symbols",
            "--suppressions",
            suppressions.name,
            str(baseline),
            str(types),
            accept=_CHANGE | 8,
        )
    return [line for line in result.stdout.splitlines() if line.strip()] if result.returncode else []


def _run(*command: str, cwd: str | None = None, accept: int = 0) -> subprocess.CompletedProcess[str]:
    if shutil.which(command[0]) is None:
        package = "abigail-tools" if command[0].startswith("abi") else command[0]
        raise ToolError(f"{command[0]} is missing; apt-get install {package}")
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if result.returncode & ~accept or result.returncode & (_ERROR | _USAGE) and accept:
        raise ToolError(f"{command[0]}: {(result.stderr or result.stdout).strip()}")
    return result
