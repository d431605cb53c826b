# SPDX-License-Identifier: MIT
"""The ABI gate passes what the version says and fails what it does not. One planted change, one test."""

import unittest

from scratch import ScratchCase, call

REGISTRY = "spec/registry/argo.yaml"
IOV_FLAGS = "      - {offset: 12, name: flags,  type: u32, brief: ARGO_IOV_*}\n"


class AbiCase(ScratchCase):
    @classmethod
    def prepare(cls, root):
        """The present state is the last release."""
        for old in root.glob("spec/abi/*-*.*"):
            old.unlink()
        call("abi_gate", "--root", str(root), "accept")

    def change(self, old, new):
        self.replace(REGISTRY, old, new)
        self.regenerate()

    def regenerate(self):
        import generate

        code = generate.main(
            [
                "headers",
                "--registry",
                str(self.file(REGISTRY)),
                "--out",
                str(self.file("abi-headers/include/argo")),
            ]
        )
        self.assertEqual(code, 0)

    def version(self, major, minor):
        self.change("  major: 1\n  minor: 0\n", f"  major: {major}\n  minor: {minor}\n")

    def breaking(self, *sentences):
        """A new minor is not enough."""
        self.version(1, 1)
        self.refused("there are breaking changes since 1.0, and the major is still 1", *sentences)

    def addition(self, *sentences):
        """The old version is not enough."""
        self.refused("there are additions since 1.0, and the version is still 1.0", *sentences)

    def refused(self, *sentences):
        said = self.run_tool("abi_gate", "check", expect=1)
        for sentence in sentences:
            self.assertIn(sentence, said)

    def grow_argo_info(self):
        last = '      - {offset: 84, name: reserved2,              type: "u32[3]", brief: zero}\n'
        self.replace(REGISTRY, "    area: query\n    size: 96\n", "    area: query\n    size: 104\n")
        self.change(last, last + "      - {offset: 96, name: uptime, type: u64, brief: nanoseconds}\n")

    def harmless(self, sentence):
        self.assertIn(sentence, self.run_tool("abi_gate", "check"))


class Versions(AbiCase):
    def test_major_for_what_breaks(self):
        self.change("ECONNREFUSED: {number: 111,", "ECONNREFUSED: {number: 112,")
        self.version(2, 0)
        self.assertIn("the version is 2.0, as it should be", self.run_tool("abi_gate", "check"))

    def test_minor_for_what_is_added(self):
        self.change("{name: max_iov,          minimum: 64,", "{name: max_iov,          minimum: 65,")
        self.version(1, 1)
        self.assertIn("the version is 1.1, as it should be", self.run_tool("abi_gate", "check"))

    def test_minor_for_a_structure_that_grew(self):
        """libabigail finds another size, and the words account for it."""
        self.grow_argo_info()
        self.version(1, 1)
        self.run_tool("abi_gate", "check")

    def test_unchanged(self):
        self.harmless("0 changes since 1.0")

    def test_baseline_is_not_replaced_by_accident(self):
        self.assertIn("1.0 has a baseline", self.run_tool("abi_gate", "accept", expect=2))
        self.run_tool("abi_gate", "accept", "--unreleased")

    def test_version_that_went_back(self):
        self.version(1, 1)
        self.run_tool("abi_gate", "accept")
        self.change("  major: 1\n  minor: 1\n", "  major: 1\n  minor: 0\n")
        self.assertIn(
            "the version 1.0 is older than the baseline's, 1.1", self.run_tool("abi_gate", "check", expect=1)
        )

    def test_no_baseline(self):
        self.file("spec/abi/registry-1.0.yaml").unlink()
        self.assertIn("no baseline", self.run_tool("abi_gate", "check", expect=2))


class Breaking(AbiCase):
    def test_removed_field(self):
        self.change(IOV_FLAGS, "      - {offset: 12, name: reserved, type: u32, brief: zero}\n")
        self.breaking(
            "structure 'argo_iov': field 'flags' is gone",
            "types of the 64-bit headers",
            "types of the 32-bit headers",
        )

    def test_field_of_another_type(self):
        self.change(IOV_FLAGS, '      - {offset: 12, name: flags,  type: "u16[2]", brief: ARGO_IOV_*}\n')
        self.breaking(
            "structure 'argo_iov': field 'flags' changed from u32 to u16[2]", "types of the 64-bit headers"
        )

    def test_fields_that_changed_places(self):
        self.replace(
            REGISTRY,
            "{offset: 8,  name: length, type: u32, brief: bytes}",
            "{offset: 8,  name: flags, type: u32, brief: b}",
        )
        self.change(
            "{offset: 12, name: flags,  type: u32, brief: A", "{offset: 12, name: length, type: u32, brief: A"
        )
        self.breaking("field 'flags' moved from offset 12 to 8", "field 'length' moved from offset 8 to 12")

    def test_changed_number(self):
        self.change("ECONNREFUSED: {number: 111,", "ECONNREFUSED: {number: 112,")
        self.breaking("error 'ECONNREFUSED': 'number' changed from 111 to 112")

    def test_changed_operation_number(self):
        self.change("  sendv:\n    number: 3\n", "  sendv:\n    number: 0x30\n")
        self.breaking("operation 'sendv': 'number' changed from 3 to 48")

    def test_changed_flag(self):
        self.change("{name: SHARED,     bit: 1,", "{name: SHARED,     bit: 6,")
        self.breaking("flag 'SHARED': 'bit' changed from 1 to 6")

    def test_changed_constant(self):
        self.change(
            "name: RING_OVERHEAD,    area: ring,     value: 32,",
            "name: RING_OVERHEAD,    area: ring,     value: 48,",
        )
        self.breaking("constant 'RING_OVERHEAD' changed from 32 to 48")

    def test_changed_order_of_errors(self):
        text = self.file(REGISTRY).read_text()
        lines = text.splitlines(keepends=True)
        first = next(i for i, line in enumerate(lines) if "ARGO-SENDV-106" in line)
        lines[first], lines[first + 1] = lines[first + 1], lines[first]
        self.file(REGISTRY).write_text("".join(lines))
        self.regenerate()
        self.breaking(
            "operation 'sendv': the order of errors changed;"
            " ARGO-SENDV-107 (EACCES) now precedes ARGO-SENDV-106"
        )

    def test_another_error(self):
        self.change(
            "{error: ECONNREFUSED, when: no ring matches,", "{error: EACCES,       when: no ring matches,"
        )
        self.breaking("operation 'sendv': ARGO-SENDV-108 changed from ECONNREFUSED to EACCES")

    def test_one_error_more(self):
        row = (
            "      - {error: ENOENT, when: the caller has no ring of this port and partner,"
            " req: ARGO-UNREGISTER-103}\n"
        )
        self.change(row, row + "      - {error: EBUSY, when: the ring is in use, req: ARGO-UNREGISTER-104}\n")
        self.breaking("error EBUSY (ARGO-UNREGISTER-104) is new; a call that succeeded may fail now")

    def test_lowered_limit(self):
        self.change("{name: max_iov,          minimum: 64,", "{name: max_iov,          minimum: 32,")
        self.breaking("limit 'max_iov': the least that is offered changed from 64 to 32")

    def test_number_of_a_draft_given_to_another(self):
        self.change("  fetch:         {number: 0x26,", "  chime:         {number: 0x26,")
        self.breaking("operation 'chime' has the number 38, which was that of operation 'fetch'")

    def test_headers_that_say_otherwise_than_the_registry(self):
        """libabigail sees what no word says."""
        path = self.file("abi-headers/include/argo/sendv.h")
        text = path.read_text()
        self.assertIn("uint32_t length;", text)
        path.write_text(text.replace("uint32_t length;", "uint16_t length; uint16_t rest;"))
        said = self.run_tool("abi_gate", "check", expect=1)
        self.assertIn("the types of the 64-bit headers", said)
        self.assertIn("argo_iov", said)


class Additions(AbiCase):
    def test_error_number(self):
        self.change(
            "  ESTALE:       {number: 116,",
            "  ENOMSG:       {number: 42,  brief: Nothing there.}\n  ESTALE:       {number: 116,",
        )
        self.addition("error 'ENOMSG' is new")

    def test_operation(self):
        self.change(
            "  fetch:         {number: 0x26,",
            '  ping:\n    number: 0x29\n    since: "1.1"\n    area: reset\n'
            "    brief: Nothing.\n    arguments: []\n    returns: Zero.\n    errors: []\n"
            "  fetch:         {number: 0x26,",
        )
        self.addition("operation 'ping' is new")

    def test_flag(self):
        self.change(
            "      - {name: EBUSY,      bit: 5,",
            "      - {name: LATER,      bit: 6, brief: Ask again.}\n" "      - {name: EBUSY,      bit: 5,",
        )
        self.addition("flag 'LATER' is new")

    def test_argo_info_grows(self):
        self.grow_argo_info()
        self.addition("structure 'argo_info': field 'uptime' is new, at the end")

    def test_reserved_bytes_get_a_meaning(self):
        self.change(
            "      - {offset: 14, name: reserved,               type: u16, brief: zero}\n",
            "      - {offset: 14, name: weight,                 type: u16, brief: any}\n",
        )
        self.addition("structure 'argo_info': field 'weight' is new, in bytes that were reserved")

    def test_draft_that_became_stable(self):
        self.change("  - {name: LIST,        bit: 3,  status: draft,", "  - {name: LIST,        bit: 3,")
        self.addition("feature 'LIST' is no draft any more")

    def test_raised_limit(self):
        self.change("{name: max_iov,          minimum: 64,", "{name: max_iov,          minimum: 65,")
        self.addition("the least that is offered changed from 64 to 65")


class Free(AbiCase):
    def test_wording(self):
        self.change("brief: No such ring of the caller.", "brief: The caller has no such ring.")
        self.harmless("wording: error 'ENOENT': 'brief' changed")

    def test_draft(self):
        self.change("  resolve:\n    number: 0x23\n", "  resolve:\n    number: 0x2f\n")
        self.harmless("draft: operation 'resolve': 'number' changed from 35 to 47")

    def test_draft_that_is_gone(self):
        self.change(
            "  - {name: INTID,  number: 4, status: draft,", "  - {name: GIC,    number: 5, status: draft,"
        )
        self.harmless("draft: binding 'INTID' is gone")


if __name__ == "__main__":
    unittest.main()
