#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What is made from the registry, and whether what is committed is still that.

    generate.py headers --out DIR                     write the C headers
    generate.py layout --lang c|cxx --out FILE        write the layout test of the headers
    generate.py suite --out FILE                      write the rows of errors for the conformance suite
    generate.py grammar --out FILE                    write what calls are made of, for whoever makes them at random
    generate.py check [--headers DIR] [--suite FILE] [--grammar FILE]
                                                      compare what is committed of these with the registry

Exit: 0 done, or nothing differs; 1 something differs; 2 the registry or the command line is wrong.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

import registry
from generate_grammar import grammar
from generate_headers import headers
from generate_layout import layout
from generate_suite import error_rows
from registry_source import RegistryError

ROOT = Path(__file__).resolve().parent.parent
HEADERS = ROOT / "abi-headers" / "include" / "argo"
SUITE = ROOT / "conformance" / "suite" / "error_rows.hpp"
GRAMMAR = ROOT / "conformance" / "suite" / "harness" / "grammar.hpp"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def difference(path: Path, text: str) -> list[str]:
    """What is to say about a file that should hold just this text."""
    if not path.exists():
        return [f"{path}: missing"]
    if path.read_bytes() == text.encode():
        return []
    committed = path.read_bytes().decode(errors="replace")
    diff = difflib.unified_diff(
        committed.split("\n"), text.split("\n"), "committed", "from the registry", lineterm=""
    )
    return ["\n".join([f"{path}: differs from what the registry gives", *diff])]


def differences(directory: Path, expected: dict[str, str]) -> list[str]:
    """What is to say about a directory that should hold just the headers `expected`."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    found = {str(path.relative_to(directory)): path for path in files}
    report = []
    for name, text in expected.items():
        if name not in found:
            report.append(f"{directory / name}: missing")
        else:
            report += difference(found[name], text)
    for name, path in found.items():
        if name not in expected:
            report.append(f"{path}: stray; no area of the registry has this name")
    return report


def check(directory: Path, expected: dict[str, str], files: dict[str, tuple[Path, str]]) -> int:
    stale = {f"headers --out {directory}": differences(directory, expected)}
    stale |= {f"{command} --out {path}": difference(path, text) for command, (path, text) in files.items()}
    for command, report in stale.items():
        if report:
            print("\n\n".join(report))
            print(f"\nRun `tools/generate.py {command}`, and commit what it writes.")
    return 1 if any(stale.values()) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Generate from the registry of the Argo ABI.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("headers", help="write the C headers")
    command.add_argument("--out", type=Path, required=True, metavar="DIR")
    command = commands.add_parser("layout", help="write the layout test of the headers")
    command.add_argument("--lang", choices=("c", "cxx"), required=True)
    command.add_argument("--out", type=Path, required=True, metavar="FILE")
    command = commands.add_parser("suite", help="write the rows of errors for the conformance suite")
    command.add_argument("--out", type=Path, required=True, metavar="FILE")
    command = commands.add_parser("grammar", help="write what calls are made of")
    command.add_argument("--out", type=Path, required=True, metavar="FILE")
    command = commands.add_parser("check", help="compare what is committed with the registry")
    command.add_argument("--headers", type=Path, default=HEADERS, metavar="DIR")
    command.add_argument("--suite", type=Path, default=SUITE, metavar="FILE")
    command.add_argument("--grammar", type=Path, default=GRAMMAR, metavar="FILE")
    for command in commands.choices.values():
        command.add_argument("--registry", type=Path, default=registry.DEFAULT, metavar="FILE")
    return parser


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        source = registry.load(options.registry)
        if options.command == "check":
            files = {
                "suite": (options.suite, error_rows(source)),
                "grammar": (options.grammar, grammar(source)),
            }
            return check(options.headers, headers(source), files)
        if options.command == "headers":
            for name, text in headers(source).items():
                write(options.out / name, text)
        elif options.command == "suite":
            write(options.out, error_rows(source))
        elif options.command == "grammar":
            write(options.out, grammar(source))
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
