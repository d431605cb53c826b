#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The targets model, kvm and absent with the suite itself: they agree, and one that dies costs one case."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["ARGO_CONFORMANCE"]
VMM = pathlib.Path(PROGRAM).with_name("argo-vmm")
IMAGE = pathlib.Path(PROGRAM).with_name("argo-guest.elf")
BAD = {"FAIL", "CRASH", "WEDGED", "ERROR", "XPASS"}


def kvm_works():
    return (
        VMM.exists()
        and IMAGE.exists()
        and subprocess.run([VMM, "probe"], capture_output=True).returncode == 0
    )


needs_kvm = unittest.skipUnless(
    kvm_works(), "no usable /dev/kvm, or argo-vmm and argo-guest.elf are not built"
)
NO_VMM = ["--vmm", "/nowhere/argo-vmm"]


class Targets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)

    def verdicts(self, out, target):
        """By the preferred mechanism, which comes first."""
        found = {}
        for case in json.loads((out / target / "results.json").read_text())["cases"]:
            found.setdefault(case["id"], (case["verdict"], case["detail"]))
        return found

    def run_target(self, target, *arguments, code=0):
        out = self.folder / self.id()
        done = subprocess.run(
            [PROGRAM, "run", "--target", target, "--out", out, *arguments], capture_output=True, text=True
        )
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return self.verdicts(out, target)

    def assert_negative_control(self, absent):
        listed = json.loads(
            subprocess.run([PROGRAM, "list", "--json"], capture_output=True, check=True).stdout
        )["cases"]
        listed = [case for case in listed if case["profile"] not in ("fuzz", "bench")]
        self.assertEqual(list(absent), [case["id"] for case in listed])
        for case in listed:
            self.assertNotIn(absent[case["id"]][0], BAD, f"{case['id']}: {absent[case['id']]}")
            if case["profile"].startswith("core-"):
                self.assertNotEqual(absent[case["id"]][0], "PASS", case["id"])

    def test_absent_from_the_model(self):
        self.assert_negative_control(self.run_target("absent", *NO_VMM))

    @needs_kvm
    def test_absent_from_a_machine(self):
        self.assert_negative_control(self.run_target("absent"))

    @needs_kvm
    def test_model_and_kvm_agree(self):
        self.run_target("model")
        self.run_target("kvm")
        agree(self, self.folder / self.id(), "model", "kvm")

    def test_seeds_decide_no_verdict(self):
        said = [self.run_target("model", "--seed", seed) for seed in ("7", "7", "8", "0xffffffffffffffff")]
        for again in said[1:]:
            self.assertEqual(again, said[0])

    def test_model_by_every_mechanism(self):
        for mechanism in ("msr", "mmio", "pio", "vmcall", "cpuid"):
            self.run_target("model", "--filter", "query.*,sendv.*", "--mechanism", mechanism)
            cases = json.loads((self.folder / self.id() / "model" / "results.json").read_text())["cases"]
            self.assertEqual({case["mechanism"] for case in cases}, {mechanism})
            self.assertIn("PASS", {case["verdict"] for case in cases})

    @unittest.skipUnless(
        IMAGE.exists() and shutil.which("qemu-system-x86_64"), "no QEMU, or argo-guest.elf is not built"
    )
    def test_the_example_of_plain_qemu(self):
        script = pathlib.Path(__file__).resolve().parents[3] / "examples" / "targets" / "qemu.sh"
        out = self.folder / self.id()
        done = subprocess.run(
            [PROGRAM, "run", "--target", f"exec:{script}", "--filter", "query.*,sendv.*", "--out", out],
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual({said[0] for said in self.verdicts(out, "exec-qemu").values()}, {"NOT_SUPPORTED"})

    def kill_in_mid_run(self, target, program, filters):
        """SIGKILL for the program behind a target: one CRASH, and the other cases have the verdicts that they have anyway."""
        expected = self.run_target(target, "--filter", filters)
        out = self.folder / f"{target}-killed"
        child = subprocess.Popen(
            [PROGRAM, "run", "--target", target, "--filter", filters, "--out", out],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        log = out / target / "console.log"
        wanted = list(expected)[len(expected) // 3]
        while f"begin {wanted}" not in (log.read_text() if log.exists() else ""):
            self.assertIsNone(child.poll(), "it ended before anybody killed it")
            time.sleep(0.001)
        os.kill(child_of(child.pid, program), signal.SIGKILL)
        output, _ = child.communicate(timeout=300)
        self.assertEqual(child.returncode, 1, output)
        found = self.verdicts(out, target)
        crashed = [case for case in found if found[case][0] == "CRASH"]
        self.assertEqual(len(crashed), 1, output)
        self.assertIn("signal 9", found[crashed[0]][1])
        for case, (verdict, _) in expected.items():
            if case not in crashed:
                self.assertEqual(found[case][0], verdict, case)

    @needs_kvm
    def test_kvm_is_killed(self):
        self.kill_in_mid_run("kvm", VMM, "register.*")

    @needs_kvm
    def test_log_of_kvm_says_the_same(self):
        live = self.run_target("kvm", "--filter", "query.*")
        out = self.folder / self.id()
        subprocess.run(
            [PROGRAM, "ingest", out / "kvm" / "console.log", "--filter", "query.*", "--out", out],
            check=True,
            capture_output=True,
        )
        self.assertEqual(self.verdicts(out, "log"), live)


def agree(test, out, model, other, without_policy=False):
    """Every result of the other target is the model's, but for mechanisms that it does not offer, and where it has no policy."""
    read = lambda target: json.loads((out / target / "results.json").read_text())
    by_both = lambda results: {(case["id"], case["mechanism"]): case["verdict"] for case in results["cases"]}
    expected, results = by_both(read(model)), read(other)
    profile = {case["id"]: case["profile"] for case in results["cases"]}
    for (case, mechanism), verdict in by_both(results).items():
        area = case.split(".")[0]
        if area in ("msr", "mmio", "pio", "vmcall", "cpuid") and area not in results["target"]["mechanisms"]:
            test.assertEqual(verdict, "NOT_SUPPORTED", case)
        elif profile[case] == "policy" and without_policy:
            test.assertEqual(verdict, "SKIP", case)
        else:
            test.assertEqual(verdict, expected[case, mechanism], f"{case} by {mechanism}")


def child_of(parent, program):
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            status = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            command = pathlib.Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")[0]
        except OSError:
            continue
        if int(status[1]) == parent and command == os.fsencode(program):
            return int(process)
    raise AssertionError(f"no {program} below {parent}")


if __name__ == "__main__":
    unittest.main()
