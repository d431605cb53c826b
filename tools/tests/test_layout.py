# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Whether the layout test fails when it should: each test plants one fault in a copy of the headers.

ARGO_CC names the compiler.
"""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import registry
from fixture import REGISTRY, load
from generate import HEADERS, write
from generate_headers import headers
from generate_layout import layout
from registry_model import Registry

COMPILER = os.environ.get("ARGO_CC", "cc")
LANGUAGES = {"c": ["-std=c11", "-xc"], "cxx": ["-std=c++20", "-xc++"]}
OPTIONS = ["-ffreestanding", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


class LayoutCase(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.headers = self.directory / "argo"

    def compile(self, language: str, source: Registry) -> tuple[int, str]:
        """Status and diagnostics of the layout test of `source`, with the headers that are there."""
        test = self.directory / f"layout.{language}"
        test.write_text(layout(source, language))
        command = [COMPILER, *LANGUAGES[language], *OPTIONS, f"-I{self.directory}", str(test)]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
        return done.returncode, done.stderr


class Fixture(LayoutCase):
    """A registry that has what the real one has not, as bit 63."""

    def setUp(self):
        super().setUp()
        for name, text in headers(load(REGISTRY)).items():
            write(self.headers / name, text)

    def test_in_c(self):
        self.assertEqual(self.compile("c", load(REGISTRY)), (0, ""))

    def test_in_cxx(self):
        self.assertEqual(self.compile("cxx", load(REGISTRY)), (0, ""))


class Planted(LayoutCase):
    """Faults in a copy of the committed headers."""

    @classmethod
    def setUpClass(cls):
        cls.registry = registry.load()

    def setUp(self):
        super().setUp()
        shutil.copytree(HEADERS, self.headers)

    def plant(
        self, header: str, old: str, new: str, found: str, languages: tuple[str, ...] = ("c", "cxx")
    ) -> None:
        """With `new` for `old` in a header, the test fails and says `found`."""
        path = self.headers / header
        text = path.read_text()
        self.assertEqual(text.count(old), 1, f"'{old}' in {header}")
        path.write_text(text.replace(old, new))
        for language in languages:
            status, said = self.compile(language, self.registry)
            self.assertNotEqual(status, 0, f"{language}: the fault was not seen")
            self.assertIn(found, said, language)

    def test_control_in_c(self):
        self.assertEqual(self.compile("c", self.registry), (0, ""))

    def test_control_in_cxx(self):
        self.assertEqual(self.compile("cxx", self.registry), (0, ""))

    def test_shifted_field(self):
        self.plant(
            "call.h",
            "    int64_t  result;",
            "    uint64_t shift;\n    int64_t  result;",
            "offset of argo_frame.result",
        )

    def test_swapped_fields(self):
        self.plant(
            "unregister.h",
            "uint16_t partner;   /* 4  as registered */\n    uint16_t reserved;",
            "uint16_t reserved;\n    uint16_t partner;",
            "offset of argo_unregister.partner",
        )

    def test_narrower_field(self):
        self.plant("sendv.h", "uint32_t flags;", "uint16_t flags;", "type of argo_iov.flags")

    def test_unsigned_result(self):
        self.plant("call.h", "int64_t  result;", "uint64_t result;", "type of argo_frame.result")

    def test_shorter_array(self):
        self.plant("query.h", "reserved2[3];", "reserved2[2];", "elements of argo_info.reserved2")

    def test_longer_structure(self):
        self.plant("query.h", "reserved2[3];", "reserved2[3]; uint64_t more;", "size of argo_info")

    def test_lost_alignment(self):
        self.plant("call.h", "ARGO_ALIGNAS(64) ", "", "alignment of argo_frame")

    def test_wrong_operation(self):
        self.plant(
            "sendv.h", "#define ARGO_OP_SENDV 0x03u", "#define ARGO_OP_SENDV 0x04u", "value of ARGO_OP_SENDV"
        )

    def test_wrong_major(self):
        self.plant(
            "call.h", "#define ARGO_ABI_MAJOR 1u", "#define ARGO_ABI_MAJOR 2u", "value of ARGO_OPERATION_WORD"
        )

    def test_constant_too_narrow_to_mask_an_address(self):
        self.plant("call.h", "UINT64_C(4096)", "4096u", "width of ARGO_PAGE_SIZE")

    def test_unsigned_error(self):
        self.plant(
            "call.h", "#define ARGO_EINVAL        22", "#define ARGO_EINVAL 22u", "sign of ARGO_EINVAL"
        )

    def test_missing_constant(self):
        self.plant(
            "query.h", "#define ARGO_FEATURE_WILDCARD ", "#define ARGO_FEATURE_WILD ", "ARGO_FEATURE_WILDCARD"
        )

    def test_tail_of_another_type(self):
        self.plant(
            "notify.h",
            "struct argo_notify_entry entries[];",
            "uint8_t entries[];",
            "type of argo_notify.entries",
            ("c",),
        )


if __name__ == "__main__":
    unittest.main()
