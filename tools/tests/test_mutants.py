# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Mutants: what is wrong with an entry is said, and sites that meet become one choice."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import mutants
from mutants import Edit, MutantError, mutate
from requirements import Requirement

ENGINE = "reference-impl/engine/sendv.cpp"
GUEST = "guest-lib/include/argo/ring.hpp"
SOURCE = "int a() { return x + 1; }\nint b() { f(); return x + 2; }\n"


def obligation(identity, subject="hypervisor", testability="auto"):
    chapter = identity.split("-")[1].lower()
    return Requirement(identity, 1, subject, "MUST", "core-loopback", testability, None, "1.0", "", chapter, 1)


KNOWN = [
    obligation("ARGO-SENDV-001"),
    obligation("ARGO-SENDV-002"),
    obligation("ARGO-SENDV-003", testability="inspection"),
    obligation("ARGO-RING-010", "guest"),
]


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for name in (ENGINE, GUEST, "conformance/runner/model/model.cpp"):
            self.write(name, SOURCE)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def read(self, text, chapter="sendv"):
        for other in (self.root / "conformance/mutants").glob("*.toml"):
            other.unlink()
        self.write(f"conformance/mutants/{chapter}.toml", text)
        return mutants.read(self.root, KNOWN)

    def wrong(self, text, *parts, chapter="sendv"):
        with self.assertRaises(MutantError) as caught:
            self.read(text, chapter)
        for part in parts:
            self.assertIn(part, str(caught.exception))


def entry(body, name="ARGO-SENDV-001.idea", file=ENGINE):
    return f'file = "{file}"\n[{name}]\nwhat = "Does."\n{body}\n'


class Entries(Tree):
    def test_a_good_one(self):
        (mutant,) = self.read(entry('from = "x + 1"\nto = "x"')).mutants
        self.assertEqual(mutant.id(), "ARGO-SENDV-001.idea")
        self.assertEqual([SOURCE[each.start : each.end] for each in mutant.edits], ["x + 1"])

    def test_surroundings_choose_the_place(self):
        (mutant,) = self.read(entry('in = "f(); return x"\nfrom = "return"\nto = "yield"')).mutants
        self.assertEqual(mutant.edits[0].start, SOURCE.rindex("return"))

    def test_more_than_one_place(self):
        also = f'also = [{{from = "f();", to = ""}}, {{file = "{ENGINE}", from = "x + 2", to = "x"}}]'
        (mutant,) = self.read(entry(f'from = "x + 1"\nto = "x"\n{also}')).mutants
        self.assertEqual([SOURCE[each.start : each.end] for each in mutant.edits], ["x + 1", "f();", "x + 2"])

    def test_text_that_is_not_there(self):
        self.wrong(entry('from = "x + 3"\nto = "x"'), "sendv.toml:2: ARGO-SENDV-001.idea:", "0 times", ENGINE)

    def test_text_that_is_there_twice(self):
        self.wrong(entry('from = "return"\nto = "x"'), "2 times", "give its surroundings with 'in'")

    def test_keys(self):
        self.wrong(entry('from = "x + 1"\nto = "x"\ninn = "x"'), "unknown key 'inn'; did you mean 'in'?")
        self.wrong(entry('from = "x + 1"'), "lacks 'to'")
        self.wrong(entry('from = 1\nto = "x"'), "'from' is no text")
        self.wrong(entry('from = "x + 1"\nto = "x"\nalso = "y"'), "'also' is a list of tables")
        self.wrong(entry('from = "x + 1"\nto = "x"\nalso = [{from = "f();"}]'), "lacks 'to'")
        self.wrong(entry('from = "x + 1"\nto = "x"\nequivalent = ""'), "'equivalent' must say why")
        self.wrong(entry('from = "x + 1"\nto = "x + 1"'), "'to' is what 'from' is")
        self.wrong('[ARGO-SENDV-001.idea]\nwhat = "Does"\nfrom = "x + 1"\nto = "x"', "'what' must be a sentence")

    def test_names(self):
        self.wrong(entry('from = "x + 1"\nto = "x"', "ARGO-SENDV-001.Idea"), "small letters")
        self.wrong(entry('from = "x + 1"\nto = "x"', "ARGO-SENDV-01.idea"), "no obligation", "ARGO-SENDV-001")
        self.wrong(entry('from = "x + 1"\nto = "x"') * 2, "sendv.toml")
        self.wrong(entry('from = "x + 1"\nto = "x"'), "belongs into sendv.toml", chapter="ring")

    def test_files(self):
        self.wrong(entry('from = "x + 1"\nto = "x"', file="tools/mutants.py"), "is no source in reference-impl")
        self.wrong(entry('from = "x + 1"\nto = "x"', file=GUEST), "is no source in reference-impl")
        self.wrong(entry('from = "x"\nto = "y"', file="reference-impl/engine/none.cpp"), "none.cpp")
        ring = entry('from = "x + 1"\nto = "x"', "ARGO-RING-010.idea", GUEST)
        self.assertEqual(len(self.read(ring, "ring").mutants), 1)

    def test_what_is_no_toml(self):
        self.wrong("[", "sendv.toml:1:")

    def test_no_mutants_at_all(self):
        with self.assertRaisesRegex(MutantError, "there are no mutants"):
            mutants.read(self.root, KNOWN)


class Sites(unittest.TestCase):
    def mutate(self, *edits):
        made = []
        for number, (old, new) in enumerate(edits, 1):
            start = SOURCE.index(old)
            made.append((number, Edit(ENGINE, start, start + len(old), new)))
        return mutate(SOURCE, made)

    def test_none(self):
        self.assertEqual(mutate(SOURCE, []), SOURCE)

    def test_an_expression(self):
        self.assertIn("return (argo_mutant(1) ? (y) : (x + 1));", self.mutate(("x + 1", "y")))

    def test_a_statement(self):
        self.assertIn("{ { if (argo_mutant(1)) { g(); } else { f(); } } return", self.mutate(("f();", "g();")))

    def test_one_site_of_two(self):
        text = self.mutate(("x + 1", "y"), ("x + 1", "z"))
        self.assertIn("(argo_mutant(1) ? (y) : argo_mutant(2) ? (z) : (x + 1))", text)

    def test_one_inside_another(self):
        text = self.mutate(("f(); return x + 2;", ""), ("x + 2", "z"))
        self.assertIn("else { f(); return (argo_mutant(2) ? (z) : (x + 2)); }", text)

    def test_two_that_cut_each_other(self):
        with self.assertRaisesRegex(MutantError, "cut each other"):
            self.mutate(("f(); return", ""), ("return x + 2", ""))


class Coverage(Tree):
    def check(self, text):
        return mutants.check(self.read(text), KNOWN[:3])

    def test_one_is_missing(self):
        with self.assertRaisesRegex(MutantError, "ARGO-SENDV-002 has no mutant") as caught:
            self.check(entry('from = "x + 1"\nto = "x"'))
        self.assertNotIn("ARGO-SENDV-003", str(caught.exception))  # not automatic

    def test_a_reason_will_do(self):
        both = entry('from = "x + 1"\nto = "x"') + '[without]\nARGO-SENDV-002 = "Nobody can."\n'
        self.assertIn("1 mutants (0 equivalent) of 1 obligations, 1 without", self.check(both))

    def test_reasons_must_be_some(self):
        self.wrong('[without]\nARGO-SENDV-002 = ""\n', "has no reason")
        self.wrong('[without]\nARGO-SENDV-009 = "Nobody can."\n', "no obligation of the book")
        both = entry('from = "x + 1"\nto = "x"') + '[without]\nARGO-SENDV-001 = "Nobody can."\n'
        self.wrong(both, "both broken by a mutant and listed")


class Command(unittest.TestCase):
    def run_main(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = mutants.main(list(arguments))
        return code, out.getvalue(), err.getvalue()

    def test_this_tree(self):
        code, out, err = self.run_main("check")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"^\d+ mutants ")

    def test_generate_writes_only_what_changed(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(self.run_main("generate", "--out", folder)[0], 0)
            table = Path(folder) / "table.gen.cpp"
            before = table.stat().st_mtime_ns
            self.assertEqual(self.run_main("generate", "--out", folder)[0], 0)
            self.assertEqual(table.stat().st_mtime_ns, before)
            self.assertIn("argo_mutant(", (Path(folder) / "tree" / ENGINE).read_text())

    def test_no_tree(self):
        code, _, err = self.run_main("--root", "/nowhere", "check")
        self.assertEqual(code, 2)
        self.assertEqual(err.count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
