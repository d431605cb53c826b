#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A stand-in for xl: domids are given one after the other and never twice, a domain that is unpaused prints its command
line and stays until it is destroyed, and a console ends with its domain or with its input. Everything is in $FAKE_XL."""

import os
import select
import sys
from pathlib import Path

HERE = Path(os.environ["FAKE_XL"])


def setting(config: str, key: str) -> str:
    values = [line.split(" = ", 1)[1] for line in config.splitlines() if line.startswith(f"{key} = ")]
    return values[0].strip('"')


def domain(name: str) -> Path:
    path = HERE / name
    if not path.exists():
        sys.exit(f"{name} is an invalid domain identifier (rc=-6)")
    return path


def create(file: str) -> None:
    config = Path(file).read_text()
    path = HERE / setting(config, "name")
    path.mkdir()  # fails if it is there
    last = HERE / "last-domid"
    domid = int(last.read_text()) + 1
    last.write_text(str(domid))
    (path / "domid").write_text(str(domid))
    (path / "config").write_text(config)


def destroy(path: Path) -> None:
    path.rename(HERE / f"gone-{(path / 'domid').read_text()}")


def console(path: Path) -> None:
    alive = (path / "domid").read_text()
    says = setting((path / "config").read_text(), "cmdline")
    said = False
    while (path / "domid").exists() and (path / "domid").read_text() == alive:
        if not said and (path / "running").exists():
            print(f"domid={alive} {says}", flush=True)
            said = True
        if select.select([sys.stdin], [], [], 0.02)[0] and not os.read(0, 60):
            sys.exit(1)


def main() -> None:
    *options, last = sys.argv[2:]
    with open(HERE / "calls", "a", encoding="utf-8") as calls:
        calls.write(" ".join([sys.argv[1], *options, Path(last).name]) + "\n")
    match sys.argv[1]:
        case "create":
            create(last)
        case "domid":
            print((domain(last) / "domid").read_text())
        case "destroy":
            destroy(domain(last))
        case "unpause":
            (domain(last) / "running").touch()
        case "console":
            console(domain(last))
        case other:
            sys.exit(f"no such command: {other}")


main()
