# SPDX-License-Identifier: MIT
"""Diagrams show every byte and every bit, fit a phone, and are text that a reader can select."""

import re
import unittest
import xml.etree.ElementTree as xml

import scratch  # noqa: F401  puts the tools on the path
import registry
from argobook import bit_diagram, byte_diagram, svg
from argobook.bit_diagram import Part

PHONE = 360
SVG = "{http://www.w3.org/2000/svg}"


def texts(drawing: str) -> list[str]:
    return [node.text or "" for node in xml.fromstring(drawing).iter(f"{SVG}text")]


class Bytes(unittest.TestCase):
    def setUp(self):
        self.registry = registry.load()

    def test_every_byte_of_every_structure_is_in_one_box(self):
        for structure in self.registry.structures.values():
            with self.subTest(structure.name):
                boxes = byte_diagram.cells(self.registry, structure)
                end = 0
                for box in boxes:
                    self.assertEqual(box.offset, end, f"{box.name} leaves a gap or overlaps")
                    end += box.size
                self.assertEqual(end, structure.size)

    def test_every_structure_fits_a_phone_and_says_its_names(self):
        for structure in self.registry.structures.values():
            with self.subTest(structure.name):
                drawing = byte_diagram.draw(self.registry, structure)
                self.assertLessEqual(float(xml.fromstring(drawing).get("width")), PHONE)
                shown = texts(drawing)
                for box in byte_diagram.cells(self.registry, structure):
                    self.assertIn(box.name, shown)

    def test_structure_in_a_structure_is_shown_by_its_fields(self):
        boxes = byte_diagram.cells(self.registry, self.registry.structures["argo_send_addr"])
        self.assertIn(("dst.domid", 12, 2), [(box.name, box.offset, box.size) for box in boxes])

    def test_few_elements_are_shown_each_many_are_cut(self):
        frame = byte_diagram.cells(self.registry, self.registry.structures["argo_frame"])
        self.assertIn(("arg[3]", 32, 8), [(box.name, box.offset, box.size) for box in frame])
        ring = byte_diagram.cells(self.registry, self.registry.structures["argo_ring"])
        self.assertEqual([box.name for box in ring if box.cut], ["reserved[12]"])

    def test_open_end(self):
        drawing = byte_diagram.draw(self.registry, self.registry.structures["argo_message"])
        self.assertIn('class="edge open"', drawing)

    def test_colours_can_be_changed_by_a_theme(self):
        drawing = byte_diagram.draw(self.registry, self.registry.structures["argo_iov"])
        self.assertNotIn("style=", drawing)  # attributes lose against a theme's rules, styles would win
        for shape in xml.fromstring(drawing):
            self.assertTrue(shape.get("class"), "a shape without a class keeps its colour in the dark")

    def test_name_that_nobody_could_read(self):
        with self.assertRaisesRegex(ValueError, "too long for its box"):
            svg.fit("x" * 100, 11, 100)


class Bits(unittest.TestCase):
    def test_gaps_are_filled(self):
        parts = bit_diagram.fill([Part(0, 0, "A"), Part(7, 4, "B")], 16)
        self.assertEqual(
            [(part.high, part.low, part.name) for part in parts],
            [(15, 8, ""), (7, 4, "B"), (3, 1, ""), (0, 0, "A")],
        )

    def test_overlap_is_refused(self):
        with self.assertRaisesRegex(ValueError, "bits 4 to 0 overlap"):
            bit_diagram.fill([Part(7, 4, "B"), Part(4, 0, "A")], 16)

    def test_beyond_the_word_is_refused(self):
        with self.assertRaises(ValueError):
            bit_diagram.fill([Part(16, 16, "A")], 16)

    def test_every_group_fits_a_phone_and_says_its_names(self):
        for group in registry.load().flags:
            with self.subTest(group.group):
                parts = [Part(each.bit, each.bit, each.name) for each in group.bits]
                parts += [Part(each.high, each.low, each.name) for each in group.fields]
                drawing = bit_diagram.draw(group.group, parts, int(group.type[1:]))
                self.inside(drawing)
                for part in parts:
                    self.assertIn(part.name, texts(drawing))

    def test_long_name_of_a_high_bit(self):
        self.inside(bit_diagram.draw("word", [Part(31, 31, "A_NAME_OF_SOME_LENGTH"), Part(0, 0, "B")], 32))

    def inside(self, drawing: str):
        """No text begins left of the picture or ends right of it."""
        root = xml.fromstring(drawing)
        width = float(root.get("width"))
        self.assertLessEqual(width, PHONE)
        for node in root.iter(f"{SVG}text"):
            length = svg.text_width(node.text, float(node.get("font-size")))
            begin = (
                float(node.get("x"))
                - {"start": 0, "middle": length / 2, "end": length}[node.get("text-anchor")]
            )
            self.assertGreaterEqual(begin, -1, node.text)
            self.assertLessEqual(begin + length, width + 1, node.text)

    def test_alternative_text_names_the_parts(self):
        drawing = bit_diagram.draw("word", [Part(3, 0, "LOW")], 8)
        self.assertRegex(re.search('aria-label="([^"]*)"', drawing)[1], "3\u20130 LOW")


if __name__ == "__main__":
    unittest.main()
