#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The registry of the ABI, spec/registry/argo.yaml: everything that is generated from it starts with load().

registry_source.py reads YAML and keeps lines, registry_model.py says what a registry holds,
registry_schema.py puts the one into the other, registry_check.py checks what no type can say.

    registry.py check [FILE]        exit 0: consistent; 2: not, with one line that says where and why
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import registry_check
import registry_schema
import registry_source
from registry_model import Registry
from registry_source import RegistryError

DEFAULT = Path(__file__).resolve().parent.parent / "spec" / "registry" / "argo.yaml"


def load(path: Path = DEFAULT) -> Registry:
    """The registry, checked. RegistryError if there is anything wrong with it."""
    result: Registry = registry_schema.build(Registry, path.name, registry_source.read(path))
    registry_check.check(path.name, result)
    return result


def sha256(path: Path = DEFAULT) -> str:
    """What a result names as the registry it was made for."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Check the registry of the Argo ABI.")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="say whether a registry is well-formed and consistent")
    check.add_argument("file", nargs="?", type=Path, default=DEFAULT, metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        load(options.file)
    except RegistryError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
