#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Counts of a CTest JUnit file: prints `passed failed skipped`, and to stderr why each skipped test was skipped."""

import sys
import xml.etree.ElementTree as xml

suite = xml.parse(sys.argv[1]).getroot()
passed = failed = skipped = 0
for case in suite.iter("testcase"):
    status = case.get("status")
    if status == "run":
        passed += 1
    elif status in ("notrun", "disabled") or case.find("skipped") is not None:
        skipped += 1
        output = (case.findtext("system-out") or "").strip().splitlines()
        reason = next((line for line in output if "kip" in line), "no reason given")
        print(f"skipped: {case.get('name')}: {reason.strip()}", file=sys.stderr)
    else:
        failed += 1
print(passed, failed, skipped)
