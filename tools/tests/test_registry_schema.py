# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Keys and types: what a registry's entries may hold."""

import unittest

from fixture import REGISTRY, RegistryCase, load


class Keys(RegistryCase):
    def test_unknown_key_with_a_near_one(self):
        self.refused(
            "    returns: Payload bytes.",
            "    retruns: Payload bytes.",
            "unknown key 'retruns' in operation 'sendv'; did you mean 'returns'?",
        )

    def test_unknown_key_with_nothing_near(self):
        self.refused(
            "{leaf: 0, name: BASE,     brief: last leaf}",
            "{leaf: 0, name: BASE,     brief: last leaf, xyzzy: 1}",
            "unknown key 'xyzzy' in leaf 'BASE'; known are name, brief, leaf",
        )

    def test_unknown_section(self):
        self.refused("ports:", "prots:", "unknown key 'prots' in registry; did you mean 'ports'?")

    def test_unknown_key_in_a_row_of_errors(self):
        self.refused(
            "req: ARGO-SENDV-101}",
            "req: ARGO-SENDV-101, profil: wildcard}",
            "unknown key 'profil' in condition 'ARGO-SENDV-101'; did you mean 'profile'?",
        )

    def test_name_where_the_key_is_the_name(self):
        self.refused(
            "  EPERM:  {number: 1,",
            "  EPERM:  {name: EPERM, number: 1,",
            "unknown key 'name' in error 'EPERM'; did you mean 'number'?",
        )

    def test_comma_in_a_text_without_quotes(self):
        self.refused(
            'brief: "How a call is made, and its errors."}',
            "brief: How a call is made, and its errors.}",
            "unknown key 'and its errors.' in area 'call'; a text with a comma must be quoted",
        )

    def test_missing_key(self):
        self.refused("    size: 24\n", "", "structure 'argo_iov' has no 'size'", at="  argo_iov:")

    def test_missing_key_in_one_line(self):
        self.refused(
            "{name: LAPIC, number: 1, brief: An interrupt.}",
            "{name: LAPIC, brief: An interrupt.}",
            "binding 'LAPIC' has no 'number'",
        )

    def test_missing_name(self):
        self.refused(
            "{name: LAPIC, number: 1, brief: An interrupt.}",
            "{number: 1, brief: An interrupt.}",
            "binding has no 'name'",
        )


class Types(RegistryCase):
    def test_text_for_a_number(self):
        self.refused(
            "{name: WILDCARD, number: 0x7ff4,",
            '{name: WILDCARD, number: "0x7ff4",',
            "'number' of domid 'WILDCARD' must be a whole number, not the text '0x7ff4'",
        )

    def test_fraction_for_a_number(self):
        self.refused(
            "  major: 1", "  major: 1.5", "'major' of abi must be a whole number, not the number 1.5"
        )

    def test_truth_for_a_number(self):
        self.refused("  major: 1", "  major: yes", "'major' of abi must be a whole number, not true or false")

    def test_nothing_for_a_number(self):
        self.refused("  minor: 0", "  minor:", "'minor' of abi must be a whole number, not nothing")

    def test_number_below_zero(self):
        self.refused(
            "  minor: 0", "  minor: -1", "'minor' of abi must be from 0 to 2^64 - 1, not the number -1"
        )

    def test_number_beyond_64_bits(self):
        self.refused(
            "{name: SLOT,    area: sendv, value: 16, ",
            "{name: SLOT,    area: sendv, value: 0x10000000000000000, ",
            "'value' of constant 'SLOT' must be from 0 to 2^64 - 1, not the number 18446744073709551616",
        )

    def test_number_for_a_text(self):
        self.refused(
            '    number: 3\n    since: "1.0"',
            "    number: 3\n    since: 1.0",
            "'since' of operation 'sendv' must be text, not the number 1.0; quote it",
            at="since: 1.0",
        )

    def test_truth_for_a_name(self):
        self.refused(
            "{name: NONE,  number: 0,",
            "{name: NO,  number: 0,",
            "'name' of binding 'False' must be text, not true or false; quote it",
        )

    def test_text_for_truth(self):
        self.refused(
            "major0: true}",
            'major0: "true"}',
            "'major0' of error 'ESRCH' must be true or false, not the text 'true'",
        )

    def test_unknown_word(self):
        self.refused(
            "status: draft, feature: BATCH",
            "status: drafty, feature: BATCH",
            "'status' of operation 'send_batch' must be one of stable, draft, reserved,"
            " not the text 'drafty'",
        )

    def test_list_for_a_word(self):
        self.refused(
            "    arch: x86",
            "    arch: [x86]",
            "'arch' of mechanism 'MSR' must be one of any, x86, arm, not a list",
        )

    def test_unknown_profile(self):
        profiles = (
            "core-loopback, core-pair, wildcard, policy, lifecycle, interrupt-vector, interrupt-evtchn,"
            " interrupt-poll, hostile, batch, route, transport, upstream"
        )
        self.refused(
            "req: ARGO-SENDV-102}",
            "req: ARGO-SENDV-102, profile: core}",
            f"'profile' of condition 'ARGO-SENDV-102' must be one of {profiles}, not the text 'core'",
        )

    def test_unknown_testability(self):
        self.refused(
            "req: ARGO-SENDV-102}",
            "req: ARGO-SENDV-102, testability: never}",
            "'testability' of condition 'ARGO-SENDV-102' must be one of auto, pair, host-assist, inspection,"
            " not the text 'never'",
        )

    def test_map_for_a_list(self):
        self.refused(
            "implementations:\n  - {name: MODEL,",
            "implementations:\n  {name: MODEL,",
            "'implementations' of registry must be a list, not a map",
            at="implementations:",
        )

    def test_list_for_a_map(self):
        self.refused(
            "abi:\n  name: Argo ABI\n  major: 1\n  minor: 0\n  license: MIT",
            "abi: [1]",
            "an abi must be a map, not a list",
        )

    def test_list_for_a_map_of_entries(self):
        cut = REGISTRY[REGISTRY.index("errors:\n") : REGISTRY.index("entry:\n")]
        self.refused(cut, "errors: [EPERM]\n", "'errors' of registry must be a map, not a list")

    def test_number_for_an_entry(self):
        self.refused(
            "  - {name: SUITE, number: 0x4152ff00, brief: Tests.}",
            "  - 7",
            "a port must be a map, not the number 7",
        )

    def test_text_for_a_named_entry(self):
        self.refused(
            "  EPERM:  {number: 1,  brief: Refused.}",
            "  EPERM: Refused.",
            "error 'EPERM' must be a map, not the text 'Refused.'",
        )

    def test_list_for_the_whole(self):
        self.assertEqual(self.message("- 1\n"), "argo.yaml:1: a registry must be a map, not a list")

    def test_value_may_be_a_number_or_an_expression(self):
        self.assertEqual(load(REGISTRY).constant_values(), {"SLOT": 16, "MINIMUM": 33})


class Texts(RegistryCase):
    def test_empty(self):
        self.refused("brief: Tests.}", 'brief: ""}', "'brief' of port 'SUITE' is empty")

    def test_end_of_a_comment(self):
        self.refused(
            "brief: Tests.}",
            'brief: "Tests */ int x;"}',
            "'brief' of port 'SUITE' begins or ends with a space, or holds the marks of a comment",
        )

    def test_beyond_ascii(self):
        self.refused(
            "brief: Tests.}",
            "brief: Tests\u2026}",
            "'brief' of port 'SUITE' holds something other than printable ASCII on one line",
        )

    def test_two_lines(self):
        self.refused(
            "brief: Tests.}",
            'brief: "Tests.\\nMore."}',
            "'brief' of port 'SUITE' holds something other than printable ASCII on one line",
        )


if __name__ == "__main__":
    unittest.main()
