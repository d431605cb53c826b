#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Profile bench: what it counts in a guest is as it should be, whatever the time. A host counts whole boots, so each count
is the difference of two runs that differ in their rounds."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from targets_test import PROGRAM, needs_kvm

FEW, MANY = 40, 240
NOISE = 8  # exits and events of the harness, which looks again when it has waited for long


class Bench(unittest.TestCase):
    def run_it(self, target, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            command = [PROGRAM, "run", "--target", target, "--profile", "bench", "--mechanism", "msr", "--out", folder]
            done = subprocess.run(
                [*command, "--timeout-factor", "3", *arguments], capture_output=True, text=True, timeout=280
            )
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            results = json.loads(pathlib.Path(folder, target, "results.json").read_text())
        self.assertEqual({case["verdict"] for case in results["cases"]}, {"PASS"})
        return {figure["name"]: figure["value"] for figure in results["figures"]}

    def test_every_figure_of_the_model(self):
        figures = self.run_it("model", "--rounds", "32")
        for name in ("empty.msr", "send.64", "send.4096", "send.65536", "round_trip", "floor"):
            self.assertIn(f"{name}.median", figures)
            self.assertGreaterEqual(figures[f"{name}.median"], figures[f"{name}.least"])
        for size in (64, 4096, 65536):
            self.assertEqual(figures[f"send.{size}.events"], 0)

    @needs_kvm
    def test_counts_of_kvm(self):
        few, many = (
            self.run_it("kvm", "--filter", "bench.sends_of_64_*", "--rounds", str(rounds)) for rounds in (FEW, MANY)
        )
        more = {name: many[name] - few[name] for name in many if name.startswith("host.")}
        messages = MANY - FEW
        self.assertAlmostEqual(more["host.messages"], messages, delta=NOISE)
        self.assertAlmostEqual(more["host.exits"], messages, delta=NOISE)  # one for each message
        self.assertAlmostEqual(more["host.events"], 0, delta=NOISE)  # none to a receiver that polls
        self.assertEqual(more["host.copied_bytes"], more["host.payload_bytes"])  # one copy of each byte
        self.assertEqual((few["send.64.events"], many["send.64.events"]), (0, 0))


if __name__ == "__main__":
    unittest.main()
