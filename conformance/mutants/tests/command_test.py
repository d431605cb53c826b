#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""argo-mutants as a person runs it: kills, survivors, outputs, exit codes."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import jsonschema

MUTANTS = os.environ["ARGO_MUTANTS"]
CONFORMANCE = os.environ["ARGO_CONFORMANCE"]
CONFORMANCE_DIR = pathlib.Path(__file__).resolve().parent.parent.parent
SCHEMA = json.loads((CONFORMANCE_DIR / "schema" / "mutants.schema.json").read_text())


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = pathlib.Path(folder.name) / "out"

    def call(self, *arguments, code, program=MUTANTS):
        done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=200)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def run_mutants(self, *arguments, code):
        return self.call("run", "--out", self.out, *arguments, code=code)

    def results(self):
        results = json.loads((self.out / "mutants.json").read_text())
        jsonschema.validate(results, SCHEMA)
        return results

    def test_what_is_broken_is_noticed(self):
        done = self.run_mutants("--filter", "ARGO-SENDV-012.*,ARGO-DISCOVERY-009.*", code=0)
        self.assertRegex(done.stdout.splitlines()[-1], r"^[1-9]\d* killed, 0 survived, 0 equivalent; score 100 %$")
        for mutant in self.results()["mutants"]:
            self.assertEqual(mutant["verdict"], "killed")
            self.assertNotEqual(mutant["case"], "")
        self.assertFalse((self.out / "mutants").exists())

    def test_the_case_that_kills_names_the_obligation(self):
        self.run_mutants("--filter", "ARGO-VECTOR-10*", code=0)
        catalogue = json.loads(self.call("list", "--json", code=0, program=CONFORMANCE).stdout)
        named = {case["id"]: case["requirements"] for case in catalogue["cases"]}
        for mutant in self.results()["mutants"]:
            self.assertIn(mutant["requirements"][0], named[mutant["case"]])

    def test_a_survivor_is_told(self):
        done = self.run_mutants("--disarmed", "--filter", "ARGO-QUERY-101.one_byte_less", code=1)
        self.assertIn("SURVIVED   ARGO-QUERY-101.one_byte_less: Accepts a size", done.stdout)
        self.assertTrue(done.stdout.endswith("0 killed, 1 survived, 0 equivalent; score 0 %\n"), done.stdout)
        self.assertEqual(self.results()["summary"], {"killed": 0, "survived": 1, "equivalent": 0})
        self.assertTrue((self.out / "mutants" / "ARGO-QUERY-101.one_byte_less" / "console.log").exists())

    def test_an_equivalent_one_is_no_survivor(self):
        self.run_mutants("--filter", "ARGO-CALL-007.a_read_may_wrap", code=0)
        (mutant,) = self.results()["mutants"]
        self.assertEqual(mutant["verdict"], "equivalent")
        self.assertIn("nobody's memory", mutant["detail"])

    def test_a_filter_that_matches_nothing(self):
        done = self.run_mutants("--filter", "ARGO-SENDV-012.*,ARGO-NOWHERE-*", code=2)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn("no mutant matches 'ARGO-NOWHERE-*'", done.stderr)
        self.assertFalse(self.out.exists())

    def test_a_folder_that_cannot_be(self):
        self.out.write_text("in the way")
        self.assertEqual(self.run_mutants("--filter", "ARGO-RESET-*", code=2).stderr.count("\n"), 1)

    def test_every_mutant_is_listed(self):
        lines = self.call("list", code=0).stdout.splitlines()
        self.assertEqual(lines[-1], f"{len(lines) - 1} mutants")

    def report(self, *arguments, code):
        return self.call("report", "--out", self.out, *arguments, code=code, program=CONFORMANCE)

    def test_the_report_shows_them(self):
        self.run_mutants("--filter", "ARGO-RESET-001.*", code=0)
        self.report("--mutants", self.out / "mutants.json", code=0)
        page = (self.out / "report.html").read_text()
        data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])
        self.assertEqual(data["mutants"], self.results())

    def test_the_report_takes_nothing_else_for_mutants(self):
        self.out.mkdir()
        wrong = self.out / "wrong.json"
        for text, complaint in (("{}", "'schema'"), ("no", "no JSON")):
            wrong.write_text(text)
            self.assertIn(complaint, self.report("--mutants", wrong, code=2).stderr)
        self.assertIn("nothing to report", self.report(code=2).stderr)


if __name__ == "__main__":
    unittest.main()
