# SPDX-License-Identifier: MIT
"""A copy of the tree to plant faults in. Only what the book and its gates read is copied."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import shutil
import sys
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "spec" / "_ext")]


def call(tool: str, *arguments: str) -> tuple[int, str]:
    """Exit code of a tool's main(), and what it said."""
    main: Callable[[list[str]], int] = importlib.import_module(tool).main
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        return main(list(arguments)), said.getvalue()


def copy(source: Path, target: Path) -> None:
    """What the book and its gates read."""
    ignored = shutil.ignore_patterns("__pycache__", "tests")
    for part in ("spec", "abi-headers/include", "examples/storage", "tools"):
        shutil.copytree(source / part, target / part, ignore=ignored)


class ScratchCase(unittest.TestCase):
    """Each test has a copy of its own, made from one that prepare() has seen once for the class."""

    root: Path  # of the copy
    _prepared: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls._prepared = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        copy(ROOT, cls._prepared)
        cls.prepare(cls._prepared)

    @classmethod
    def prepare(cls, root: Path) -> None:
        """The copy's ledger holds what the copy says, whatever the tree's own lacks today."""
        call("docs", "--root", str(root), "accept")

    def setUp(self) -> None:
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        copy(self._prepared, self.root)

    def run_tool(self, name: str, *arguments: str, expect: int = 0) -> str:
        """Calls a tool on the copy; what it said."""
        code, said = call(name, "--root", str(self.root), *arguments)
        self.assertEqual(code, expect, said)
        return said

    def file(self, name: str) -> Path:
        return self.root / name

    def replace(self, name: str, old: str, new: str) -> None:
        """Plants a fault. What it replaces must be there, or the test would plant nothing."""
        text = self.file(name).read_text(encoding="utf-8")
        self.assertIn(old, text, f"{name} does not hold what this test replaces")
        self.file(name).write_text(text.replace(old, new, 1), encoding="utf-8")

    def append(self, name: str, text: str) -> None:
        with self.file(name).open("a", encoding="utf-8") as file:
            file.write(text)

    def cases(self, **changes: list[str] | None) -> str:
        """A list with a case for each obligation without reason. `changes`: cases by ID, `a__b` for a.b."""
        import docs_gates

        obligations = docs_gates.read(self.root).obligations
        named = {f"{each.chapter}.case_{each.id[-3:]}": [each.id] for each in obligations if not each.reason}
        for identity, requirements in changes.items():
            identity = identity.replace("__", ".")
            if requirements is None:
                del named[identity]
            else:
                named[identity] = requirements
        path = self.file("cases.json")
        path.write_text(
            json.dumps(
                [
                    {
                        "id": identity,
                        "profile": "core-loopback",
                        "requirements": requirements,
                        "file": f"conformance/suite/{identity.split('.')[0]}.cpp",
                        "line": 10,
                    }
                    for identity, requirements in named.items()
                ]
            )
        )
        return str(path)
