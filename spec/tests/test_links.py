# SPDX-License-Identifier: MIT
"""The link checker finds links that lead nowhere and anchors that are there twice, and lets the others be."""

import tempfile
import unittest
from pathlib import Path

import scratch  # noqa: F401  puts the tools on the path
import docs_links


class Links(unittest.TestCase):
    def check(self, **pages: str) -> list[str]:
        with tempfile.TemporaryDirectory() as work:
            for name, text in pages.items():
                Path(work, f"{name}.html").write_text(text)
            Path(work, "style.css").write_text("")
            return [fault.replace(work, "") for fault in docs_links.check(Path(work))]

    def test_good(self):
        self.assertEqual(
            self.check(
                a='<link href="style.css?v=1"><h1 id="x">A</h1><a href="b.html#y">b</a><a href="#x">x</a>',
                b='<h1 id="y">B</h1><a href="a.html">a</a><a href="https://example.org/#z">far</a>',
            ),
            [],
        )

    def test_file_that_is_not_there(self):
        self.assertEqual(
            self.check(a='<p>\n<a href="b.html">b</a>'),
            ["/a.html:2: link 'b.html' leads to a file that is not there"],
        )

    def test_anchor_that_is_not_there(self):
        self.assertEqual(
            self.check(a='<a href="b.html#z">b</a>', b='<h1 id="y">B</h1>'),
            ["/a.html:1: link 'b.html#z' leads to an anchor that is not there"],
        )

    def test_anchor_on_the_same_page(self):
        self.assertEqual(
            self.check(a='<a href="#z">b</a>'), ["/a.html:1: link '#z' leads to an anchor that is not there"]
        )

    def test_anchor_twice(self):
        self.assertEqual(self.check(a='<p id="x"></p><p id="x"></p>'), ["/a.html: anchor 'x' is there twice"])

    def test_script_that_is_not_there(self):
        self.assertEqual(len(self.check(a='<script src="no.js"></script><img src="no.png">')), 2)


if __name__ == "__main__":
    unittest.main()
