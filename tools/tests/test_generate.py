# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The generators: what they write, and what the check says of headers that are not what they write."""

import io
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import generate
from c_text import WIDTH, Row, comment, defines, number, table
from fixture import REGISTRY, load
from generate_headers import headers
from generate_layout import layout


def run(*arguments: str) -> tuple[int, str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    with redirect_stdout(stdout), redirect_stderr(stderr):
        status = generate.main(list(arguments))
    return status, stdout.getvalue(), stderr.getvalue()


class Text(unittest.TestCase):
    """How C is written."""

    def test_small_number(self):
        self.assertEqual(number(16), "16u")

    def test_number_of_more_than_16_bits(self):
        self.assertEqual(number(0x41520000, digits=8), "UINT32_C(0x41520000)")

    def test_number_of_64_bits(self):
        self.assertEqual(number(4096, "u64"), "UINT64_C(4096)")

    def test_decimals_end_in_one_column(self):
        rows = defines([("A", "1u", ""), ("LONGER", "100u", "")])
        self.assertEqual([row.code for row in rows], ["#define A        1u", "#define LONGER 100u"])

    def test_hexadecimals_begin_in_one_column(self):
        rows = defines([("A", "0x1u", ""), ("B", "UINT32_C(0x10000)", "")])
        self.assertEqual(rows[0].code.rstrip(), "#define A 0x1u")

    def test_comments_end_in_one_column(self):
        self.assertEqual(
            table([Row("int a;", "short"), Row("int second;", "longer")]),
            "int a;       /* short  */\nint second;  /* longer */",
        )

    def test_long_text_goes_on_below_its_beginning(self):
        lines = table([Row("int a;", " 8  " + "word " * 40)]).splitlines()
        self.assertGreater(len(lines), 1)
        self.assertTrue(all(len(line) <= WIDTH for line in lines))
        self.assertTrue(lines[1].startswith(" " * len("int a;") + "  /*     word"))

    def test_comment_of_one_line(self):
        self.assertEqual(comment(["Sizes."]), "/* Sizes. */")

    def test_comment_too_long_for_one_line(self):
        self.assertEqual(comment(["x" * 105]), f"/*\n * {'x' * 105}\n */")

    def test_flexible_array_is_for_c_alone(self):
        lines = table([Row("uint8_t data[];", "bytes", c_only=True)]).splitlines()
        self.assertTrue(lines[0].startswith("#ifndef __cplusplus"))
        self.assertEqual(lines[-1], "#endif")


class Headers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.headers = headers(load(REGISTRY))

    def test_one_for_each_area(self):
        self.assertEqual(
            set(self.headers),
            {"abi.h", "discovery.h", "call.h", "address.h", "query.h", "sendv.h", "vector.h"},
        )

    def test_license_and_origin(self):
        for name, text in self.headers.items():
            with self.subTest(name):
                self.assertTrue(text.startswith("/* SPDX-License-Identifier: MIT */\n"))
                self.assertIn(
                    "Generated from spec/registry/argo.yaml by tools/generate.py; do not edit.", text
                )

    def test_nothing_is_wider_than_the_page(self):
        for name, text in self.headers.items():
            with self.subTest(name):
                self.assertEqual([line for line in text.splitlines() if len(line) > WIDTH], [])

    def test_errors_stand_in_their_order(self):
        text = self.headers["sendv.h"]
        self.assertLess(text.index("ARGO-SENDV-101"), text.index("ARGO-SENDV-102"))

    def test_area_includes_where_its_structures_come_from(self):
        self.assertIn('#include "call.h"', self.headers["sendv.h"])
        self.assertNotIn('#include "', self.headers["call.h"])

    def test_draft_is_marked(self):
        self.assertIn("#define ARGO_OP_SEND_BATCH 0x21u  /* Draft: Send more. */", self.headers["call.h"])

    def test_errors_are_signed(self):
        self.assertRegex(self.headers["call.h"], r"#define ARGO_EINVAL +22 ")

    def test_aligned_structure(self):
        self.assertIn("    ARGO_ALIGNAS(64) uint64_t op;", self.headers["call.h"])

    def test_registry_without_optional_lists(self):
        text = REGISTRY.replace("  - {name: SUITE, number: 0x4152ff00, brief: Tests.}\n", "").replace(
            "ports:", "ports: []"
        )
        self.assertEqual(set(headers(load(text))), set(self.headers))


class Check(unittest.TestCase):
    """generate.py check."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.registry = Path(directory.name) / "argo.yaml"
        self.registry.write_text(REGISTRY)
        self.headers = Path(directory.name) / "argo"
        self.assertEqual(
            run("headers", "--out", str(self.headers), "--registry", str(self.registry)), (0, "", "")
        )
        self.suite = Path(directory.name) / "error_rows.hpp"
        self.assertEqual(run("suite", "--out", str(self.suite), "--registry", str(self.registry)), (0, "", ""))
        self.grammar = Path(directory.name) / "grammar.hpp"
        done = run("grammar", "--out", str(self.grammar), "--registry", str(self.registry))
        self.assertEqual(done, (0, "", ""))

    def check(self) -> tuple[int, str, str]:
        files = ["--headers", str(self.headers), "--suite", str(self.suite), "--grammar", str(self.grammar)]
        return run("check", *files, "--registry", str(self.registry))

    def test_what_was_written_is_right(self):
        self.assertEqual(self.check(), (0, "", ""))

    def test_changed_header(self):
        path = self.headers / "sendv.h"
        path.write_text(path.read_text().replace("ARGO_OP_SENDV 0x03u", "ARGO_OP_SENDV 0x04u"))
        status, said, _ = self.check()
        self.assertEqual(status, 1)
        self.assertIn(f"{path}: differs from what the registry gives\n", said)
        self.assertIn("\n-#define ARGO_OP_SENDV 0x04u\n+#define ARGO_OP_SENDV 0x03u\n", said)
        self.assertIn(f"Run `tools/generate.py headers --out {self.headers}`", said)

    def test_changed_registry(self):
        self.registry.write_text(REGISTRY.replace("number: 0x21", "number: 0x22"))
        status, said, _ = self.check()
        self.assertEqual(status, 1)
        self.assertIn(f"{self.headers / 'call.h'}: differs", said)
        self.assertNotIn("query.h", said)

    def test_other_line_endings(self):
        path = self.headers / "query.h"
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        self.assertEqual(self.check()[0], 1)

    def test_missing_newline_at_the_end(self):
        path = self.headers / "query.h"
        path.write_bytes(path.read_bytes().rstrip())
        self.assertEqual(self.check()[0], 1)

    def test_missing_header(self):
        (self.headers / "query.h").unlink()
        status, said, _ = self.check()
        self.assertEqual(status, 1)
        self.assertIn(f"{self.headers / 'query.h'}: missing\n", said)

    def test_stray_header(self):
        (self.headers / "extra.h").write_text("")
        status, said, _ = self.check()
        self.assertEqual(status, 1)
        self.assertIn(f"{self.headers / 'extra.h'}: stray; no area of the registry has this name\n", said)

    def test_stray_header_below(self):
        (self.headers / "deep").mkdir()
        (self.headers / "deep" / "call.h").write_text("")
        self.assertIn(f"{self.headers / 'deep' / 'call.h'}: stray", self.check()[1])

    def test_no_headers_at_all(self):
        self.headers = self.headers / "nowhere"
        status, said, _ = self.check()
        self.assertEqual(status, 1)
        self.assertIn("abi.h: missing", said)

    def test_rows_in_another_order(self):
        lines = self.suite.read_text().splitlines(keepends=True)
        first = next(i for i, line in enumerate(lines) if '"ARGO-' in line)
        lines[first], lines[first + 1] = lines[first + 1], lines[first]
        self.suite.write_text("".join(lines))
        status, said, _ = self.check()
        self.assertEqual(status, 1)
        self.assertIn(f"{self.suite}: differs from what the registry gives\n", said)
        self.assertIn(f"Run `tools/generate.py suite --out {self.suite}`", said)

    def test_no_rows(self):
        self.suite.unlink()
        status, said, _ = self.check()
        self.assertEqual(status, 1)
        self.assertIn(f"{self.suite}: missing\n", said)

    def test_a_changed_grammar(self):
        text = self.grammar.read_text()
        self.grammar.write_text(text.replace("Role::zero", "Role::number"))
        self.assertNotEqual(self.grammar.read_text(), text)
        status, said, _ = self.check()
        self.assertEqual(status, 1)
        self.assertIn(f"Run `tools/generate.py grammar --out {self.grammar}`", said)

    def test_committed_headers(self):
        self.assertEqual(run("check"), (0, "", ""))


class Command(unittest.TestCase):
    def test_wrong_registry(self):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "argo.yaml"
            path.write_text(REGISTRY.replace("step: 0x100", "stepp: 0x100"))
            status, stdout, stderr = run("headers", "--out", directory, "--registry", str(path))
            self.assertEqual((status, stdout), (2, ""))
            self.assertRegex(
                stderr, r"^argo\.yaml:\d+: unknown key 'stepp' in cpuid; did you mean 'step'\?\n$"
            )

    def test_output_that_cannot_be_written(self):
        said = "generate.py: /dev/null: File exists\n"
        self.assertEqual(run("layout", "--lang", "c", "--out", "/dev/null/layout.c"), (2, "", said))


class Layout(unittest.TestCase):
    """The layout test's text; whether it compiles is a test of its own."""

    def test_tail_is_for_c_alone(self):
        tail = "offsetof(struct argo_iov, data) == 24"
        self.assertIn(tail, layout(load(REGISTRY), "c"))
        self.assertNotIn(tail, layout(load(REGISTRY), "cxx"))

    def test_every_structure_and_number(self):
        text = layout(load(REGISTRY), "c")
        for part in (
            "sizeof(struct argo_addr) == 8,",
            "_Alignof(struct argo_addr) == 4,",
            "_Alignof(struct argo_frame) == 64,",
            "_Alignof(struct argo_iov) == ALIGN_OF_U64,",
            "offsetof(struct argo_iov, owner) == 8,",
            "(ARGO_OP_SENDV == 3u,",
            "(ARGO_OPERATION_WORD(ARGO_OP_SEND_BATCH) == 65569u,",
            "(ARGO_EINVAL == 22,",
            "(ARGO_MINIMUM == 33u,",
            "(ARGO_MIN_MAX_BATCH == 0u,",
            "(ARGO_IOV_OFFSET_MASK == 4293918720u,",
            "(ARGO_FEATURE_LAST == 9223372036854775808u,",
            "(ARGO_CPUID_SIGNATURE_ECX == 1869050433u,",
            "(ARGO_PORT_SUITE == 1095958272u,",
        ):
            with self.subTest(part):
                self.assertTrue(part in text, f"no '{part}'")


if __name__ == "__main__":
    unittest.main()
