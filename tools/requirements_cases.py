# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The suite's list of cases, and whether the obligations that it names exist.

    [{"id": "sendv.name", "requirements": ["ARGO-SENDV-012", ...]}, ...]

Other keys of a case are not looked at.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from requirements_rst import Problem


def read(path: Path, problems: list[Problem]) -> dict[str, list[str]]:
    """The obligations that each case names."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        problems.append(Problem(str(path), error.lineno, f"is not JSON: {error.msg}"))
        return {}
    except UnicodeDecodeError:
        problems.append(Problem(str(path), 1, "is not UTF-8"))
        return {}
    if not isinstance(data, list):
        problems.append(Problem(str(path), 1, "must be a list of cases"))
        return {}
    cases: dict[str, list[str]] = {}
    for index, case in enumerate(data):
        if not _is_case(case):
            form = '{"id": text, "requirements": [text, ...]}'
            problems.append(Problem(str(path), 1, f"entry {index + 1} must be {form}"))
        elif case["id"] in cases:
            problems.append(Problem(str(path), 1, f"case {case['id']} is listed twice"))
        else:
            cases[case["id"]] = case["requirements"]
    return cases


def _is_case(case: Any) -> bool:
    if not isinstance(case, dict) or not isinstance(case.get("id"), str):
        return False
    names = case.get("requirements")
    return isinstance(names, list) and all(isinstance(each, str) for each in names)


def check(file: str, cases: dict[str, list[str]], known: Collection[str]) -> list[Problem]:
    """Cases that name no obligation, or one that does not exist."""
    problems = []
    for case, names in cases.items():
        if not names:
            problems.append(Problem(file, 1, f"case {case} names no obligation"))
        for name in names:
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                hint = f"; did you mean {close[0]}?" if close else ""
                problems.append(Problem(file, 1, f"case {case} names {name}, which no chapter has{hint}"))
    return problems
