#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The book: HTML, PDF, its obligations and their traceability as JSON, and the gates before them.

    docs.py build --out DIR [--cases FILE] [--results FILE...] [--mutants FILE]
        DIR/html, DIR/argo-abi.pdf, DIR/requirements.json, DIR/traceability.json, unless nothing changed
        --no-pdf: quickly, to look at while writing
    docs.py check [--cases FILE]
        the gates alone
    docs.py accept [--retire ID...] [--reword ID...]
        enter new obligations and new revisions into the ledger, spec/abi/obligations.json

Exit: 0 done; 1 a gate, a warning or a link is wrong, one line for each; 2 the command line or a given file
is.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import shutil
import sys
from pathlib import Path

import docs_evidence
import docs_gates
import docs_ledger
import docs_links
import docs_trace
from docs_evidence import Evidence, EvidenceError
from docs_gates import Tree
from docs_ledger import LedgerError
from registry_source import RegistryError
from requirements import BookError

ROOT = Path(__file__).resolve().parent.parent


class Failure(Exception):
    """What is wrong, one line each."""


def build(options: argparse.Namespace) -> None:
    evidence = docs_evidence.read(options.cases, options.results, options.mutants)
    tree = checked(options.root, evidence)
    out: Path = options.out.resolve()
    stamp, now = out / ".stamp", _digest(options)
    outputs = [
        out / "html" / "index.html",
        out / "argo-abi.pdf",
        out / "requirements.json",
        out / "traceability.json",
    ]
    if all(path.exists() for path in outputs) and stamp.exists() and stamp.read_text() == now:
        print(f"{out}: nothing changed")
        return
    out.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    rows = docs_trace.matrix(tree.obligations, evidence)
    _write(
        out / "requirements.json", {"requirements": [dataclasses.asdict(each) for each in tree.obligations]}
    )
    _write(out / "traceability.json", docs_trace.as_json(rows, evidence))
    for page in (out / "html").glob("*.html"):
        # Sphinx makes search.html itself, and not again when no chapter has changed.
        if page.stem != "search" and not (options.root / "spec" / f"{page.stem}.rst").exists():
            page.unlink()  # of a chapter that is gone
    _sphinx(options, "html", out / "html", out / ".doctrees")
    shutil.copy(out / "traceability.json", out / "html")
    paper = out / ".paper"
    if options.pdf:
        _sphinx(options, "singlehtml", paper, out / ".doctrees", "paper")
    faults = docs_links.check(out / "html") + (docs_links.check(paper) if options.pdf else [])
    if faults:
        raise Failure("\n".join(faults))
    if options.pdf:
        pages = _print(paper / "index.html", out / "argo-abi.pdf")
        stamp.write_text(now)
    what = f"html, argo-abi.pdf ({pages} pages)" if options.pdf else "html"
    print(f"{out}: {what}, {len(tree.obligations)} obligations")


def checked(root: Path, evidence: Evidence) -> Tree:
    tree = docs_gates.read(root)
    problems = docs_gates.check(tree, evidence)
    if problems:
        raise Failure("\n".join(map(str, problems)))
    return tree


def check(options: argparse.Namespace) -> None:
    evidence = docs_evidence.read(options.cases, [], None)
    tree = checked(options.root, evidence)
    tested = "" if evidence.cases is None else f", {len(evidence.cases)} cases"
    print(
        f"{len(tree.obligations)} obligations{tested}: every gate holds"
        + ("; without --cases nobody knows which are tested" if evidence.cases is None else "")
    )


def accept(options: argparse.Namespace) -> None:
    tree = docs_gates.read(options.root)
    before = docs_ledger.read(tree.ledger)
    after = docs_ledger.accept(before, tree.obligations, options.retire, options.reword)
    changed = [identity for identity in after if after[identity] != before.get(identity)]
    docs_ledger.write(tree.ledger, after)
    for identity in changed:
        entry = after[identity]
        print(f"{identity}~{entry.revision}" + (" retired" if entry.retired else ""))
    print(f"{tree.ledger}: {len(changed)} of {len(after)} changed")


def _sphinx(options: argparse.Namespace, builder: str, out: Path, doctrees: Path, *tags: str) -> None:
    from sphinx.cmd.build import build_main

    settings = {
        "argo_cases": options.cases or "",
        "argo_mutants": options.mutants or "",
        "argo_results": ":".join(str(path.resolve()) for path in options.results),
    }
    arguments = ["-q", "-W", "--keep-going", "-b", builder, "-d", str(doctrees), "-j", "2"]
    arguments += [part for tag in tags for part in ("-t", tag)]
    arguments += [
        part
        for name, value in settings.items()
        for part in ("-D", f"{name}={value.resolve() if isinstance(value, Path) else value}")
    ]
    if build_main([*arguments, str(options.root / "spec"), str(out)]):
        raise Failure("Sphinx found something wrong, see above")


def _print(page: Path, pdf: Path) -> int:
    import docs_pdf

    try:
        return docs_pdf.write(page, pdf)
    except docs_pdf.PrintError as error:
        raise Failure(str(error)) from None


def _digest(options: argparse.Namespace) -> str:
    """Of everything that the outputs are made from."""
    digest = hashlib.sha256()
    given = [path for path in [options.cases, *options.results, options.mutants] if path]
    sources = [
        *sorted((options.root / "spec").rglob("*")),
        *sorted((options.root / "tools").glob("*.py")),
        *given,
    ]
    for path in sources:
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _write(path: Path, data: object) -> None:
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Build and check the book of the Argo ABI.")
    parser.add_argument("--root", type=Path, default=ROOT, metavar="DIR", help="a copy of the repository")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("build", help="check everything and write all outputs")
    command.set_defaults(run=build)
    command.add_argument("--out", type=Path, required=True, metavar="DIR")
    command.add_argument(
        "--cases", type=Path, metavar="FILE", help="what argo-conformance list --json prints"
    )
    command.add_argument(
        "--results",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="results.json of a target",
    )
    command.add_argument("--mutants", type=Path, metavar="FILE")
    command.add_argument("--no-pdf", dest="pdf", action="store_false", help="HTML and JSON alone")
    command = commands.add_parser("check", help="the gates alone")
    command.set_defaults(run=check)
    command.add_argument("--cases", type=Path, metavar="FILE")
    command = commands.add_parser("accept", help="enter new obligations and revisions into the ledger")
    command.set_defaults(run=accept)
    command.add_argument("--retire", nargs="+", default=[], metavar="ID", help="these are gone for good")
    command.add_argument(
        "--reword", nargs="+", default=[], metavar="ID", help="these say the same in other words"
    )
    return parser


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (Failure, BookError, LedgerError) as error:
        print(error, file=sys.stderr)
        return 1
    except (RegistryError, EvidenceError) as error:
        print(error, file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        package = {"sphinx": "python3-sphinx"}.get(str(error.name).split(".", maxsplit=1)[0], error.name)
        print(f"docs.py: Python's {error.name} is missing; apt-get install {package}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"docs.py: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
