# SPDX-License-Identifier: MIT
"""Every gate of the book holds on the tree, and fails on the fault that it is for: one test each."""

import unittest

from scratch import ScratchCase

QUERY = "spec/query.rst"
SENTENCE = "The answer MUST give the caller's own domid."  # ARGO-QUERY-005


class TheTree(ScratchCase):
    def test_every_gate_holds(self):
        self.assertIn("every gate holds", self.run_tool("docs", "check", "--cases", self.cases()))


class Keywords(ScratchCase):
    def test_in_prose(self):
        self.append(QUERY, "\nThe caller MUST NOT guess.\n")
        self.assertRegex(
            self.run_tool("docs", "check", expect=1), r"query\.rst:\d+: MUST is a keyword of obligations"
        )

    def test_in_a_table(self):
        self.append(QUERY, "\n.. list-table::\n\n   * - size\n     - SHOULD be large\n")
        self.assertIn("SHOULD is a keyword", self.run_tool("docs", "check", expect=1))

    def test_in_the_registry(self):
        self.replace("spec/registry/argo.yaml", "brief: Where the answer goes.", "brief: It MUST be memory.")
        self.assertRegex(self.run_tool("docs", "check", expect=1), r"argo\.yaml:\d+: MUST is a keyword")

    def test_quoted_it_is_a_word_like_any_other(self):
        self.append(QUERY, "\nThe word ``MUST`` has its meaning in obligations.\n\n::\n\n   You MAY quote.\n")
        self.run_tool("docs", "check")


class GateCase(ScratchCase):
    def remove_query_005(self):
        options = "   :subject: hypervisor\n   :profile: core-loopback\n"
        self.replace(QUERY, f".. req:: ARGO-QUERY-005\n{options}\n   {SENTENCE}\n", "")


class Cases(GateCase):
    def test_obligation_without_case_or_reason(self):
        said = self.run_tool("docs", "check", "--cases", self.cases(query__case_005=None), expect=1)
        self.assertRegex(said, r"query\.rst:\d+: ARGO-QUERY-005 has no case")

    def test_row_of_errors_without_case(self):
        said = self.run_tool("docs", "check", "--cases", self.cases(sendv__case_108=None), expect=1)
        self.assertIn("ARGO-SENDV-108 has no case", said)

    def test_a_reason_will_do(self):
        cases = self.cases(query__case_005=None)
        self.replace(
            QUERY, f"\n   {SENTENCE}", f"   :testability: inspection\n   :reason: It is so.\n\n   {SENTENCE}"
        )
        self.run_tool("docs", "check", "--cases", cases)

    def test_case_that_names_what_is_not(self):
        said = self.run_tool("docs", "check", "--cases", self.cases(query__odd=["ARGO-QUERY-999"]), expect=1)
        self.assertIn(
            "conformance/suite/query.cpp:10: case query.odd names ARGO-QUERY-999, which is in no chapter",
            said,
        )

    def test_case_that_names_what_was_retired(self):
        self.remove_query_005()
        self.run_tool("docs", "accept", "--retire", "ARGO-QUERY-005")
        said = self.run_tool("docs", "check", "--cases", self.cases(query__old=["ARGO-QUERY-005"]), expect=1)
        self.assertIn("case query.old names ARGO-QUERY-005, which was retired", said)

    def test_case_that_names_nothing(self):
        said = self.run_tool("docs", "check", "--cases", self.cases(query__odd=[]), expect=1)
        self.assertIn("case query.odd names no obligation", said)


class Ledger(GateCase):
    def test_changed_sentence_without_a_new_revision(self):
        self.replace(QUERY, SENTENCE, "The answer MUST give the caller's own domid, or zero.")
        said = self.run_tool("docs", "check", expect=1)
        self.assertRegex(said, r"query\.rst:\d+: ARGO-QUERY-005 has another sentence than revision 1 had")
        self.assertIn("':revision: 2'", self.run_tool("docs", "accept", expect=1))

    def test_changed_row_of_errors_without_a_new_revision(self):
        self.replace("spec/registry/argo.yaml", "when: no ring matches,", "when: no ring fits,   ")
        self.assertIn("ARGO-SENDV-108 has another sentence", self.run_tool("docs", "check", expect=1))

    def test_changed_sentence_with_one(self):
        self.replace(
            QUERY,
            f"\n   {SENTENCE}",
            "   :revision: 2\n\n   The answer MUST give the caller's own domid, or zero.",
        )
        self.assertIn("docs.py accept enters it", self.run_tool("docs", "check", expect=1))
        self.assertIn("ARGO-QUERY-005~2", self.run_tool("docs", "accept"))
        self.run_tool("docs", "check")

    def test_row_of_errors_with_one(self):
        self.replace("spec/registry/argo.yaml", "when: no ring matches,", "when: no ring fits, revision: 2,")
        self.assertIn("ARGO-SENDV-108~2", self.run_tool("docs", "accept"))

    def test_line_breaks_are_no_change(self):
        self.replace(QUERY, SENTENCE, SENTENCE.replace("give the", "give\n   the"))
        self.run_tool("docs", "check")

    def test_same_meaning_in_other_words(self):
        self.replace(QUERY, SENTENCE, "The answer MUST tell the caller's own domid.")
        self.run_tool("docs", "accept", "--reword", "ARGO-QUERY-005")
        self.run_tool("docs", "check")

    def test_skipped_revision(self):
        self.replace(QUERY, f"\n   {SENTENCE}", "   :revision: 3\n\n   The answer MUST be right.")
        self.assertIn("has revision 3, and the ledger 1", self.run_tool("docs", "accept", expect=1))

    def test_id_used_twice(self):
        self.append(
            QUERY,
            "\n.. req:: ARGO-QUERY-005\n   :subject: hypervisor\n   :profile: core-loopback\n\n"
            "   The answer MUST be short.\n",
        )
        self.assertRegex(self.run_tool("docs", "check", expect=1), r"query\.rst:\d+: .*ARGO-QUERY-005")

    def test_obligation_that_vanished(self):
        self.remove_query_005()
        self.assertIn("ARGO-QUERY-005 is gone from the book", self.run_tool("docs", "check", expect=1))

    def test_retired_id_used_again(self):
        before = self.file(QUERY).read_text()
        self.remove_query_005()
        self.run_tool("docs", "accept", "--retire", "ARGO-QUERY-005")
        self.run_tool("docs", "check")
        self.file(QUERY).write_text(before)
        self.assertIn(
            "ARGO-QUERY-005 was retired and cannot come back", self.run_tool("docs", "check", expect=1)
        )
        self.assertIn("was retired", self.run_tool("docs", "accept", expect=1))

    def test_new_obligation_must_be_entered(self):
        self.append(
            QUERY,
            "\n.. req:: ARGO-QUERY-099\n   :subject: hypervisor\n   :profile: core-loopback\n\n"
            "   The answer MUST be short.\n",
        )
        self.assertIn("ARGO-QUERY-099 is not in the ledger", self.run_tool("docs", "check", expect=1))
        self.run_tool("docs", "accept")
        self.run_tool("docs", "check")


class Committed(ScratchCase):
    def test_header(self):
        self.replace("abi-headers/include/argo/sendv.h", "struct argo_iov", "struct  argo_iov")
        self.assertIn(
            "sendv.h:1: differs from what the registry gives", self.run_tool("docs", "check", expect=1)
        )

    def test_missing_header(self):
        self.file("abi-headers/include/argo/ring.h").unlink()
        self.assertIn("ring.h:1: missing", self.run_tool("docs", "check", expect=1))

    def test_count_in_a_chapter(self):
        self.append(QUERY, "\nThere are 3 operations.\n")
        self.assertRegex(
            self.run_tool("docs", "check", expect=1), r"query\.rst:\d+: says 3 operations, and there are"
        )

    def test_count_in_the_readme(self):
        self.file("README.md").write_text("Argo has 5 obligations.\n")
        self.assertRegex(
            self.run_tool("docs", "check", expect=1), r"README\.md:1: says 5 obligations, and there are"
        )

    def test_macro_that_no_header_has(self):
        self.append(QUERY, "\nSee ``ARGO_QUERY_NOTHING``.\n")
        self.assertIn(
            "names ARGO_QUERY_NOTHING, which is in no header", self.run_tool("docs", "check", expect=1)
        )

    def test_table_of_numbers(self):
        """Another number in the registry is another number in the headers, and nobody can forget them."""
        self.replace("spec/registry/argo.yaml", "ECONNREFUSED: {number: 111,", "ECONNREFUSED: {number: 112,")
        self.assertIn("differs from what the registry gives", self.run_tool("docs", "check", expect=1))


if __name__ == "__main__":
    unittest.main()
