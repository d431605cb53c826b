# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Names and numbers of a registry: each is given once, and fits its place."""

import unittest

from fixture import RegistryCase, was_at


class Names(RegistryCase):
    def test_capitals_where_there_are_none(self):
        self.refused(
            "  - {name: query, brief: Who",
            "  - {name: Query, brief: Who",
            "area 'Query' must be lower-case letters, digits and _",
        )

    def test_lower_case_where_there_are_capitals(self):
        self.refused(
            "{name: MODEL,", "{name: model,", "implementation 'model' must be capital letters, digits and _"
        )

    def test_flag_group_in_lower_case(self):
        self.refused(
            "  - group: IOV", "  - group: iov", "flag group 'iov' must be capital letters, digits and _"
        )

    def test_structure_without_prefix(self):
        self.refused("  argo_frame:", "  frame:", "structure 'frame' must begin with 'argo_'")

    def test_field_that_is_a_word_of_c(self):
        self.refused(
            "name: port,     type: u32",
            "name: register, type: u32",
            "field 'register' of structure 'argo_addr' is a word of C or C++",
        )

    def test_field_used_twice(self):
        self.refused(
            "{offset: 4, name: domid,    type: u16, brief: domain}",
            "{offset: 4, name: port,     type: u16, brief: domain}",
            f"field 'port' of structure 'argo_addr' is used already, in line {was_at('name: port,')}",
        )

    def test_argument_used_twice(self):
        self.refused(
            "{name: count, type: u64, ",
            "{name: iovs,  type: u64, ",
            f"argument 'iovs' of operation 'sendv' is used already, in line {was_at('name: iovs,')}",
        )

    def test_area_used_twice(self):
        self.refused(
            "{name: sendv, brief: Sending.}",
            "{name: query, brief: Sending.}",
            f"area 'query' is used already, in line {was_at('name: query,')}",
        )

    def test_flag_used_twice(self):
        self.refused(
            "{name: OFFSET, low: 20,",
            "{name: LIST,   low: 20,",
            f"flag field 'LIST' of flag group 'IOV' is used already, in line {was_at('name: LIST,')}",
        )

    def test_register_used_twice(self):
        self.refused(
            "{register: ecx, name: spare,",
            "{register: ebx, name: spare,",
            "register ebx of parameter 'spare' of mechanism 'MSR' is used already,"
            f" by parameter 'index' in line {was_at('name: index,')}",
        )

    def test_registers_for_three_arguments(self):
        self.refused(
            "      - {register: ecx, name: spare, brief: zero}\n",
            "    registers: {number: RAX, operation: RDI, arguments: [RSI, RDX, R10], result: RAX}\n",
            "registers of mechanism 'MSR' must name one for each of four arguments",
        )

    def test_two_entries_that_become_one_macro(self):
        self.refused(
            "  - {name: SLOT,    area: sendv, value: 16, ",
            "  - {name: IOV_LIST, area: sendv, value: 1, brief: x}\n"
            "  - {name: SLOT,    area: sendv, value: 16, ",
            "flag 'LIST' would become ARGO_IOV_LIST,"
            f" as does constant 'IOV_LIST' in line {was_at('name: SLOT,')}",
            at="{name: LIST, bit",
        )

    def test_entry_that_becomes_a_macro_of_the_headers(self):
        self.refused(
            "{name: SLOT,    area: sendv, value: 16, ",
            "{name: ABI_MAJOR, area: sendv, value: 16, ",
            "constant 'ABI_MAJOR' would become ARGO_ABI_MAJOR, which the headers define",
        )


class Numbers(RegistryCase):
    def test_error_used_twice(self):
        self.refused(
            "EINVAL: {number: 22,",
            "EINVAL: {number: 3,",
            f"number 3 of error 'EINVAL' is used already, by error 'ESRCH' in line {was_at('ESRCH:')}",
        )

    def test_operation_used_twice(self):
        self.refused(
            "send_batch: {number: 0x21,",
            "send_batch: {number: 3,",
            "number 3 of operation 'send_batch'"
            f" is used already, by operation 'sendv' in line {was_at('    number: 3')}",
        )

    def test_feature_bit_used_twice(self):
        self.refused(
            "{name: LAST,  bit: 63,",
            "{name: LAST,  bit: 6,",
            f"bit 6 of feature 'LAST' is used already, by feature 'BATCH' in line {was_at('name: BATCH,')}",
        )

    def test_binding_used_twice(self):
        self.refused(
            "{name: LAPIC, number: 1,",
            "{name: LAPIC, number: 0,",
            f"number 0 of binding 'LAPIC' is used already, by binding 'NONE' in line {was_at('name: NONE,')}",
        )

    def test_mechanism_used_twice(self):
        self.refused(
            "cpuid:\n  signature",
            "  - {name: PIO, number: 1, revision: 1, arch: x86, brief: OUT., parameters: []}\n\ncpuid:\n"
            "  signature",
            "number 1 of mechanism 'PIO'"
            f" is used already, by mechanism 'MSR' in line {was_at('  - name: MSR') + 1}",
        )

    def test_implementation_used_twice(self):
        self.refused(
            "domids:",
            "  - {name: KVM, number: 1, brief: The engine.}\ndomids:",
            "number 1 of implementation 'KVM'"
            f" is used already, by implementation 'MODEL' in line {was_at('name: MODEL,')}",
        )

    def test_domid_used_twice(self):
        self.refused(
            "ports:",
            "  - {name: OTHER, number: 0x7ff4, brief: Any domain.}\nports:",
            "number 32756 (0x7ff4) of domid 'OTHER'"
            f" is used already, by domid 'WILDCARD' in line {was_at('name: WILDCARD,')}",
        )

    def test_port_used_twice(self):
        self.refused(
            "ports:",
            "ports:\n  - {name: TEST, number: 0x4152ff00, brief: Tests.}",
            "number 1095958272 (0x4152ff00) of port 'SUITE'"
            f" is used already, by port 'TEST' in line {was_at('ports:') + 1}",
            at="  - {name: SUITE",
        )

    def test_leaf_used_twice(self):
        self.refused(
            "{leaf: 1, name: REVISION,",
            "{leaf: 0, name: REVISION,",
            f"leaf 0 of leaf 'REVISION' is used already, by leaf 'BASE' in line {was_at('name: BASE,')}",
        )

    def test_operation_number_that_stays_free(self):
        self.refused(
            "send_batch: {number: 0x21,",
            "send_batch: {number: 0x1f,",
            "operation 'send_batch' has number 0x1f; 0x5 to 0x1f stay unassigned for ever",
        )

    def test_operation_number_of_more_than_16_bits(self):
        self.refused(
            "send_batch: {number: 0x21,",
            "send_batch: {number: 0x10000,",
            "'number' of operation 'send_batch' must be from 0x0 to 0xffff",
        )

    def test_error_zero(self):
        self.refused(
            "EPERM:  {number: 1,",
            "EPERM:  {number: 0,",
            "'number' of error 'EPERM' must be from 0x1 to 0xfff",
        )

    def test_feature_bit_64(self):
        self.refused(
            "{name: LAST,  bit: 63,",
            "{name: LAST,  bit: 64,",
            "'bit' of feature 'LAST' must be from 0x0 to 0x3f",
        )

    def test_domid_of_more_than_16_bits(self):
        self.refused(
            "{name: WILDCARD, number: 0x7ff4,",
            "{name: WILDCARD, number: 0x17ff4,",
            "'number' of domid 'WILDCARD' must be from 0x0 to 0xffff",
        )


class Flags(RegistryCase):
    def test_bit_used_twice(self):
        self.refused(
            "      - {name: LIST, bit: 0, brief: A list of frames.}",
            "      - {name: LIST, bit: 0, brief: A list of frames.}\n"
            "      - {name: MORE, bit: 0, brief: More.}",
            "flag 'MORE' of flag group 'IOV' uses bit 0,"
            f" as does flag 'LIST' in line {was_at('name: LIST,')}",
            at="      - {name: MORE",
        )

    def test_field_over_a_bit(self):
        self.refused(
            "{name: LIST, bit: 0,",
            "{name: LIST, bit: 25,",
            "flag field 'OFFSET' of flag group 'IOV' uses bit 25,"
            f" as does flag 'LIST' in line {was_at('name: LIST,')}",
            at="{name: OFFSET",
        )

    def test_bit_beyond_the_word(self):
        self.refused(
            "{name: LIST, bit: 0,",
            "{name: LIST, bit: 32,",
            "flag 'LIST' of flag group 'IOV' has bit 32, but the word is a u32",
        )

    def test_field_beyond_the_word(self):
        self.refused(
            "low: 20, high: 31,",
            "low: 20, high: 32,",
            "flag field 'OFFSET' of flag group 'IOV' has bit 32, but the word is a u32",
        )

    def test_field_upside_down(self):
        self.refused(
            "low: 20, high: 31,",
            "low: 31, high: 20,",
            "flag field 'OFFSET' of flag group 'IOV' has 'low' above 'high'",
        )


class Constants(RegistryCase):
    def test_name_that_comes_later(self):
        self.refused(
            "{name: SLOT,    area: sendv, value: 16, ",
            "{name: SLOT,    area: sendv, value: MINIMUM, ",
            "'value' of constant 'SLOT': 'MINIMUM' is neither a number nor a constant above,"
            " nor a sum of such",
        )

    def test_text_that_is_no_expression(self):
        self.refused(
            "value: 2 * SLOT + 1,",
            'value: "2 *",',
            "'value' of constant 'MINIMUM': '2 *' is not an expression",
        )

    def test_call_in_an_expression(self):
        self.refused(
            "value: 2 * SLOT + 1,",
            "value: exit(),",
            "'value' of constant 'MINIMUM': 'exit()' is neither a number nor a constant above,"
            " nor a sum of such",
        )

    def test_value_below_zero(self):
        self.refused(
            "value: 2 * SLOT + 1,",
            "value: SLOT - 17,",
            "'value' of constant 'MINIMUM' is -1, which is no u32",
        )

    def test_value_of_more_than_32_bits(self):
        self.refused(
            "value: 2 * SLOT + 1,",
            "value: 0x100000000,",
            "'value' of constant 'MINIMUM' is 4294967296, which is no u32",
        )


class Cpuid(RegistryCase):
    def test_signature_of_eleven_characters(self):
        self.refused(
            "signature: ArgoArgoArgo",
            "signature: ArgoArgoArg",
            "'signature' of cpuid must have 12 characters, four for each register",
        )

    def test_last_that_is_not_reached(self):
        self.refused(
            "last: 0x4000ff00",
            "last: 0x4000ff80",
            "'last' of cpuid must be reached from 'first' by 'step', within 32 bits",
        )

    def test_step_of_zero(self):
        self.refused(
            "step: 0x100",
            "step: 0",
            "'last' of cpuid must be reached from 'first' by 'step', within 32 bits",
            at="last: 0x4000ff00",
        )


if __name__ == "__main__":
    unittest.main()
