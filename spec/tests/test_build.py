# SPDX-License-Identifier: MIT
"""The whole build: all outputs from the tree's own chapters, and what it refuses."""

import json
import re
import unittest
from pathlib import Path

from scratch import ScratchCase

ARCH = "x86_64"


class Build(ScratchCase):
    def test_all_outputs(self):
        out = self.file("out")
        given = self.evidence()
        said = self.run_tool("docs", "build", "--out", str(out), *given)
        obligations = json.loads((out / "requirements.json").read_text())["requirements"]
        self.assertIn(f"{len(obligations)} obligations", said)
        self.assertGreaterEqual(len(obligations), 120)
        self.look_at_the_pages(out / "html", obligations)
        self.look_at_the_matrix(out)
        self.look_at_the_pdf(out / "argo-abi.pdf", said)
        self.assertIn("nothing changed", self.run_tool("docs", "build", "--out", str(out), *given))
        self.append("spec/query.rst", "\nOne sentence more.\n")
        self.run_tool("docs", "build", "--no-pdf", "--out", str(out), *given)
        self.assertIn("One sentence more.", (out / "html" / "query.html").read_text())
        self.append("spec/_static/argo.css", "\n")  # no chapter is built again
        self.run_tool("docs", "build", "--no-pdf", "--out", str(out), *given)
        self.assertIn("ARGO_INFO_MIN_SIZE", (out / "html" / "names.html").read_text())

    def evidence(self) -> list[str]:
        """Cases for all; a target that failed QUERY-005 and knew another revision of QUERY-004."""
        cases = self.cases()
        names = json.loads(Path(cases).read_text())
        verdicts = {"ARGO-QUERY-005": "FAIL"}
        requirements = [
            {
                "id": requirement,
                "revision": 9 if requirement == "ARGO-QUERY-004" else 1,
                "verdict": verdicts.get(requirement, "PASS"),
            }
            for case in names
            for requirement in case["requirements"]
        ]
        results = self.file("results.json")
        results.write_text(
            json.dumps(
                {
                    "suite": {"version": "1.0.0", "commit": "0" * 40},
                    "target": {"name": "planted"},
                    "cases": [{"id": case["id"], "arch": ARCH, "verdict": "PASS"} for case in names],
                    "requirements": requirements,
                }
            )
        )
        mutants = self.file("mutants.json")
        mutants.write_text(
            json.dumps(
                [
                    {
                        "id": "query.wrong_domid",
                        "requirements": ["ARGO-QUERY-005"],
                        "verdict": "killed",
                        "case": "query.case_005",
                    },
                    {"id": "query.lost_nonce", "requirements": ["ARGO-QUERY-004"], "verdict": "survived"},
                ]
            )
        )
        return ["--cases", cases, "--results", str(results), "--mutants", str(mutants)]

    def look_at_the_pages(self, html: Path, obligations: list[dict]):
        pages = {path.stem: path.read_text() for path in html.glob("*.html")}
        for each in obligations:
            self.assertIn(f'id="{each["id"]}"', pages[each["chapter"]])
        card = re.search(
            r'id="ARGO-QUERY-005">(.*?)</div>\s*</div>|id="ARGO-QUERY-005">(.*?)id="ARGO-',
            pages["query"],
            re.S,
        )
        shown = re.sub(r"<[^>]+>", "", card[0])
        for part in (
            "ARGO-QUERY-005",
            "hypervisor",
            "core-loopback",
            "MUST",
            "1 case",
            "query.case_005",
            "planted fail",
        ):
            self.assertIn(part, shown)
        self.assertIn('href="#ARGO-QUERY-005"', card[0])
        void = pages["query"][pages["query"].index('id="ARGO-QUERY-004"') :]
        self.assertIn("planted void", re.sub(r"<[^>]+>", "", void[: void.index('id="ARGO-QUERY-005"')]))
        # Rows of errors are in the registry's order, each a place of its own.
        rows = re.findall(r'<tr[^>]* id="(ARGO-SENDV-1\d\d)"', pages["sendv"])
        self.assertEqual(rows, sorted(rows))
        self.assertGreater(len(rows), 5)
        self.assertIn("<svg", pages["sendv"])
        self.assertIn('href="query.html#ARGO-QUERY-005"', pages["obligations"])
        for name in ("query", "register", "unregister", "sendv", "notify", "vector", "reset", "doorbell"):
            for part in ("Returns", "Changes", "Events owed", "When denied"):
                self.assertIn(f"<p>{part}</p>", pages[name])
        self.assertIn('href="references.html#references-xen-src"', pages["annex-xen"])

    def look_at_the_matrix(self, out: Path):
        matrix = json.loads((out / "traceability.json").read_text())
        row = next(row for row in matrix["obligations"] if row["id"] == "ARGO-QUERY-005")
        self.assertEqual(row["cases"], ["query.case_005"])
        self.assertEqual(row["verdicts"], {"planted": "FAIL"})
        self.assertEqual([mutant["verdict"] for mutant in row["mutants"]], ["killed"])
        self.assertEqual(
            (out / "html" / "traceability.json").read_text(), (out / "traceability.json").read_text()
        )
        page = (out / "html" / "traceability.html").read_text()
        line = next(
            row for row in re.findall(r"<tr.*?</tr>", page, re.S) if "query.html#ARGO-QUERY-005" in row
        )
        self.assertRegex(line, r'class="[^"]*profile-core-loopback subject-hypervisor tested failing')
        self.assertIn("1 of 1 killed", line)
        self.assertIn("query.lost_nonce survived", page)

    def look_at_the_pdf(self, pdf: Path, said: str):
        pages = int(re.search(r"argo-abi.pdf \((\d+) pages\)", said)[1])
        self.assertGreater(pages, 40)
        data = pdf.read_bytes()
        self.assertTrue(data.startswith(b"%PDF-"))
        self.assertIn(b"/Outlines", data)
        self.assertGreater(data.count(b"/Link"), 100)  # contents and cross-references
        self.assertIn(b"/FontFile", data)


class Refusals(ScratchCase):
    def test_warnings_are_errors(self):
        """Several at once: a run that stops at the first would hide the others."""
        self.append(
            "spec/query.rst",
            "\n:ref:`nowhere` :req:`ARGO-QUERY-999` :op:`nothing` :struct:`argo_nothing`"
            " :count:`horses`\n\n.. structure:: argo_nothing\n\n.. operation:: nothing\n"
            "\n.. flags:: NOTHING\n"
            "\n.. constants:: query_\n\n.. mechanism:: NOTHING\n\n.. bitfield:: nothing\n",
        )
        self.file("spec/stray.rst").write_text("Stray\n=====\n\nA chapter.\n")
        said = self.run_tool("docs", "build", "--out", str(self.file("out")), expect=1)
        for sentence in (
            "isn't included in any toctree",
            "there is no obligation ARGO-QUERY-999",
            "there is no operation nothing",
            "there is no structure argo_nothing",
            "nothing is counted as 'horses'",
            "nowhere",
            "there is no structure 'argo_nothing' in the registry",
            "there is no area 'query_'",
            "there is no operation 'nothing' in the registry",
            "there is no mechanism 'NOTHING'",
            "there is no group of flags 'NOTHING'",
            "there is no word 'nothing'",
        ):
            self.assertIn(sentence, said)
        self.assertFalse(self.file("out/argo-abi.pdf").exists())

    def test_gate_comes_first(self):
        self.append("spec/query.rst", "\nThe caller MUST NOT guess.\n")
        said = self.run_tool("docs", "build", "--out", str(self.file("out")), expect=1)
        self.assertIn("MUST is a keyword", said)
        self.assertFalse(self.file("out").exists())

    def test_evidence_that_is_none(self):
        for text, sentence in (
            ("{", "is not JSON"),
            ("{}", "is no list of cases"),
            ('[{"id": 1}]', "a case lacks 'id'"),
        ):
            with self.subTest(text):
                path = self.file("odd.json")
                path.write_text(text)
                self.assertIn(sentence, self.run_tool("docs", "check", "--cases", str(path), expect=2))
        self.assertIn("cannot be read", self.run_tool("docs", "check", "--cases", "/nowhere", expect=2))


if __name__ == "__main__":
    unittest.main()
