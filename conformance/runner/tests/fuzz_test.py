#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Random calls from inside the domains of each target that this machine has: some rounds of a seed that stays the same.
They run where they are asked for, and nowhere else."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from nested_test import missing
from targets_test import PROGRAM, needs_kvm

XEN = pathlib.Path(os.environ["ARGO_XEN"])
TOLD = re.compile(r"\[lead\] fuzz: seeds (\d+) to (\d+), (\d+) calls; accepted of: (.*)")


def xen_is_built():
    built = subprocess.run([XEN / "build.sh", "--patched", "--if-built"], capture_output=True, stdin=subprocess.DEVNULL)
    return built.returncode == 0


class Fuzz(unittest.TestCase):
    def command(self, out, *arguments):
        command = [PROGRAM, "run", "--out", out, *arguments]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=280)

    def fuzz(self, target, environment, *arguments):
        """Both cases pass, and have done what they say."""
        with tempfile.TemporaryDirectory() as folder:
            arguments = ["--target", target, "--environment", environment, "--profile", "fuzz", "--seed", "41", *arguments]
            done = self.command(folder, "--timeout-factor", "3", *arguments)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            found = pathlib.Path(folder, target)
            cases = json.loads((found / "results.json").read_text())["cases"]
            self.assertEqual([case["verdict"] for case in cases], ["PASS", "PASS"])
            told = TOLD.findall((found / "console.log").read_text(errors="replace"))
        self.assertEqual([(first, last) for first, last, *_ in told], [("41", "43")] * 2)
        for _, _, calls, accepted in told:
            self.assertGreater(int(calls), 1000)
            counts = {name: count.split("/")[0] for name, count in re.findall(r"(\w+) (\d+/\d+)", accepted)}
            for operation in ("query", "register_ring", "unregister_ring", "sendv", "notify"):
                self.assertNotEqual(counts[operation], "0", operation)

    def test_the_model(self):
        self.fuzz("model", "")

    @needs_kvm
    def test_kvm(self):
        self.fuzz("kvm", "xapic")

    def test_stock_kvm(self):
        if reason := missing():
            self.skipTest(reason)
        self.fuzz("kvm-nested", "xapic")

    @unittest.skipUnless(xen_is_built(), "Xen is not built")
    def test_xen(self):
        for environment in ("PVH", "PV"):
            with self.subTest(environment):
                self.fuzz("xen", environment)

    def test_seconds_are_seconds(self):
        with tempfile.TemporaryDirectory() as folder:
            done = self.command(folder, "--target", "model", "--profile", "fuzz", "--filter", "*all*", "--fuzz", "2")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            case = json.loads(pathlib.Path(folder, "model", "results.json").read_text())["cases"][0]
        self.assertGreater(case["duration_us"], 900_000)

    def test_only_where_it_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            done = self.command(folder, "--target", "model", "--filter", "fuzz.*")
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
            self.assertIn("--profile fuzz", done.stderr)
            done = self.command(folder, "--target", "model", "--profile", "*", "--filter", "fuzz.*,query.*", "--mechanism", "msr")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            cases = json.loads(pathlib.Path(folder, "model", "results.json").read_text())["cases"]
        self.assertEqual([case for case in cases if case["profile"] == "fuzz"], [])


if __name__ == "__main__":
    unittest.main()
