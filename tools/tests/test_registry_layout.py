# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Layouts of structures that a compiler would not reproduce, or that leave a byte to nobody."""

import unittest

from fixture import RegistryCase

FLAGS = "{offset: 16, name: flags, type: u32, "


class Layout(RegistryCase):
    def test_overlap(self):
        self.refused(
            FLAGS,
            "{offset: 12, name: flags, type: u32, ",
            "field 'flags' of structure 'argo_iov' is at offset 12 and overlaps field 'owner',"
            " which ends at 16",
        )

    def test_overlap_by_a_longer_array(self):
        self.refused(
            'type: "u64[6]"',
            'type: "u64[7]"',
            "field 'result' of structure 'argo_frame' is at offset 56 and overlaps field 'arg',"
            " which ends at 64",
            at="{offset: 56,",
        )

    def test_gap(self):
        self.refused(
            "{offset: 20, name: space,",
            "{offset: 24, name: space,",
            "field 'space'"
            " of structure 'argo_iov' is at offset 24 and leaves a gap: field 'flags' ends at 20",
        )

    def test_gap_at_the_beginning(self):
        self.refused(
            "{offset: 0, name: port, ",
            "{offset: 4, name: port, ",
            "field 'port' of structure 'argo_addr' is at offset 4 and leaves a gap: the beginning ends at 0",
        )

    def test_misaligned(self):
        self.refused(
            "      - {offset: 0, name: port,     type: u32, brief: port}\n"
            "      - {offset: 4, name: domid,    type: u16, brief: domain}\n",
            "      - {offset: 0, name: domid,    type: u16, brief: domain}\n"
            "      - {offset: 2, name: port,     type: u32, brief: port}\n",
            "field 'port' of structure 'argo_addr' is at offset 2, which is no multiple of 4",
            at="      - {offset: 2, name: port",
        )

    def test_size_too_small(self):
        self.refused(
            "    size: 24", "    size: 20", "'size' of structure 'argo_iov' is 20, but its fields end at 24"
        )

    def test_size_too_large(self):
        self.refused(
            "    size: 24", "    size: 32", "'size' of structure 'argo_iov' is 32, but its fields end at 24"
        )

    def test_padding_behind_the_last_field(self):
        self.refused(
            "{offset: 0, name: reserved,  type: u32, brief: zero}\n",
            "{offset: 0, name: reserved,  type: u64, brief: zero}\n",
            "field 'max_batch' of structure 'argo_info' is at offset 4 and overlaps field 'reserved',"
            " which ends at 8",
            at="{offset: 4, name: max_batch",
        )

    def test_size_no_multiple_of_the_alignment(self):
        self.refused(
            "    size: 24\n    brief: A piece.",
            "    size: 24\n    align: 16\n    brief: A piece.",
            "'size' of structure 'argo_iov' is 24, no multiple of its alignment 16",
            at="    size: 24",
        )

    def test_alignment_that_is_no_power_of_two(self):
        self.refused("align: 64", "align: 48", "'align' of structure 'argo_frame' must be a power of two")

    def test_alignment_of_zero(self):
        self.refused("align: 64", "align: 0", "'align' of structure 'argo_frame' must be a power of two")

    def test_alignment_below_that_of_the_fields(self):
        self.refused("align: 64", "align: 4", "'align' of structure 'argo_frame' is 4, but its fields need 8")

    def test_tail_that_is_not_last(self):
        self.refused(
            FLAGS,
            '{offset: 16, name: flags, type: "u32[]", ',
            "field 'flags' of structure 'argo_iov' has no end and must be the last",
        )

    def test_structure_without_end_within_another(self):
        self.refused(
            "constants:\n",
            "  argo_more:\n"
            "    {area: sendv, size: 24, brief: x, fields: [{offset: 0, name: piece, type: argo_iov,"
            " brief: x}]}\nconstants:\n",
            "field 'piece' of structure 'argo_more' has type 'argo_iov', which has no end",
            at="    {area: sendv, size: 24",
        )

    def test_type_that_does_not_exist(self):
        self.refused(
            FLAGS,
            "{offset: 16, name: flags, type: u33, ",
            "field 'flags' of structure 'argo_iov' has type 'u33', which does not exist",
        )

    def test_text_that_is_no_type(self):
        self.refused(
            FLAGS,
            '{offset: 16, name: flags, type: "u32[x]", ',
            "field 'flags' of structure 'argo_iov': 'u32[x]' is not a type; write T, T[n] or T[]",
        )

    def test_array_of_nothing(self):
        self.refused(
            FLAGS,
            '{offset: 16, name: flags, type: "u32[0]", ',
            "field 'flags' of structure 'argo_iov': 'u32[0]' is not a type; write T, T[n] or T[]",
        )

    def test_structure_within_itself(self):
        self.refused(
            "type: argo_addr, brief: whose",
            "type: argo_iov, brief: whose",
            "field 'owner' of structure 'argo_iov' has type 'argo_iov', which must stand above",
        )

    def test_structure_that_comes_later(self):
        self.refused(
            "{offset: 0, name: port,     type: u32,",
            "{offset: 0, name: port,     type: argo_iov,",
            "field 'port' of structure 'argo_addr' has type 'argo_iov', which must stand above",
        )

    def test_no_fields(self):
        self.refused(
            "    size: 64\n    align: 64\n    brief: A call.\n    fields:\n"
            "      - {offset: 0,  name: op,     type: u64,      brief: operation}\n"
            '      - {offset: 8,  name: arg,    type: "u64[6]", brief: arguments}\n'
            "      - {offset: 56, name: result, type: s64,      brief: result}\n",
            "    size: 0\n    brief: A call.\n    fields: []\n",
            "structure 'argo_frame' has no fields",
            at="    fields: []",
        )


if __name__ == "__main__":
    unittest.main()
