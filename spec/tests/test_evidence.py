# SPDX-License-Identifier: MIT
"""Evidence is read as it is written, and what is no evidence is refused with a sentence."""

import json
import tempfile
import unittest
from pathlib import Path

import scratch  # noqa: F401  puts the tools on the path
import docs_evidence
import docs_trace
from docs_evidence import EvidenceError
from requirements import Requirement

CASE = {
    "id": "query.a",
    "profile": "core-loopback",
    "requirements": ["ARGO-QUERY-001"],
    "file": "query.cpp",
    "line": 3,
}
RESULTS = {
    "suite": {"version": "1.0.0", "commit": "0123456789abcdef"},
    "target": {"name": "kvm"},
    "cases": [
        {"id": "query.a", "arch": "x86_64", "verdict": "PASS"},
        {"id": "query.a", "arch": "x86_64", "verdict": "FAIL"},
    ],
    "requirements": [{"id": "ARGO-QUERY-001", "revision": 1, "verdict": "FAIL"}],
}
MUTANT = {"id": "query.m", "requirements": ["ARGO-QUERY-001"], "verdict": "killed", "case": "query.a"}


def obligation(identity: str, revision: int = 1, reason: str | None = None) -> Requirement:
    return Requirement(
        identity,
        revision,
        "hypervisor",
        "MUST",
        "core-loopback",
        "auto",
        reason,
        "1.0",
        "It MUST.",
        "query",
        1,
    )


class EvidenceCase(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.work = Path(work.name)

    def file(self, name: str, data: object) -> Path:
        path = self.work / name
        path.write_text(data if isinstance(data, str) else json.dumps(data))
        return path

    def refused(self, sentence: str, **given):
        with self.assertRaisesRegex(EvidenceError, sentence):
            docs_evidence.read(given.get("cases"), given.get("results", []), given.get("mutants"))


class Reading(EvidenceCase):
    def test_nothing_given(self):
        evidence = docs_evidence.read(None, [], None)
        self.assertIsNone(evidence.cases)
        self.assertIsNone(evidence.mutants)

    def test_all_given(self):
        evidence = docs_evidence.read(
            self.file("c", [CASE]), [self.file("r", RESULTS)], self.file("m", [MUTANT])
        )
        self.assertEqual([case.id for case in evidence.cases_of("ARGO-QUERY-001")], ["query.a"])
        self.assertEqual(evidence.cases_of("ARGO-QUERY-002"), [])
        self.assertEqual(evidence.targets[0].name, "kvm")
        self.assertEqual(
            evidence.targets[0].cases, {"query.a": "FAIL"}, "the worst of several runs of a case counts"
        )
        self.assertEqual(evidence.mutants_of("ARGO-QUERY-001")[0].case, "query.a")

    def test_cases_within_a_catalogue(self):
        self.assertEqual(len(docs_evidence.read(self.file("c", {"cases": [CASE]}), [], None).cases), 1)

    def test_another_machine_is_part_of_the_name(self):
        cases = [{**case, "arch": "arm64"} for case in RESULTS["cases"]]
        evidence = docs_evidence.read(None, [self.file("r", {**RESULTS, "cases": cases})], None)
        self.assertEqual(evidence.targets[0].name, "kvm arm64")


class Refusing(EvidenceCase):
    def test_cases(self):
        self.refused("cannot be read", cases=self.work / "none")
        self.refused(":1: is not JSON", cases=self.file("c", "["))
        self.refused("is no list of cases", cases=self.file("c", {"results": []}))
        self.refused("a case lacks 'line', or it is no int", cases=self.file("c", [{**CASE, "line": "3"}]))
        self.refused("a case is not an object", cases=self.file("c", ["query.a"]))

    def test_results(self):
        self.refused("the file lacks 'suite'", results=[self.file("r", {})])
        odd = {**RESULTS, "requirements": [{"id": "ARGO-QUERY-001", "revision": 1, "verdict": "OK"}]}
        self.refused("unknown verdict 'OK'", results=[self.file("r", odd)])

    def test_mutants(self):
        self.refused(
            "mutant query.m: unknown verdict 'dead'", mutants=self.file("m", [{**MUTANT, "verdict": "dead"}])
        )


class Matrix(EvidenceCase):
    def row(self, each: Requirement, **results):
        evidence = docs_evidence.read(
            self.file("c", [CASE]), [self.file("r", {**RESULTS, **results})], self.file("m", [MUTANT])
        )
        return docs_trace.matrix([each], evidence)[0], evidence

    def test_failure_is_seen(self):
        row, evidence = self.row(obligation("ARGO-QUERY-001"))
        self.assertEqual(row.states, ["tested", "failing"])
        self.assertIn(("kvm", "0 pass, 1 fail"), docs_trace.tally([row], evidence))
        self.assertIn(("Mutants", "1 of 1 killed"), docs_trace.tally([row], evidence))

    def test_verdict_about_another_sentence_is_void(self):
        row, _ = self.row(obligation("ARGO-QUERY-001", revision=2))
        self.assertEqual(row.verdicts, {"kvm": "VOID"})
        self.assertEqual(row.states, ["tested"])

    def test_untested(self):
        row, evidence = self.row(obligation("ARGO-QUERY-002", reason="It is so."))
        self.assertEqual(row.states, ["untested"])
        self.assertIn(("Without, for a written reason", "1"), docs_trace.tally([row], evidence))


if __name__ == "__main__":
    unittest.main()
