#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What a run writes: against the schema, and read again."""

import copy
import json
import pathlib
import re
import unittest
import xml.etree.ElementTree

import jsonschema

from command import CASES, CommandTest, HERE

SCHEMA = json.loads((HERE.parent.parent / "schema" / "results.schema.json").read_text())
MIXED = {
    "query.answers": "fail",
    "sendv.empty_message": "crash",
    "sendv.to_peer": "skip",
    "sendv.denied": "garbage",
    "vector.fires": "not-supported",
}


def data_of(page):
    """What is embedded in a report."""
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(), re.S)[1]
    )


class Outputs(CommandTest):
    def setUp(self):
        super().setUp()
        self.run_fake(scenario=MIXED, code=1)

    def test_results_are_as_the_schema_says(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        results = self.results()
        jsonschema.validate(results, SCHEMA)
        self.assertEqual([case["id"] for case in results["cases"]], CASES)
        self.assertEqual(
            results["summary"],
            {
                "pass": 3,
                "fail": 1,
                "crash": 1,
                "wedged": 0,
                "error": 0,
                "not_supported": 1,
                "skip": 1,
                "kfail": 0,
                "xpass": 0,
                "not_tested": 1,
            },
        )
        self.assertEqual(results["target"]["mechanisms"], ["msr"])
        judged = {r["id"]: (r["revision"], r["verdict"]) for r in results["requirements"]}
        self.assertEqual(judged["ARGO-QUERY-101"], (2, "PASS"))
        self.assertEqual(judged["ARGO-SENDV-012"], (1, "CRASH"))  # the worst of its cases
        self.assertEqual(judged["ARGO-RING-009"], (1, "NOT_TESTED"))
        for case in results["cases"]:
            self.assertEqual(case["duration_us"] is None, case["verdict"] == "CRASH", case)

    def test_junit(self):
        root = xml.etree.ElementTree.parse(self.out / "kvm" / "results.xml").getroot()
        self.assertEqual(
            {key: root.get(key) for key in ("tests", "failures", "errors", "skipped")},
            {"tests": "7", "failures": "2", "errors": "0", "skipped": "2"},
        )
        self.assertEqual(
            [f"{case.get('classname')}.{case.get('name')}" for case in root.iter("testcase")], CASES
        )

    def test_tap(self):
        lines = (self.out / "kvm" / "results.tap").read_text().splitlines()
        self.assertEqual(lines[:2], ["TAP version 14", "1..7"])
        points = [line for line in lines if re.match(r"(not )?ok ", line)]
        self.assertEqual([line.split()[0] for line in points], ["not", "ok", "not", "ok", "ok", "ok", "ok"])
        self.assertIn("# NOT_TESTED ARGO-RING-009", lines)

    def test_report_data_is_all_there_and_cannot_break_out(self):
        page = (self.out / "report.html").read_text()
        data = data_of(self.out / "report.html")
        self.assertEqual(page.lower().count("</script>"), 2)
        self.assertEqual([target["target"]["name"] for target in data["targets"]], ["kvm"])
        cases = {case["id"]: case for case in data["cases"]}
        self.assertEqual(
            cases["sendv.to_peer"]["source"],
            "// To another domain.\n//\n// In two lines.\nCASE(sendv, to_peer, core_pair)\n{\n}\n",
        )
        self.assertIn("</script><b>", cases["sendv.empty_message"]["source"])
        log = data["targets"][0]["cases"]["sendv.empty_message"]["log"]
        self.assertTrue(log.startswith("[lead] argo-ct 1 "), log)
        self.assertIn("[host] lead ended crash", log)
        for outside in ("http://", "https://", "src=", "@import", "url("):
            self.assertNotIn(
                outside, re.sub(r'<script type="application/json".*?</script>', "", page, flags=re.S)
            )


class Report(CommandTest):
    def setUp(self):
        super().setUp()
        self.run_fake(scenario=MIXED, code=1)
        self.good = self.results()

    def test_of_several_results(self):
        other = self.folder / "other" / "results.json"
        other.parent.mkdir()
        other.write_text(json.dumps(self.good | {"target": self.good["target"] | {"name": "exec:other"}}))
        done = self.call(
            "report", self.out / "kvm" / "results.json", other, "--out", self.folder / "both", code=0
        )
        self.assertEqual(done.stdout.splitlines()[-1], "6 passed, 4 failed, 4 skipped")
        page = (self.folder / "both" / "report.html").read_text()
        self.assertIn("exec:other", page)

    def test_of_another_edition_of_the_book(self):
        self.good["requirements"][0]["revision"] = 7
        self.good["requirements"][1]["id"] = "ARGO-OLD-001"
        self.good["summary"]["not_tested"] = sum(
            r["verdict"] == "NOT_TESTED" for r in self.good["requirements"]
        )
        path = self.folder / "old.json"
        path.write_text(json.dumps(self.good))
        self.call("report", path, "--out", self.folder, code=0)
        data = data_of(self.folder / "report.html")
        judged = data["targets"][0]["requirements"]
        self.assertEqual(judged["ARGO-CALL-001"], {"revision": 7, "void": True, "verdict": "NOT_TESTED"})
        self.assertIn("ARGO-OLD-001", [r["id"] for r in data["requirements"]])

    def earlier(self, **changes):
        for case in self.good["cases"]:
            case["verdict"] = changes.get(case["id"].replace(".", "_"), case["verdict"])
        verdicts = [case["verdict"] for case in self.good["cases"]]
        for verdict in ("PASS", "FAIL", "CRASH", "WEDGED", "ERROR", "NOT_SUPPORTED", "SKIP"):
            self.good["summary"][verdict.lower()] = verdicts.count(verdict)
        path = self.folder / "earlier.json"
        path.write_text(json.dumps(self.good))
        return path

    def test_against_an_earlier_run(self):
        now = self.verdicts()
        worse = next(case for case, verdict in now.items() if verdict != "PASS")
        better = next(case for case, verdict in now.items() if verdict == "PASS")
        earlier = self.earlier(**{worse.replace(".", "_"): "PASS", better.replace(".", "_"): "FAIL"})
        done = self.call(
            "report", self.out / "kvm" / "results.json", "--against", earlier, "--out", self.folder, code=0
        )
        self.assertIn("2 verdicts changed, 1 of them from PASS", done.stdout)
        self.assertRegex(done.stdout, rf"PASS -> {now[worse]} +{worse}")
        self.assertRegex(done.stdout, rf"FAIL -> PASS +{better}")
        since = data_of(self.folder / "report.html")["targets"][0]["since"]
        self.assertEqual(
            {(c["id"], c["was"], c["is"], c["regression"]) for c in since["changes"]},
            {(worse, "PASS", now[worse], True), (better, "FAIL", "PASS", False)},
        )

    def test_against_a_run_of_other_cases(self):
        gone = self.good["cases"][0] | {"id": "call.gone"}
        self.good["cases"][0] = gone
        here = self.out / "kvm" / "results.json"
        done = self.call("report", here, "--against", self.earlier(), "--out", self.folder, code=0)
        self.assertRegex(done.stdout, r"none -> ")
        self.assertRegex(done.stdout, r"-> none +call\.gone")

    def test_against_nothing_comparable(self):
        self.good["target"]["name"] = "model"
        here = self.out / "kvm" / "results.json"
        done = self.call("report", here, "--against", self.earlier(), "--out", self.folder, code=0)
        self.assertNotIn("changed", done.stdout)
        self.assertNotIn("since", data_of(self.folder / "report.html")["targets"][0])

    def test_against_what_is_no_result(self):
        self.call("report", self.out / "kvm" / "results.json", "--against", "/nowhere.json", code=2)
        self.run_fake("--against", "/nowhere.json", code=2)

    def refused(self, change, says):
        changed = copy.deepcopy(self.good)
        change(changed)
        path = self.folder / "changed.json"
        path.write_text(json.dumps(changed))
        with self.assertRaises(jsonschema.ValidationError):  # the two checks agree
            jsonschema.validate(changed, SCHEMA)
        done = self.call("report", path, "--out", self.out, code=2)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(f"changed.json: {says}", done.stderr)

    def test_fields_that_are_missing_or_unknown(self):
        self.refused(lambda r: r.pop("seed"), "the file lacks the field 'seed'")
        self.refused(lambda r: r["cases"][2].pop("verdict"), "'cases[2]' lacks the field 'verdict'")
        self.refused(
            lambda r: r["target"].update(implementaton=""),
            "'target' has an unknown field 'implementaton'; did you mean 'implementation'?",
        )

    def test_values_that_make_no_sense(self):
        self.refused(lambda r: r.update(schema=2), "'schema' is 2, not 1")
        self.refused(
            lambda r: r["cases"][0].update(verdict="GREAT"),
            "'cases[0].verdict' is \"GREAT\", which is none of",
        )
        self.refused(lambda r: r["cases"][0].update(duration_us=-1), "'cases[0].duration_us' is -1, below 0")
        self.refused(
            lambda r: r["cases"][0].update(id="Query answers"),
            "'cases[0].id' is \"Query answers\", which does not",
        )
        self.refused(
            lambda r: r["cases"][0].update(requirements="x"), "'cases[0].requirements' is string, not array"
        )
        self.refused(lambda r: r.update(cases=[]), "'cases' is empty")

    def test_sums_that_do_not_add_up(self):
        path = self.folder / "changed.json"
        path.write_text(json.dumps(self.good | {"summary": self.good["summary"] | {"pass": 4}}))
        done = self.call("report", path, "--out", self.out, code=2)
        self.assertIn("'summary' does not count", done.stderr)

    def test_files_that_are_none(self):
        path = pathlib.Path(self.folder / "x.json")
        self.assertIn("cannot be read", self.call("report", path, code=2).stderr)
        path.write_text("{")
        self.assertIn("no JSON", self.call("report", path, code=2).stderr)


if __name__ == "__main__":
    unittest.main()
