#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What is made from the registry, and whether what is committed is still that.

    generate.py headers --out DIR                     write the C headers
    generate.py layout --lang c|cxx --out FILE        write the layout test of the headers
    generate.py check [--headers DIR]                 compare the committed headers with the registry

Exit: 0 done, or nothing differs; 1 something differs; 2 the registry or the command line is wrong.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

import registry
from generate_headers import headers
from generate_layout import layout
from registry_source import RegistryError

HEADERS = Path(__file__).resolve().parent.parent / "abi-headers" / "include" / "argo"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def differences(directory: Path, expected: dict[str, str]) -> list[str]:
    """What is to say about a directory that should hold just the headers `expected`."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    found = {str(path.relative_to(directory)): path for path in files}
    report = []
    for name, text in expected.items():
        if name not in found:
            report.append(f"{directory / name}: missing")
        elif found[name].read_bytes() != text.encode():
            committed = found[name].read_bytes().decode(errors="replace")
            diff = difflib.unified_diff(
                committed.split("\n"), text.split("\n"), "committed", "from the registry", lineterm=""
            )
            report.append("\n".join([f"{directory / name}: differs from what the registry gives", *diff]))
    for name, path in found.items():
        if name not in expected:
            report.append(f"{path}: stray; no area of the registry has this name")
    return report


def check(directory: Path, expected: dict[str, str]) -> int:
    report = differences(directory, expected)
    if report:
        print("\n\n".join(report))
        print(f"\nRun `tools/generate.py headers --out {directory}`, and commit what it writes.")
    return 1 if report else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Generate from the registry of the Argo ABI.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("headers", help="write the C headers")
    command.add_argument("--out", type=Path, required=True, metavar="DIR")
    command = commands.add_parser("layout", help="write the layout test of the headers")
    command.add_argument("--lang", choices=("c", "cxx"), required=True)
    command.add_argument("--out", type=Path, required=True, metavar="FILE")
    command = commands.add_parser("check", help="compare the committed headers with the registry")
    command.add_argument("--headers", type=Path, default=HEADERS, metavar="DIR")
    for command in commands.choices.values():
        command.add_argument("--registry", type=Path, default=registry.DEFAULT, metavar="FILE")
    return parser


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        source = registry.load(options.registry)
        if options.command == "check":
            return check(options.headers, headers(source))
        if options.command == "headers":
            for name, text in headers(source).items():
                write(options.out / name, text)
        else:
            write(options.out, layout(source, options.lang))
    except RegistryError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"generate.py: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
