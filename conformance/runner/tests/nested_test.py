#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Target kvm-nested: with a scripted machine, every way in which it can end; with the real one, that it agrees with the
model, that a machine that dies costs one case, and that an older kernel will do."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from command import CATALOGUE, HERE, CommandTest
from targets_test import BAD, PROGRAM, agree, child_of

NESTED = pathlib.Path(PROGRAM).with_name("argo-nested")


class Scripted(CommandTest):
    def setUp(self):
        super().setUp()
        programs = self.folder / "bin"
        programs.mkdir()
        self.program = programs / "argo-conformance"
        try:
            os.link(PROGRAM, self.program)
        except OSError:
            shutil.copy(PROGRAM, self.program)
        (programs / "argo-nested").symlink_to(HERE / "fake_nested.py")
        self.boots_file = self.folder / "boots"

    def run_nested(self, *arguments, scenario=None, code=None, does="", troubles="{}"):
        command = [self.program, "--catalogue", CATALOGUE, "run", "--target", "kvm-nested", *self.fake_options()]
        done = subprocess.run(
            [*map(str, command), *arguments],
            env=self.environment(scenario, FAKE_NESTED=does, FAKE_BOOTS=str(self.boots_file), FAKE_TROUBLES=troubles),
            capture_output=True,
            text=True,
            timeout=100,
        )
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def boots(self):
        return len(self.boots_file.read_text().splitlines())

    def test_all_is_well(self):
        done = self.run_nested(code=0)
        self.assert_verdicts("kvm-nested")
        environment = {case["environment"] for case in self.results("kvm-nested")["cases"]}
        self.assertEqual(environment, {"image, Linux 6.12.0-fake, QEMU 9.9.9, SVM emulated"})
        self.assertIn("getting a kernel", done.stderr)

    def test_environments_are_those_of_kvm(self):
        self.run_nested("--environment", "x2apic", code=0)
        self.assertIn("image,x2apic, Linux", self.results("kvm-nested")["cases"][0]["environment"])

    def test_an_environment_that_its_kernel_lacks_is_told(self):
        trouble = json.dumps({"irqchip=split": "this KVM splits nothing"})
        done = self.run_nested("--environment", "irqchip=split", code=4, troubles=trouble)
        self.assertIn("target kvm-nested: this KVM splits nothing", done.stderr)

    def test_a_guest_crashes_and_the_machine_goes_on(self):
        self.run_nested(scenario={"sendv.empty_message": "crash"}, code=1)
        self.assert_verdicts("kvm-nested", sendv_empty_message="CRASH")
        self.assertEqual(self.boots(), 1)

    def test_the_vmm_crashes_and_the_machine_goes_on(self):
        self.run_nested(scenario={"sendv.to_peer": "vmm-killed"}, code=1)
        self.assert_verdicts("kvm-nested", sendv_to_peer="CRASH")
        self.assertIn("exit code 137", self.detail("sendv.to_peer", "kvm-nested"))
        self.assertEqual(self.boots(), 1)

    def test_a_guest_hangs(self):
        self.run_nested("--timeout-factor", "0.05", scenario={"query.answers": "wedge"}, code=1)
        self.assert_verdicts("kvm-nested", query_answers="WEDGED")

    def test_the_machine_dies(self):
        self.run_nested(scenario={"sendv.to_peer": "machine-killed"}, code=1)
        self.assert_verdicts("kvm-nested", sendv_to_peer="CRASH")
        self.assertIn("signal 9", self.detail("sendv.to_peer", "kvm-nested"))
        self.assertEqual(self.boots(), 2)

    def test_what_was_found_stays_when_the_machine_does_not_come_back(self):
        self.run_nested(scenario={"sendv.to_peer": "machine-killed"}, code=1, does="once")
        found = self.verdicts("kvm-nested")
        self.assertEqual(found["sendv.to_peer"], "CRASH")
        self.assertEqual(found["query.answers"], "PASS")
        self.assertEqual(list(found.values())[-1], "ERROR")
        self.assertIn("not to be had", self.detail(list(found)[-1], "kvm-nested"))

    def test_it_is_not_to_be_had(self):
        done = self.run_nested(code=4, does="unavailable")
        self.assertIn("Debian's kernel 6.12 is not to be had", done.stderr)

    def test_its_kvm_is_of_no_use(self):
        done = self.run_nested(code=4, does="unusable")
        self.assertIn("/dev/kvm: no such device", done.stderr)

    def test_its_kernel_dies(self):
        done = self.run_nested(code=4, does="off")
        self.assertIn("Kernel panic - not syncing: it was told to", done.stderr)


def missing():
    if os.environ.get("ARGO_SKIP_NESTED"):
        return "ARGO_SKIP_NESTED is set"
    for series in ("6.12", "6.1"):
        done = subprocess.run([NESTED, "--kernel", series, "--prepare"], capture_output=True, text=True)
        if done.returncode != 0:
            return done.stderr.strip()
    return ""


class Real(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if reason := missing():
            raise unittest.SkipTest(reason)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)

    def run_it(self, *arguments, out, code=0):
        done = subprocess.run(
            [PROGRAM, "run", "--out", self.folder / out, *arguments], capture_output=True, text=True
        )
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads((self.folder / out / "kvm-nested" / "results.json").read_text())

    def test_agrees_with_the_model(self):
        results = self.run_it("--target", "model,kvm-nested", out="both")
        self.assertEqual(results["target"]["mechanisms"], ["msr", "mmio", "pio", "vmcall"])
        self.assertEqual({case["mechanism"] for case in results["cases"]}, {"msr", "mmio", "pio", "vmcall"})
        agree(self, self.folder / "both", "model", "kvm-nested", without_policy=True)

    def test_another_kernel(self):
        results = self.run_it("--target", "kvm-nested", "--kernel", "6.1", "--filter", "msr.*,mmio.*,pio.*", out="old")
        self.assertEqual({case["verdict"] for case in results["cases"]}, {"PASS"})
        self.assertIn("Linux 6.1.", results["cases"][0]["environment"])
        self.assertNotIn("vmcall", results["target"]["mechanisms"])

    def test_the_machine_is_killed(self):
        long = "notify.no_wake_up_is_lost_between_a_refusal_and_space"
        out = self.folder / "killed"
        child = subprocess.Popen(
            [PROGRAM, "run", "--target", "kvm-nested", "--mechanism", "msr", "--filter", f"query.*,{long}", "--out", out],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        log = out / "kvm-nested" / "console.log"
        while f"begin {long}" not in (log.read_text() if log.exists() else ""):
            self.assertIsNone(child.poll(), "it ended before anybody killed it")
            time.sleep(0.01)
        os.kill(child_of(child.pid, "qemu-system-x86_64"), signal.SIGKILL)
        output, _ = child.communicate(timeout=600)
        self.assertEqual(child.returncode, 1, output)
        cases = json.loads((out / "kvm-nested" / "results.json").read_text())["cases"]
        self.assertEqual([case["verdict"] for case in cases if case["verdict"] in BAD], ["CRASH"], output)


if __name__ == "__main__":
    unittest.main()
