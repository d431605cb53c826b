# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The list of what is not reached: what it accepts, and that it notices the rest."""

import unittest

from fuzz_coverage import merge, plain, verdict

SOURCE = ["void f()", "{", "    if (a || b) return;", "    g();", "    if (a || b) return;", "}"]


def report(first, second, again=None):
    def line(number, counts):
        return {"line_number": number, "count": max(counts), "function_name": "_f", "branches": [{"count": each} for each in counts]}

    lines = [line(3, first), {"line_number": 4, "count": 1, "function_name": "_f", "branches": []}, line(5, second)]
    functions = [{"name": "_f", "demangled_name": "void argo::engine::f<int>(int)"}]
    return {"functions": functions, "lines": lines + ([line(3, again)] if again else [])}


def entry(branches, **more):
    return {"function": "f", "line": "if (a || b) return;", "branches": branches, "reason": "a race"} | more


class Names(unittest.TestCase):
    def test_are_without_types(self):
        self.assertEqual(plain("argo::engine::(anonymous namespace)::good_name(argo::engine::Name const&)"), "good_name")
        self.assertEqual(plain("std::span<int const> argo::engine::table<std::pair<int, int> >(int*&)"), "table")
        self.assertEqual(plain("main"), "main")


class Verdict(unittest.TestCase):
    def judge(self, first, second, *listed):
        return verdict(merge("f.cpp", report(first, second), SOURCE), list(listed))

    def test_all_reached(self):
        self.assertEqual(self.judge([1, 2], [3, 4]), [])

    def test_unlisted(self):
        self.assertEqual(self.judge([1, 0], [3, 4]), ["not reached: f.cpp: f: if (a || b) return;: [1] of 2"])

    def test_listed(self):
        self.assertEqual(self.judge([1, 0], [3, 4], entry([1])), [])

    def test_another_branch_of_a_listed_line(self):
        self.assertEqual(len(self.judge([0, 0], [3, 4], entry([1]))), 1)

    def test_listed_and_reached(self):
        self.assertIn("listed, and reached", self.judge([1, 1], [3, 4], entry([1]))[0])

    def test_sometimes_is_right_either_way(self):
        self.assertEqual(self.judge([1, 0], [3, 4], entry([1], sometimes=True)), [])
        self.assertEqual(self.judge([1, 1], [3, 4], entry([1], sometimes=True)), [])

    def test_of_two_lines_alike_the_one_that_is_meant(self):
        self.assertEqual(self.judge([1, 1], [0, 4], entry([0], nth=2)), [])
        self.assertEqual(len(self.judge([1, 1], [0, 4], entry([0]))), 2)

    def test_listed_and_gone(self):
        self.assertIn("not there", self.judge([1, 1], [3, 4], entry([0], line="if (c) return;"))[0])
        self.assertIn("not there", self.judge([1, 1], [3, 4], entry([7]))[0])

    def test_a_reason_is_given(self):
        self.assertIn("without a reason", self.judge([1, 0], [3, 4], entry([1], reason=" "))[0])

    def test_moved_lines(self):
        moved = report([1, 0], [3, 4])
        for line in moved["lines"]:
            line["line_number"] += 2
        self.assertEqual(verdict(merge("f.cpp", moved, ["", "", *SOURCE]), [entry([1])]), [])

    def test_instances_of_a_template_count_as_one(self):
        self.assertEqual(verdict(merge("f.cpp", report([1, 0], [3, 4], again=[0, 5]), SOURCE), []), [])


if __name__ == "__main__":
    unittest.main()
