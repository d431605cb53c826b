# SPDX-License-Identifier: Apache-2.0 OR MIT
"""model_check.py as a person runs it: each fault of a model or its table is told in one sentence."""

import contextlib
import io
import json
import os
import shutil
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import model_check

ROOT = Path(__file__).resolve().parents[2]
MODEL = """
byte sent, received;
active proctype sender() { sent = 1 }
active proctype receiver()
{
#ifdef DEAF
    received = 2
#else
    sent == 1 -> received = 1
#endif
}
active proctype judge() { timeout; assert(received == sent) /* nothing is lost */ }
"""
TABLE = """
what = "A message."
bounds = "One."
proves = ["ARGO-SENDV-010"]
[search]
calls = []
[ARGO-SENDV-010.deaf]
what = "Hears what nobody said."
define = "DEAF"
fails = "nothing is lost"
"""


class Tree(unittest.TestCase):
    """A root with the book's obligations and one small model."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        spec = self.root / "spec"
        (spec / "models").mkdir(parents=True)
        (spec / "registry").mkdir()
        shutil.copy(ROOT / "spec/registry/argo.yaml", spec / "registry")
        for chapter in (ROOT / "spec").glob("*.rst"):
            shutil.copy(chapter, spec)
        self.write("small.pml", MODEL)
        self.write("small.toml", TABLE)

    def write(self, name, text):
        (self.root / "spec/models" / name).write_text(text)

    def run_main(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        given = ["--root", str(self.root), "--out", str(self.root / "out"), *arguments]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = model_check.main(given)
            except SystemExit as left:
                code = left.code
        return code, out.getvalue(), err.getvalue()

    def wrong(self, code, sentence, *arguments):
        """One complaint, of one line, that says this."""
        found, out, err = self.run_main(*arguments)
        self.assertEqual((found, err.count("\n")), (code, 1), out + err)
        self.assertIn(sentence, err)


class Tables(Tree):
    def test_what_a_table_can_get_wrong(self):
        for old, new, sentence in (
            ("ARGO-SENDV-010.deaf", "ARGO-SENDV-910.deaf", "ARGO-SENDV-910: is no obligation of the book"),
            ('proves = ["ARGO-SENDV-010"]', 'proves = ["ARGO-SENDV-810"]', "ARGO-SENDV-810: is no obligation"),
            ('define = "DEAF"', 'define = "DEAFF"', "did you mean 'DEAF'?"),
            ('fails = "nothing is lost"', 'fails = "nothing is lots"', "did you mean 'nothing is lost'?"),
            ('fails = "nothing is lost"', "", "lacks 'fails'"),
            ('fails = "nothing', 'search = ["cals"]\nfails = "nothing', "did you mean 'calls'?"),
            ('fails = "nothing', 'unseen.calls = "x"\nfails = "nothing', "no search finds it"),
            ("what = ", "waht = 1\nwhat = ", "unknown key 'waht'"),
            ("[search]", "[search", "Expected ']'"),
        ):
            with self.subTest(new):
                self.write("small.toml", TABLE.replace(old, new, 1))
                found, _, err = self.run_main("--list")
                self.assertEqual(found, 2)
                self.assertIn(sentence, err)

    def test_a_switch_that_nobody_uses(self):
        self.write("small.pml", MODEL + "#ifdef IDLE\n#endif\n")
        self.wrong(2, "no entry uses the model's switch IDLE", "--list")

    def test_a_model_without_a_table(self):
        self.write("other.pml", MODEL)
        self.wrong(2, "other.pml: no model uses it", "--list")

    def test_this_tree(self):
        with mock.patch.object(self, "root", ROOT):
            code, out, err = self.run_main("--list")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("suppress.tso.ARGO-SUPPRESS-004.no_fence\n", out)

    def test_usage(self):
        self.assertEqual(self.run_main("--jobs", "0")[0], 2)
        self.assertEqual(self.run_main("--accept", "--filter", "small.*")[0], 2)
        self.assertEqual(self.run_main("--frob")[0], 2)


class WithoutSpin(Tree):
    def test_is_skipped_with_the_reason(self):
        with mock.patch.dict(os.environ, PATH=str(self.root)):
            self.wrong(4, "skipped: spin is not installed; apt-get install spin")


@unittest.skipUnless(shutil.which("spin") and shutil.which("gcc"), "spin is not installed")
class Searches(Tree):
    def test_holds_and_is_remembered(self):
        code, out, err = self.run_main("--accept")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("1 searches hold over", out)
        code, out, err = self.run_main()
        self.assertEqual((code, err), (0, ""))
        self.assertTrue(out.endswith("nothing changed since\n"), out)

    def test_no_model_at_all(self):
        self.write("small.pml", MODEL.replace("received = 1", "recieved = 1"))
        found, _, err = self.run_main()
        self.assertEqual((found, err.count("\n")), (1, 1), err)
        self.assertIn("small.pml:9: undeclared variable: recieved", err)

    def test_a_model_that_fails(self):
        self.write("small.pml", MODEL.replace("received = 1\n", "received = 3\n"))
        self.wrong(1, "small.pml does not hold in calls: 'nothing is lost' fails; ./argo model-check --trace small.calls")

    def test_a_variant_that_passes(self):
        self.write("small.pml", MODEL.replace("received = 2", "sent == 1 -> received = 1"))
        self.wrong(1, "ARGO-SENDV-010.deaf is wrong, but holds in calls: the model does not see it")

    def test_a_variant_that_fails_for_another_reason(self):
        self.write("small.pml", MODEL.replace("received = 2", "assert(false) /* never */"))
        self.wrong(1, "fails in calls by 'never', not by 'nothing is lost'")

    def test_a_variant_that_is_seen_where_it_should_not_be(self):
        both = TABLE.replace("calls = []", "calls = []\nmore = []") + 'unseen.more = "Never."\n'
        self.write("small.toml", both)
        self.wrong(1, "is said to hold in more, but 'nothing is lost' fails")

    def test_a_statement_that_never_runs(self):
        self.write("small.pml", MODEL + "active proctype idle() { end: sent == 9 -> sent = 8 }\n")
        self.wrong(1, "is never reached in calls")

    def test_a_search_without_end(self):
        self.write("small.pml", MODEL + "active proctype idle() { int i; do :: i++ od }\n")
        with mock.patch.object(model_check.model_search, "MEMORY", 20):
            self.assertEqual(self.run_main("--filter", "small.calls")[0], 3)

    def test_what_was_accepted_is_compared(self):
        self.assertEqual(self.run_main("--accept")[0], 0)
        path = self.root / "spec/models/proven.json"
        known = json.loads(path.read_text())
        known["searches"]["small.calls"]["states"] += 1
        path.write_text(json.dumps(known))
        self.wrong(1, "small.calls covers other states than were accepted; if the models were meant")

    def test_cases_are_compared(self):
        self.write("small.pml", MODEL.replace("received = 1\n", 'received = 1; printf("receive\\n"); printf("end\\n")\n'))
        self.write("small.toml", TABLE.replace("[ARGO", "[replay]\nall = []\n[ARGO", 1))
        self.assertEqual(self.run_main("--accept")[0], 0)
        path = self.root / "spec/models/cases/small.all.txt"
        self.assertIn("[1]\nreceive\nend\n", path.read_text().replace("      ", ""))
        path.write_text(path.read_text() + "receive\n")
        self.wrong(1, "cases/small.all.txt is not what its model says")

    def test_a_trace(self):
        code, out, _ = self.run_main("--trace", "small.calls.ARGO-SENDV-010.deaf")
        self.assertEqual(code, 0)
        self.assertIn("assertion violated", out)
        self.wrong(2, "there is no search 'small.call'", "--trace", "small.call")

    def test_a_filter_that_matches_nothing(self):
        self.wrong(2, "no search matches 'nothing'", "--filter", "nothing")


if __name__ == "__main__":
    unittest.main()
