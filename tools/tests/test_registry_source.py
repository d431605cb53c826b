# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What the reader of YAML refuses, before it is known what the file should hold."""

import io
import tempfile
import unittest
from contextlib import redirect_stderr
from pathlib import Path

import registry
from fixture import REGISTRY, RegistryCase, load, was_at


class Source(RegistryCase):
    def test_the_fixture_itself_is_right(self):
        self.assertEqual(load(REGISTRY).operations["sendv"].number, 3)

    def test_empty_file(self):
        self.assertEqual(self.message(""), "argo.yaml: is empty")

    def test_blank_file(self):
        self.assertEqual(self.message(" \n\n"), "argo.yaml: is empty")

    def test_only_comments(self):
        self.assertEqual(self.message("# nothing\n"), "argo.yaml: holds nothing but comments")

    def test_not_utf8(self):
        text = REGISTRY.encode().replace(b"license: MIT", b"license: M\xffT")
        self.assertEqual(self.message(text), "argo.yaml:5: not UTF-8: byte 0xff")

    def test_control_character(self):
        self.assertEqual(
            self.message(REGISTRY.replace("MIT", "M\x07T")),
            "argo.yaml:5: not YAML: character U+0007 is not allowed",
        )

    def test_cut_within_a_line(self):
        cut = REGISTRY[: REGISTRY.index("Who am I")]
        self.assertEqual(self.message(cut), "argo.yaml:11: ends within a line; is the file cut off?")

    def test_cut_between_sections(self):
        cut = REGISTRY[: REGISTRY.index("ports:")]
        self.assertEqual(self.message(cut), "argo.yaml:1: registry has no 'ports'; is the file cut off?")

    def test_cut_within_a_section(self):
        cut = REGISTRY[: REGISTRY.index("    returns: Payload")]
        self.assertEqual(self.message(cut), "argo.yaml:1: registry has no 'structures'; is the file cut off?")

    def test_open_bracket(self):
        self.refused(
            "ports:\n",
            "ports: [\n",
            "not YAML: while parsing a flow node, expected the node content, but found '-'",
            at="  - {name: SUITE",
        )

    def test_tab_as_indentation(self):
        self.refused(
            "  major: 1",
            "\tmajor: 1",
            "not YAML: while scanning for the next token, found character '\\t' that cannot start any token",
        )

    def test_duplicate_key(self):
        self.refused(
            "  minor: 0\n",
            "  minor: 0\n  major: 2\n",
            "key 'major' is used twice, first in line 3",
            at="  major: 2",
        )

    def test_duplicate_operation(self):
        self.refused(
            "  send_batch: {",
            "  query: {",
            f"key 'query' is used twice, first in line {was_at('  query:')}",
        )

    def test_duplicate_key_in_one_line(self):
        self.refused(
            "{name: MODEL, number: 1,",
            "{name: MODEL, number: 1, number: 2,",
            f"key 'number' is used twice, first in line {was_at('name: MODEL,')}",
        )

    def test_alias(self):
        self.refused("  minor: 0", "  minor: *zero", "not YAML: aliases are not used here")

    def test_tag(self):
        self.refused(
            "  minor: 0",
            "  minor: !!python/name:os.system 0",
            "a value of type python/name:os.system is not used here",
        )

    def test_date(self):
        self.refused("  license: MIT", "  license: 2024-01-01", "a value of type timestamp is not used here")

    def test_number_with_too_many_digits(self):
        digits = "1" * 5000
        self.refused("  minor: 0", f"  minor: {digits}", f"'{digits}' is not a number")

    def test_key_that_is_no_text(self):
        self.refused("  minor: 0", "  0: 0", "a key must be text; quote it if it reads otherwise")

    def test_second_document(self):
        message = self.message(REGISTRY + "---\nabi: {}\n")
        self.assertEqual(
            message,
            f"argo.yaml:{REGISTRY.count(chr(10)) + 1}: not YAML: expected a single document in the stream,"
            " but found another document",
        )

    def test_deep_nesting(self):
        self.assertEqual(self.message("[" * 5000 + "\n"), "argo.yaml: is nested too deeply")


class Command(unittest.TestCase):
    """registry.py check: one line on stderr and exit 2, never a traceback."""

    def run_check(self, path: Path) -> tuple[int, str]:
        stderr = io.StringIO()
        with redirect_stderr(stderr):
            status = registry.main(["check", str(path)])
        return status, stderr.getvalue()

    def test_right_file(self):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "argo.yaml"
            path.write_text(REGISTRY)
            self.assertEqual(self.run_check(path), (0, ""))

    def test_wrong_file(self):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "other.yaml"
            path.write_text(REGISTRY.replace("minor: 0", "minor: x"))
            self.assertEqual(
                self.run_check(path),
                (2, "other.yaml:4: 'minor' of abi must be a whole number, not the text 'x'\n"),
            )

    def test_no_file(self):
        self.assertEqual(
            self.run_check(Path("/nonexistent/argo.yaml")),
            (2, "/nonexistent/argo.yaml: cannot be read: No such file or directory\n"),
        )

    def test_directory(self):
        status, said = self.run_check(Path("/"))
        self.assertEqual((status, said), (2, "/: cannot be read: Is a directory\n"))

    def test_digest_of_the_committed_registry(self):
        """The digest names a file, so it changes with every byte of it."""
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "argo.yaml"
            path.write_bytes(registry.DEFAULT.read_bytes())
            self.assertEqual(registry.sha256(path), registry.sha256())
            path.write_bytes(registry.DEFAULT.read_bytes() + b"\n")
            self.assertNotEqual(registry.sha256(path), registry.sha256())

    def test_committed_registry(self):
        self.assertEqual(self.run_check(registry.DEFAULT), (0, ""))


if __name__ == "__main__":
    unittest.main()
