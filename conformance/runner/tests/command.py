# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Runs argo-conformance in a temporary folder, with the scripted VMM for target kvm."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = os.environ["ARGO_CONFORMANCE"]
CATALOGUE = HERE / "data" / "catalogue.json"
CASES = [case["id"] for case in json.loads(CATALOGUE.read_text())["cases"]]


class CommandTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.out = self.folder / "out"

    def environment(self, scenario=None, **more):
        return (
            os.environ
            | {
                "FAKE_CATALOGUE": str(CATALOGUE),
                "FAKE_SCENARIO": json.dumps(scenario or {}),
                "FAKE_HEARD": str(self.folder / "heard"),
            }
            | more
        )

    def command(self, *arguments):
        return [PROGRAM, "--catalogue", str(CATALOGUE), *map(str, arguments)]

    def call(self, *arguments, scenario=None, code=None, **environment):
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment(scenario, **environment),
            capture_output=True,
            text=True,
            timeout=100,
        )
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def fake_options(self):
        return ["--vmm", HERE / "fake_vmm.py", "--image", HERE / "fake_vmm.py", "--out", self.out]

    def run_fake(self, *arguments, scenario=None, code=None, **environment):
        """Target kvm, with the scripted VMM."""
        return self.call(
            "run",
            "--target",
            "kvm",
            *self.fake_options(),
            *arguments,
            scenario=scenario,
            code=code,
            **environment
        )

    def results(self, target="kvm"):
        return json.loads((self.out / target / "results.json").read_text())

    def verdicts(self, target="kvm"):
        return {case["id"]: case["verdict"] for case in self.results(target)["cases"]}

    def detail(self, case, target="kvm"):
        return next(c["detail"] for c in self.results(target)["cases"] if c["id"] == case)

    def assert_verdicts(self, target="kvm", default="PASS", **others):
        """Every case of the catalogue has the default verdict but those named (with _ for .)."""
        expected = {case: others.pop(case.replace(".", "_"), default) for case in CASES}
        self.assertEqual(others, {}, "no such case")
        self.assertEqual(self.verdicts(target), expected)
