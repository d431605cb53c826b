# SPDX-License-Identifier: Apache-2.0 OR MIT
"""References of a registry to what does not exist, and operations that say too little."""

import unittest

from fixture import REGISTRY, RegistryCase, load, was_at


class References(RegistryCase):
    def test_area_of_an_operation(self):
        self.refused(
            '    since: "1.0"\n    area: sendv',
            '    since: "1.0"\n    area: sent',
            "operation 'sendv' names area 'sent', which does not exist",
            at="    area: sent\n",
        )

    def test_area_that_must_exist(self):
        self.refused(
            "  - {name: vector, brief: Hearing of events.}\n",
            "",
            "there is no area 'vector', where the bindings belong",
            at="areas:",
        )

    def test_area_of_a_constant(self):
        self.refused(
            "{name: SLOT,    area: sendv,",
            "{name: SLOT,    area: slots,",
            "constant 'SLOT' names area 'slots', which does not exist",
        )

    def test_area_of_flags(self):
        self.refused(
            "  - group: IOV\n    area: sendv",
            "  - group: IOV\n    area: iov",
            "flag group 'IOV' names area 'iov', which does not exist",
            at="    area: iov",
        )

    def test_feature_of_an_operation(self):
        self.refused(
            "status: draft, feature: BATCH",
            "status: draft, feature: BATHC",
            "operation 'send_batch' names feature 'BATHC', which does not exist",
        )

    def test_feature_of_a_flag(self):
        self.refused(
            "{name: LIST, bit: 0,",
            "{name: LIST, bit: 0, feature: LIST,",
            "flag 'LIST' names feature 'LIST', which does not exist",
        )

    def test_feature_of_a_limit(self):
        self.refused(
            "one batch, feature: BATCH}",
            "one batch, feature: BENCH}",
            "limit 'max_batch' names feature 'BENCH', which does not exist",
        )

    def test_error_of_an_operation(self):
        self.refused(
            "{error: EINVAL, when: count is",
            "{error: EFAULT, when: count is",
            "operation 'sendv' names error 'EFAULT', which does not exist",
        )

    def test_error_of_the_entry(self):
        self.refused(
            "{error: EPERM, when", "{error: EACCES, when", "entry names error 'EACCES', which does not exist"
        )

    def test_error_of_major_0_in_an_operation(self):
        self.refused(
            "{error: EINVAL, when: count is",
            "{error: ESRCH, when: count is",
            "operation 'sendv' names error 'ESRCH', which belongs to major 0 alone",
        )

    def test_error_of_major_0_in_the_entry(self):
        self.refused(
            "{error: EPERM, when",
            "{error: ESRCH, when",
            "entry names error 'ESRCH', which belongs to major 0 alone",
        )

    def test_structure_of_an_argument(self):
        self.refused(
            "gpa<argo_info>",
            "gpa<argo_inof>",
            "argument 'info' of operation 'query' names structure 'argo_inof', which does not exist",
        )

    def test_count_of_an_argument(self):
        self.refused(
            "gpa<argo_iov[count]>",
            "gpa<argo_iov[number]>",
            "argument 'iovs' of operation 'sendv' is counted by 'number', which is no argument",
        )

    def test_text_that_is_no_type_of_an_argument(self):
        self.refused(
            "type: u64,                    brief: How many.",
            "type: u32,                    brief: How many.",
            "argument 'count' of operation 'sendv': 'u32' is not an argument's type;"
            " write u64, gpa<T> or gpa<T[count]>",
        )


class Limits(RegistryCase):
    def test_limit_that_is_no_field(self):
        self.refused(
            "{name: max_batch, minimum: 0,",
            "{name: max_bench, minimum: 0,",
            "limit 'max_bench' is not a field of argo_info",
        )

    def test_field_that_is_no_limit(self):
        self.refused(
            "limits:\n  - {name: max_batch, minimum: 0, brief: messages of one batch, feature: BATCH}",
            "limits: []",
            "field 'max_batch' of argo_info is not among the limits",
            at="{offset: 4, name: max_batch",
        )

    def test_limit_that_is_no_u32(self):
        self.refused(
            "{offset: 4, name: max_batch, type: u32,",
            '{offset: 4, name: max_batch, type: "u16[2]",',
            "field 'max_batch' of argo_info is a limit and must be u32",
        )

    def test_no_argo_info(self):
        self.refused(
            "  argo_info:\n",
            "  argo_inof:\n",
            "there is no structure 'argo_info', which tells the limits",
            at="structures:",
        )


class Operations(RegistryCase):
    def test_stable_without_area(self):
        self.refused(
            '0x21, since: "1.0", status: draft, ',
            '0x21, since: "1.0", ',
            "operation 'send_batch' has no 'area'; only a draft without an area may lack it",
        )

    def test_stable_without_errors(self):
        self.refused(
            "    returns: Zero.\n    errors: []\n",
            "    returns: Zero.\n",
            "operation 'query' has no 'errors'; only a draft without an area may lack it",
            at="  query:\n",
        )

    def test_draft_with_an_area_without_arguments(self):
        self.refused(
            "status: draft, feature: BATCH, brief: Send more.",
            "status: draft, feature: BATCH, area: sendv, brief: Send more.",
            "operation 'send_batch' has no 'arguments'; only a draft without an area may lack it",
        )

    def test_five_arguments(self):
        more = "".join(f"      - {{name: more{n}, type: u64, brief: x}}\n" for n in range(3))
        self.refused(
            "    returns: Payload bytes.\n",
            f"{more}    returns: Payload bytes.\n",
            "operation 'sendv' has more than four arguments",
            at="    arguments:\n      - {name: iovs",
        )


class Requirements(RegistryCase):
    def test_used_twice(self):
        self.refused(
            "{error: EINVAL, when: a flag is not known, req: ARGO-SENDV-102}",
            "{error: EINVAL, when: a flag is not known, req: ARGO-SENDV-101}",
            f"requirement ARGO-SENDV-101 is used already, in line {was_at('ARGO-SENDV-101')}",
        )

    def test_of_another_area(self):
        self.refused(
            "req: ARGO-SENDV-102",
            "req: ARGO-CALL-102",
            "requirement 'ARGO-CALL-102' of operation 'sendv' must read ARGO-SENDV-nnn",
        )

    def test_of_another_form(self):
        self.refused(
            "req: ARGO-SENDV-102",
            "req: ARGO-SENDV-12",
            "requirement 'ARGO-SENDV-12' of operation 'sendv' must read ARGO-SENDV-nnn",
        )

    def test_a_draft_without_an_area_uses_a_word_of_its_name(self):
        old = "status: draft, feature: BATCH, brief: Send more.}"
        new = old[:-1] + ", errors: [{error: EINVAL, when: it is too long, req: ARGO-%s-101}]}"
        for area in ("SEND", "BATCH"):
            self.assertEqual(len(load(REGISTRY.replace(old, new % area)).operations["send_batch"].errors), 1)
        wrong = "requirement 'ARGO-SENDV-103' of operation 'send_batch'"
        self.refused(
            old, new.replace("%s-101", "SENDV-103"), f"{wrong} must read ARGO-SEND-nnn or ARGO-BATCH-nnn"
        )

    def test_of_the_entry(self):
        self.refused(
            "req: ARGO-CALL-101",
            "req: ARGO-ENTRY-101",
            "requirement 'ARGO-ENTRY-101' of entry must read ARGO-CALL-nnn",
        )


class Mentions(RegistryCase):
    def test_macro(self):
        self.refused(
            "brief: Drop it.",
            "brief: Drop it; see ARGO_SLOTS.",
            "'brief' of binding 'NONE' mentions ARGO_SLOTS, which does not exist",
        )

    def test_beginning_of_macros(self):
        self.refused(
            "brief: ARGO_IOV_*",
            "brief: ARGO_IO_*",
            "'brief' of field 'flags' mentions ARGO_IO_*, which does not exist",
        )

    def test_in_a_condition(self):
        self.refused(
            "when: count is too large,",
            "when: count is above ARGO_MIN_MAX_IOV,",
            "'when' of condition 'ARGO-SENDV-101' mentions ARGO_MIN_MAX_IOV, which does not exist",
        )


if __name__ == "__main__":
    unittest.main()
