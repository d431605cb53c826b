#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# The two lists of names that the library keeps for people, errors and mechanisms, against the registry.
# Usage: registry_names.py REGISTRY INCLUDE-DIRECTORY
import pathlib
import sys

import yaml


def main():
    registry = yaml.safe_load(pathlib.Path(sys.argv[1]).read_text())
    include = pathlib.Path(sys.argv[2])
    errors = (include / "error.hpp").read_text()
    mechanisms = (include / "mechanism.hpp").read_text()

    wanted = [(errors, f"{e.lower()} = ARGO_{e}") for e in registry["errors"]]
    wanted += [(errors, f'case Error::{e.lower()}: return "{e}";') for e in registry["errors"]]
    wanted += [
        (mechanisms, f'case ARGO_MECHANISM_{m["name"]}: return "{m["name"].lower()}";') for m in registry["mechanisms"]
    ]
    missing = [line for text, line in wanted if line not in text]
    print("\n".join(f"missing: {line}" for line in missing) or f"{len(wanted)} lines as the registry has them")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
