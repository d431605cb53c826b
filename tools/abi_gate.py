#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The ABI against its last release: a breaking change needs a new major, an addition a new minor.

Two views are compared with the baselines in spec/abi: the registry, in words (registry-<version>.yaml), and
the headers' types as a compiler lays them out, by libabigail (baseline-<version>-<64|32>.abi).

    abi_gate.py check                   compare; every change is listed
    abi_gate.py accept [--unreleased]   make the present state the baseline of its version
                                        --unreleased: it has one already, but nobody was given that version

Exit: 0 the version says what changed; 1 it does not; 2 the command line, a file or a tool is wrong.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

import abi_gate_types
import abi_gate_words
import registry
from abi_gate_types import WIDTHS, ToolError
from abi_gate_words import Change
from registry_model import Registry
from registry_source import RegistryError

ROOT = Path(__file__).resolve().parent.parent
Version = tuple[int, int]


class GateError(Exception):
    """There is nothing to compare with, or it cannot be replaced."""


class Tree:
    """A copy of the repository."""

    def __init__(self, root: Path) -> None:
        self.source = root / "spec" / "registry" / "argo.yaml"
        self.headers = root / "abi-headers" / "include"
        self.abi = root / "spec" / "abi"
        self.registry = registry.load(self.source)

    @property
    def version(self) -> Version:
        return self.registry.abi.major, self.registry.abi.minor

    def baselines(self) -> list[Version]:
        found = (
            re.fullmatch(r"registry-(\d+)\.(\d+)\.yaml", path.name)
            for path in self.abi.glob("registry-*.yaml")
        )
        return sorted((int(match[1]), int(match[2])) for match in found if match)

    def registry_of(self, version: Version) -> Path:
        return self.abi / f"registry-{_shown(version)}.yaml"

    def types_of(self, version: Version, width: int) -> Path:
        return self.abi / f"baseline-{_shown(version)}-{width}.abi"


def check(tree: Tree) -> int:
    if not tree.baselines():
        raise GateError(f"{tree.abi}: no baseline; abi_gate.py accept makes one")
    last = tree.baselines()[-1]
    before = registry.load(tree.registry_of(last))
    changes = abi_gate_words.compare(before, tree.registry)
    changes += _types(tree, last, before, changes)
    for change in changes:
        print(change)
    verdict = judge(last, tree.version, changes)
    now = _shown(tree.version)
    print(verdict or f"{len(changes)} changes since {_shown(last)}; the version is {now}, as it should be")
    return 1 if verdict else 0


def judge(last: Version, now: Version, changes: list[Change]) -> str:
    """Why the version does not say what changed; nothing if it does."""
    kinds = {change.kind for change in changes}
    if now < last:
        return f"the version {_shown(now)} is older than the baseline's, {_shown(last)}"
    if "breaking" in kinds and now[0] == last[0]:
        return f"there are breaking changes since {_shown(last)}, and the major is still {now[0]}"
    if "addition" in kinds and now == last:
        return f"there are additions since {_shown(last)}, and the version is still {_shown(now)}"
    return ""


def accept(tree: Tree, unreleased: bool) -> int:
    version = tree.version
    if version in tree.baselines() and not unreleased:
        raise GateError(f"{_shown(version)} has a baseline; if nobody was given that version: --unreleased")
    if tree.baselines() and version < tree.baselines()[-1]:
        raise GateError(f"{_shown(version)} is older than the last baseline, {_shown(tree.baselines()[-1])}")
    tree.abi.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        abi_gate_types.types_of(tree.headers, width, tree.types_of(version, width))
    shutil.copyfile(tree.source, tree.registry_of(version))
    print(f"{tree.abi}: baseline of {_shown(version)}")
    return 0


def _types(tree: Tree, last: Version, before: Registry, changes: list[Change]) -> list[Change]:
    """What libabigail finds and the words do not account for."""
    # A structure that got new fields as it may is known to differ; what else it finds breaks something.
    grown = [
        name
        for name in before.structures
        if any(
            change.kind == "addition" and change.sentence.startswith(f"structure '{name}': ")
            for change in changes
        )
    ]
    result = []
    with tempfile.TemporaryDirectory() as work:
        for width in WIDTHS:
            types = Path(work, f"{width}.abi")
            abi_gate_types.types_of(tree.headers, width, types)
            lines = abi_gate_types.compare(tree.types_of(last, width), types, grown)
            if lines:
                result.append(
                    Change("breaking", f"the types of the {width}-bit headers:\n    " + "\n    ".join(lines))
                )
    return result


def _shown(version: Version) -> str:
    return f"{version[0]}.{version[1]}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Compare the Argo ABI with its last release.")
    parser.add_argument("--root", type=Path, default=ROOT, metavar="DIR", help="a copy of the repository")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="say what changed, and whether the version says so")
    command = commands.add_parser("accept", help="make the present state the baseline of its version")
    command.add_argument(
        "--unreleased", action="store_true", help="replace the baseline of a version not released yet"
    )
    options = parser.parse_args(arguments)
    try:
        tree = Tree(options.root)
        return check(tree) if options.command == "check" else accept(tree, options.unreleased)
    except (GateError, RegistryError, ToolError) as error:
        print(f"abi_gate.py: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"abi_gate.py: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
