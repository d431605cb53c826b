#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Xen under the suite, in an emulated machine. Upstream: it passes what it should, fails what the lists of known failures
say and nothing else; and when it dies, that is no success. With the patches: it passes. Skipped where Xen cannot be built."""
import json
import os
import subprocess
import sys
import tempfile
import tomllib
import unittest
from pathlib import Path

CONFORMANCE = os.environ["ARGO_CONFORMANCE"]
XEN = Path(os.environ["ARGO_XEN"])


def run(target: str, environment: str, *arguments: str, keep: dict[str, str] | None = None) -> tuple[int, dict, str]:
    """Exit code, results, and what was said; what `keep` names is read, too."""
    with tempfile.TemporaryDirectory() as out:
        done = subprocess.run([CONFORMANCE, "run", "--target", target, "--environment", environment, "--out", out,
                               *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=280)
        for name in keep or {}:
            keep[name] = Path(out, target, name).read_text()
        file = Path(out, target, "results.json")
        return done.returncode, json.loads(file.read_text()) if file.exists() else {}, done.stdout + done.stderr


class Patched(unittest.TestCase):
    def good(self, environment: str, mechanisms: list[str], passed: int, *arguments: str) -> None:
        code, results, said = run("xen", environment, "--timeout-factor", "3", *arguments)
        self.assertEqual(code, 0, said)
        self.assertEqual(results["target"]["mechanisms"], mechanisms)
        verdicts = [case["verdict"] for case in results["cases"]]
        self.assertGreaterEqual(verdicts.count("PASS"), passed)
        self.assertLessEqual(set(verdicts), {"PASS", "NOT_SUPPORTED", "SKIP"}, said)
        self.assertEqual({case["environment"] for case in results["cases"]}, {environment})

    def test_pvh_guests(self):
        self.good("PVH", ["msr", "vmcall", "xen"], 300)

    def test_pv_guests(self):
        self.good("PV", ["xen"], 100, "--filter", "address.*,register.*,sendv.*,vector.*,reset.*,discovery.*,lifecycle.a_w*_ring_*")

    def test_major_0_is_upstreams_but_for_what_is_mended(self):
        verdicts = []
        for target in ("xen-stock", "xen"):
            code, results, said = run(target, "PVH", "--profile", "upstream", "--timeout-factor", "3")
            self.assertEqual(code, 0, said)
            verdicts.append({case["id"]: case["verdict"] for case in results["cases"]})
        stock, patched = verdicts
        self.assertGreaterEqual(list(stock.values()).count("PASS"), 38)
        self.assertEqual({case: (stock[case], patched[case]) for case in stock if stock[case] != patched[case]}, {
            "xen.an_error_of_sendv_is_negative": ("KFAIL", "PASS"),
            "xen.who_waits_at_a_ring_that_goes_is_told": ("KFAIL", "PASS"),
            "xen.who_waits_elsewhere_is_told_when_the_ring_goes": ("KFAIL", "PASS"),
            "xen.the_library_takes_refusal_for_the_absence_of_major_1": ("PASS", "NOT_SUPPORTED"),
            "xen.a_denied_question_ends_the_rest": ("NOT_SUPPORTED", "PASS"),  # stock's policy is not enforced
        })


class Stock(unittest.TestCase):
    def known(self, environment: str, passed: int, filter: str = "*", told: str = "", keep: dict[str, str] | None = None) -> None:
        code, results, said = run("xen-stock", environment, "--profile", "core-*,wildcard,upstream", "--filter", filter,
                                  "--timeout-factor", "3", keep=keep)
        self.assertEqual(code, 0, said)
        self.assertEqual(results["target"]["implementation"], "xen")
        self.assertEqual(results["target"]["mechanisms"], ["xen"])
        verdicts = [case["verdict"] for case in results["cases"]]
        self.assertGreaterEqual(verdicts.count("PASS"), passed)
        self.assertGreaterEqual(verdicts.count("KFAIL"), 10)
        self.assertLessEqual(set(verdicts), {"PASS", "KFAIL", "NOT_SUPPORTED", "SKIP"}, said)
        self.assertEqual({case["environment"] for case in results["cases"]}, {told or environment})

    def test_pvh_guests(self):
        self.known("PVH", 100)

    def test_pv_guests(self):
        self.known("PV", 40, "address.*,sendv.*,notify.*")

    def test_upstreams_own_policy_enforced(self):
        files = {"topology.toml": "", "xen.log": ""}
        self.known("policy=upstream", 100, told="PVH,policy=upstream", keep=files)
        topology = tomllib.loads(files["topology.toml"])
        self.assertEqual(Path(topology["policy"]).name, "upstream.policy")
        self.assertEqual({domain["label"] for domain in topology["domain"]}, {"domU_t"})
        self.assertIn(" flask=enforcing ", files["xen.log"])

    def test_without_wildcards(self):
        code, results, said = run("xen-stock", "mac-permissive=0", "--filter", "register.the_wildcard_needs_its_feature,register.a_wildcard*")
        self.assertEqual(code, 0, said)
        verdicts = {case["id"]: case["verdict"] for case in results["cases"]}
        self.assertEqual(verdicts.pop("register.the_wildcard_needs_its_feature"), "PASS", said)
        self.assertEqual(set(verdicts.values()), {"NOT_SUPPORTED"}, said)

    def test_a_xen_that_panics_is_a_crash_and_costs_one_case(self):
        code, results, said = run("xen-stock", "PVH", "--filter", "lifecycle.a_w*_ring_*")
        self.assertEqual(code, 0, said)
        cases = {case["id"]: case for case in results["cases"]}
        self.assertEqual({case: found["verdict"] for case, found in cases.items()},
                         {"lifecycle.a_wildcard_ring_outlives_its_senders": "PASS",
                          "lifecycle.a_waiter_at_a_wildcard_ring_ends": "KFAIL"}, said)
        detail = cases["lifecycle.a_waiter_at_a_wildcard_ring_ends"]["detail"]
        self.assertRegex(detail, "^CRASH: .*Xen panics", said)


if __name__ == "__main__":
    flavour = sys.argv.pop(1)
    built = subprocess.run([XEN / "build.sh", f"--{flavour}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if built.returncode == 4:
        print("skipped: Xen cannot be built here, see above")
        sys.exit(77)
    if built.returncode != 0:
        sys.exit("Xen was not built")
    unittest.main(defaultTest=flavour.title())
