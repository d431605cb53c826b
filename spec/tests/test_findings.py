# SPDX-License-Identifier: MIT
"""The annex of findings has every case that is known to fail on upstream Xen, and outside of the table of suspicions none for
which that is not so. There, too, a case is one of the suite's."""

import re
import tomllib
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CASE = re.compile(r"``([a-z]+\.[a-z0-9]+(?:_[a-z0-9]+)+)``")


def cases() -> set[str]:
    text = "".join(file.read_text() for file in (ROOT / "conformance" / "suite").glob("*.cpp"))
    return {".".join(name) for name in re.findall(r"^CASE\((\w+), (\w+),", text, re.MULTILINE)}


class Findings(unittest.TestCase):
    def test_cases(self):
        lists = (ROOT / "reference-impl" / "xen").glob("known-failures*.toml")
        known = {row["case"] for file in lists for row in tomllib.loads(file.read_text())["known-failure"]}
        before, label, after = (ROOT / "spec" / "findings.rst").read_text().partition(".. _findings-open:")
        suspicions, label, more = after.partition(".. _findings-")
        told = set(CASE.findall(before + more))
        self.assertEqual(known - told, set(), "known to fail, and not told")
        self.assertEqual(told - known, set(), "told, and not known to fail")
        self.assertEqual(set(CASE.findall(suspicions)) - cases(), set(), "no case of the suite's")


if __name__ == "__main__":
    unittest.main()
