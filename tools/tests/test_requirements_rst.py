# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Finding directives in a chapter's text."""

import unittest

from requirements_rst import directives


class Directives(unittest.TestCase):
    def found(self, text):
        """The directives of a text that has nothing wrong."""
        problems = []
        result = list(directives("x.rst", text, problems))
        self.assertEqual(problems, [])
        return result

    def wrong(self, text):
        problems = []
        list(directives("x.rst", text, problems))
        return [str(each) for each in problems]

    def test_all_parts(self):
        options = "   :subject: guest\n   :since: 1.0\n"
        text = f"Title\n=====\n\n.. req:: ARGO-X-001\n{options}\n   One\n   sentence.\n\nMore text.\n"
        (one,) = self.found(text)
        self.assertEqual((one.name, one.argument, one.line), ("req", "ARGO-X-001", 4))
        self.assertEqual(one.options, {"subject": "guest", "since": "1.0"})
        self.assertEqual(one.text, "One sentence.")

    def test_value_over_two_lines(self):
        (one,) = self.found(".. req:: ID\n   :reason: This goes on\n      and on.\n\n   Text.\n")
        self.assertEqual(one.options, {"reason": "This goes on and on."})

    def test_option_without_value(self):
        (one,) = self.found(".. errors:: sendv\n   :profile:\n")
        self.assertEqual(one.options, {"profile": ""})

    def test_two_paragraphs_stay_two(self):
        (one,) = self.found(".. req:: ID\n\n   First.\n\n   Second.\n")
        self.assertEqual(one.text, "First.\n\nSecond.")

    def test_text_ends_where_the_indentation_ends(self):
        (one,) = self.found(".. req:: ID\n\n   Inside.\nOutside.\n")
        self.assertEqual(one.text, "Inside.")

    def test_two_that_follow_each_other(self):
        self.assertEqual([each.argument for each in self.found(".. req:: A\n.. req:: B\n")], ["A", "B"])

    def test_at_the_very_end(self):
        (one,) = self.found("Text.\n\n.. errors:: sendv")
        self.assertEqual((one.argument, one.text, one.line), ("sendv", "", 3))

    def test_others_are_left_alone(self):
        self.assertEqual(self.found(".. note:: A note.\n\n.. error-numbers::\n\n.. _req: target\n"), [])

    def test_example_in_a_code_block(self):
        self.assertEqual(self.found(".. code-block:: rst\n\n   .. req:: ID\n\n      Text.\n"), [])

    def test_example_behind_two_colons(self):
        self.assertEqual(self.found("So::\n\n   .. req:: ID\n\n      Text.\n"), [])

    def test_one_behind_an_example(self):
        (one,) = self.found("So::\n\n   example\n\n.. req:: ID\n")
        self.assertEqual(one.line, 5)

    def test_indented(self):
        text = "Text.\n\n   .. req:: ID\n\n      Text.\n"
        self.assertEqual(self.wrong(text), ["x.rst:3: 'req' must begin its line"])

    def test_one_colon(self):
        hint = "write '.. req:: ID' or '.. errors:: operation'"
        self.assertEqual(self.wrong(".. req: ID\n"), [f"x.rst:1: '.. req: ID' is no directive; {hint}"])

    def test_capitals(self):
        self.assertIn("x.rst:2: '.. Req:: ID' is no directive", self.wrong("\n.. Req:: ID\n")[0])

    def test_no_space(self):
        self.assertIn("'..req:: ID' is no directive", self.wrong("..req:: ID\n")[0])

    def test_singular(self):
        self.assertIn("'.. error:: sendv' is no directive", self.wrong(".. error:: sendv\n")[0])

    def test_option_given_twice(self):
        text = ".. req:: ID\n   :subject: guest\n   :subject: library\n\n   Text.\n"
        self.assertEqual(self.wrong(text), ["x.rst:3: option 'subject' is given twice"])

    def test_text_without_an_empty_line(self):
        said = "x.rst:2: an empty line must stand between a directive and its text"
        self.assertEqual(self.wrong(".. req:: ID\n   Text.\n"), [said])


if __name__ == "__main__":
    unittest.main()
