#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Facts that argo-conformance is built with, as one JSON file: those of the registry, and the text of the cases.

usage: embed.py --registry argo.yaml --suite DIR --out facts.json
"""

import argparse
import hashlib
import json
import pathlib

import yaml


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--registry", type=pathlib.Path, required=True)
    arguments.add_argument("--suite", type=pathlib.Path, required=True)
    arguments.add_argument("--out", type=pathlib.Path, required=True)
    given = arguments.parse_args()

    text = given.registry.read_bytes()
    registry = yaml.safe_load(text)
    facts = {
        "registry": {
            "major": registry["abi"]["major"],
            "minor": registry["abi"]["minor"],
            "sha256": hashlib.sha256(text).hexdigest(),
            "mechanisms": [mechanism["name"].lower() for mechanism in registry["mechanisms"]],
            "implementations": {
                str(known["number"]): known["name"].lower() for known in registry["implementations"]
            },
        },
        "sources": {
            f"conformance/suite/{path.name}": path.read_text(encoding="utf-8")
            for path in sorted(given.suite.glob("*.cpp"))
        },
    }
    given.out.write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
