# SPDX-License-Identifier: MIT
"""The annex of findings has every case that is known to fail on upstream Xen, and names no case for which that is not so."""

import re
import tomllib
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CASE = re.compile(r"``([a-z]+\.[a-z0-9]+(?:_[a-z0-9]+)+)``")


class Findings(unittest.TestCase):
    def test_cases(self):
        lists = (ROOT / "reference-impl" / "xen").glob("known-failures*.toml")
        known = {row["case"] for file in lists for row in tomllib.loads(file.read_text())["known-failure"]}
        told = set(CASE.findall((ROOT / "spec" / "findings.rst").read_text()))
        self.assertEqual(known - told, set(), "known to fail, and not told")
        self.assertEqual(told - known, set(), "told, and not known to fail")


if __name__ == "__main__":
    unittest.main()
