# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The obligations of a book, what is refused, and the comparison with the cases."""

import io
import json
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import requirements
from fixture import REGISTRY, load
from requirements import BookError, extract, plain_text

CALL = """\
Call
====

.. errors:: entry
   :profile: core-loopback
   :testability: host-assist
   :reason: Only the platform sees it.
"""

SENDV = """\
Sendv
=====

.. req:: ARGO-SENDV-002
   :subject: hypervisor
   :profile: core-pair
   :testability: pair
   :revision: 3
   :since: 1.1

   ``sendv`` *MUST NOT* deliver a message twice.

.. req:: ARGO-SENDV-001
   :subject: guest
   :profile: core-loopback

   A guest SHOULD be
   patient.

.. errors:: sendv
   :profile: core-loopback
"""


class BookCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.spec = Path(directory.name)
        self.chapter("call", CALL)
        self.chapter("sendv", SENDV)
        self.registry = self.spec / "argo.yaml"
        self.registry.write_text(REGISTRY)

    def chapter(self, name: str, text: str) -> None:
        (self.spec / f"{name}.rst").write_text(text)

    def extract(self):
        return extract(self.spec, load(self.registry.read_text()))

    def wrong(self) -> list[str]:
        """What is said of a book that is wrong, without the directory."""
        with self.assertRaises(BookError) as caught:
            self.extract()
        return [str(each).replace(f"{self.spec}/", "") for each in caught.exception.problems]

    def refused(self, old: str, new: str, *said: str) -> None:
        """With `new` for `old` in sendv.rst, just this is said."""
        self.assertEqual(SENDV.count(old), 1, old)
        self.chapter("sendv", SENDV.replace(old, new))
        self.assertEqual(self.wrong(), list(said))


class Extract(BookCase):
    def test_sorted_by_id(self):
        self.assertEqual(
            [each.id for each in self.extract()],
            ["ARGO-CALL-101", "ARGO-SENDV-001", "ARGO-SENDV-002", "ARGO-SENDV-101", "ARGO-SENDV-102"],
        )

    def test_everything_given(self):
        one = self.extract()[2]
        self.assertEqual(
            (
                one.id,
                one.revision,
                one.subject,
                one.keyword,
                one.profile,
                one.testability,
                one.reason,
                one.since,
            ),
            ("ARGO-SENDV-002", 3, "hypervisor", "MUST NOT", "core-pair", "pair", None, "1.1"),
        )
        self.assertEqual(one.text, "sendv MUST NOT deliver a message twice.")
        self.assertEqual((one.chapter, one.line), ("sendv", 4))

    def test_defaults(self):
        one = self.extract()[1]
        self.assertEqual(
            (one.revision, one.keyword, one.testability, one.reason, one.since),
            (1, "SHOULD", "auto", None, "1.0"),
        )
        self.assertEqual(one.text, "A guest SHOULD be patient.")

    def test_rows_of_errors(self):
        one = self.extract()[3]
        self.assertEqual(
            (one.id, one.subject, one.keyword, one.profile),
            ("ARGO-SENDV-101", "hypervisor", "MUST", "core-loopback"),
        )
        self.assertEqual(one.text, "When count is too large, sendv MUST return EINVAL.")
        self.assertEqual((one.chapter, one.line), ("sendv", 20))

    def test_rows_of_the_entry(self):
        one = self.extract()[0]
        self.assertEqual(one.text, "When the call comes from user mode, every operation MUST return EPERM.")
        self.assertEqual((one.testability, one.reason), ("host-assist", "Only the platform sees it."))

    def test_row_that_speaks_for_itself(self):
        own = "profile: hostile, testability: inspection, reason: It cannot be seen., revision: 2}"
        self.registry.write_text(REGISTRY.replace("req: ARGO-SENDV-102}", f"req: ARGO-SENDV-102, {own}"))
        first, second = self.extract()[3:]
        self.assertEqual((first.profile, first.testability, first.revision), ("core-loopback", "auto", 1))
        self.assertEqual(
            (second.profile, second.testability, second.reason, second.revision),
            ("hostile", "inspection", "It cannot be seen.", 2),
        )

    def test_operation_without_errors(self):
        self.chapter("query", ".. errors:: query\n   :profile: core-loopback\n")
        self.assertEqual(len(self.extract()), 5)

    def test_row_with_a_directive_of_its_own(self):
        own = ".. req:: ARGO-CALL-101\n   :subject: hypervisor\n   :profile: hostile\n\n   It MUST be so.\n"
        self.chapter("call", own)
        self.assertEqual(self.extract()[0].text, "It MUST be so.")

    def test_committed_book(self):
        with tempfile.TemporaryDirectory() as directory:
            out = Path(directory) / "requirements.json"
            self.assertEqual(requirements.main(["extract", "--out", str(out)]), 0)
            identities = [each["id"] for each in json.loads(out.read_text())["requirements"]]
        self.assertIn("ARGO-CALL-101", identities)
        self.assertEqual(identities, sorted(set(identities)))


class Markup(unittest.TestCase):
    def test_literal(self):
        self.assertEqual(plain_text("``tx_ptr`` and ``rx_ptr``"), "tx_ptr and rx_ptr")

    def test_emphasis(self):
        self.assertEqual(plain_text("an *event* and a **ring**"), "an event and a ring")

    def test_role(self):
        self.assertEqual(
            plain_text("see :ref:`the ring <ring>` and :term:`waiter`"), "see the ring and waiter"
        )

    def test_star_that_is_no_markup(self):
        self.assertEqual(
            plain_text("one of ARGO_REGISTER_* or ARGO_IOV_*"), "one of ARGO_REGISTER_* or ARGO_IOV_*"
        )


class Refused(BookCase):
    def test_id_used_twice_in_one_chapter(self):
        self.refused(
            ".. req:: ARGO-SENDV-001",
            ".. req:: ARGO-SENDV-002",
            "sendv.rst:13: ARGO-SENDV-002 is used already, in sendv.rst:4",
        )

    def test_id_used_twice_by_a_row_of_errors(self):
        self.refused(
            ".. req:: ARGO-SENDV-001",
            ".. req:: ARGO-SENDV-101",
            "sendv.rst:20: ARGO-SENDV-101 is used already, in sendv.rst:13",
        )

    def test_errors_listed_twice(self):
        self.chapter("sendv", SENDV + "\n.. errors:: sendv\n   :profile: core-pair\n")
        self.assertEqual(
            self.wrong(),
            [f"sendv.rst:23: ARGO-SENDV-{n} is used already, in sendv.rst:20" for n in (101, 102)],
        )

    def test_id_of_another_area(self):
        self.refused(
            ".. req:: ARGO-SENDV-001",
            ".. req:: ARGO-SEND-001",
            "sendv.rst:13: ARGO-SEND-001 stands in a chapter of area SENDV",
        )

    def test_area_in_two_chapters(self):
        self.chapter(
            "message", ".. req:: ARGO-SENDV-003\n   :subject: guest\n   :profile: wildcard\n\n   It MAY be.\n"
        )
        self.assertEqual(
            self.wrong()[0],
            "sendv.rst:4: ARGO-SENDV-002 stands here, but area SENDV has its place in message.rst",
        )

    def test_id_of_another_form(self):
        self.refused(
            ".. req:: ARGO-SENDV-001",
            ".. req:: ARGO-SENDV-1",
            "sendv.rst:13: ARGO-SENDV-1: an ID must read ARGO-AREA-nnn, with three digits",
        )

    def test_no_id(self):
        self.refused(
            ".. req:: ARGO-SENDV-001",
            ".. req::",
            "sendv.rst:13: 'req' without ID: an ID must read ARGO-AREA-nnn, with three digits",
        )

    def test_unknown_option(self):
        self.refused(
            "   :testability: pair",
            "   :testabillity: pair",
            "sendv.rst:4: ARGO-SENDV-002: unknown option 'testabillity'; did you mean 'testability'?",
        )

    def test_unknown_subject(self):
        self.refused(
            "   :subject: guest",
            "   :subject: hypervizor",
            "sendv.rst:13: ARGO-SENDV-001: unknown subject 'hypervizor'; did you mean 'hypervisor'?",
        )

    def test_unknown_profile(self):
        self.refused(
            "   :profile: core-pair",
            "   :profile: core-par",
            "sendv.rst:4: ARGO-SENDV-002: unknown profile 'core-par'; did you mean 'core-pair'?",
        )

    def test_unknown_testability(self):
        self.refused(
            "   :testability: pair",
            "   :testability: never",
            "sendv.rst:4: ARGO-SENDV-002: unknown testability 'never';"
            " known are auto, pair, host-assist, inspection",
        )

    def test_no_subject(self):
        self.refused("   :subject: guest\n", "", "sendv.rst:13: ARGO-SENDV-001: option 'subject' is missing")

    def test_inspection_without_reason(self):
        self.refused(
            "   :testability: pair",
            "   :testability: inspection",
            "sendv.rst:4: ARGO-SENDV-002: testability 'inspection' needs a reason",
        )

    def test_host_assist_with_an_empty_reason(self):
        self.refused(
            "   :testability: pair",
            "   :testability: host-assist\n   :reason:",
            "sendv.rst:4: ARGO-SENDV-002: testability 'host-assist' needs a reason",
        )

    def test_revision_zero(self):
        self.refused(
            "   :revision: 3",
            "   :revision: 0",
            "sendv.rst:4: ARGO-SENDV-002: revision '0' is not a number from 1 on",
        )

    def test_since_that_is_no_version(self):
        self.refused(
            "   :since: 1.1",
            "   :since: always",
            "sendv.rst:4: ARGO-SENDV-002: since 'always' is not a version such as 1.0",
        )

    def test_no_keyword(self):
        self.refused(
            "A guest SHOULD be",
            "A guest should be",
            "sendv.rst:13: ARGO-SENDV-001: a sentence must hold exactly one of"
            " MUST, MUST NOT, SHOULD, SHOULD NOT, MAY; found none",
        )

    def test_two_keywords(self):
        self.refused(
            "A guest SHOULD be",
            "A guest MUST and SHOULD NOT be",
            "sendv.rst:13: ARGO-SENDV-001: a sentence must hold exactly one of"
            " MUST, MUST NOT, SHOULD, SHOULD NOT, MAY; found MUST, SHOULD NOT",
        )

    def test_keyword_of_another_book(self):
        self.refused(
            "A guest SHOULD be",
            "A guest, which SHALL live, SHOULD be",
            "sendv.rst:13: ARGO-SENDV-001: SHALL is no keyword here; use MUST, SHOULD or MAY",
        )

    def test_two_sentences(self):
        self.refused(
            "   patient.",
            "   patient. It is hard.",
            "sendv.rst:13: ARGO-SENDV-001: must be one sentence,"
            " in one paragraph, that ends with a full stop",
        )

    def test_no_full_stop(self):
        self.refused(
            "   patient.",
            "   patient",
            "sendv.rst:13: ARGO-SENDV-001: must be one sentence,"
            " in one paragraph, that ends with a full stop",
        )

    def test_no_text(self):
        self.refused(
            "   A guest SHOULD be\n   patient.",
            "A guest SHOULD be\npatient.",
            "sendv.rst:13: ARGO-SENDV-001: has no text; is it indented, below an empty line?",
        )

    def test_row_of_errors_in_no_chapter(self):
        self.refused(
            ".. errors:: sendv\n   :profile: core-loopback\n",
            "",
            "argo.yaml:43: ARGO-SENDV-101 is in no chapter; write '.. errors:: sendv' there",
            "argo.yaml:44: ARGO-SENDV-102 is in no chapter; write '.. errors:: sendv' there",
        )

    def test_errors_of_an_unknown_operation(self):
        self.refused(
            ".. errors:: sendv",
            ".. errors:: send",
            "sendv.rst:20: errors of 'send': unknown operation; did you mean 'sendv'?",
        )

    def test_errors_without_profile(self):
        self.refused(
            ".. errors:: sendv\n   :profile: core-loopback\n",
            ".. errors:: sendv\n",
            "sendv.rst:20: errors of 'sendv': option 'profile' is missing",
        )

    def test_errors_with_a_text(self):
        self.refused(
            ".. errors:: sendv\n   :profile: core-loopback\n",
            ".. errors:: sendv\n   :profile: core-loopback\n\n   Text.\n",
            "sendv.rst:20: errors of 'sendv': takes no text",
        )

    def test_every_problem_is_told(self):
        self.chapter("sendv", SENDV.replace("guest\n", "gust\n").replace("twice.", "twice"))
        self.assertEqual(len(self.wrong()), 2)

    def test_chapter_that_is_not_utf8(self):
        (self.spec / "sendv.rst").write_bytes(b"\xff\n")
        self.assertEqual(self.wrong(), ["sendv.rst:1: is not UTF-8"])

    def test_no_chapters(self):
        for path in self.spec.glob("*.rst"):
            path.unlink()
        self.assertEqual(self.wrong(), [f"{self.spec}:1: there is no chapter (*.rst) here"])


class Command(BookCase):
    """requirements.py as a command."""

    ALL = ["ARGO-CALL-101", "ARGO-SENDV-001", "ARGO-SENDV-002", "ARGO-SENDV-101", "ARGO-SENDV-102"]

    def run_command(self, command: str, *arguments: str) -> tuple[int, str, str]:
        stdout, stderr = io.StringIO(), io.StringIO()
        with redirect_stdout(stdout), redirect_stderr(stderr):
            status = requirements.main(
                [command, "--spec", str(self.spec), "--registry", str(self.registry), *arguments]
            )
        return status, stdout.getvalue(), stderr.getvalue().replace(f"{self.spec}/", "")

    def check(self, cases: object, *arguments: str) -> tuple[int, str, str]:
        path = self.spec / "cases.json"
        path.write_text(cases if isinstance(cases, str) else json.dumps(cases))
        return self.run_command("check", "--cases", str(path), *arguments)

    def test_extract(self):
        out = self.spec / "requirements.json"
        self.assertEqual(self.run_command("extract", "--out", str(out)), (0, "", ""))
        data = json.loads(out.read_text())
        self.assertEqual(list(data), ["requirements"])
        self.assertEqual([each["id"] for each in data["requirements"]], self.ALL)
        self.assertEqual(
            list(data["requirements"][0]),
            "id revision subject keyword profile testability reason since text chapter line".split(),
        )

    def test_extract_of_a_wrong_book(self):
        self.chapter("sendv", SENDV.replace("SHOULD", "might"))
        out = self.spec / "requirements.json"
        status, stdout, stderr = self.run_command("extract", "--out", str(out))
        self.assertEqual((status, stdout), (1, ""))
        self.assertTrue(stderr.startswith("sendv.rst:13: ARGO-SENDV-001: a sentence must hold"))
        self.assertFalse(out.exists())

    def test_wrong_registry(self):
        self.registry.write_text("")
        status = self.run_command("extract", "--out", str(self.spec / "requirements.json"))
        self.assertEqual(status, (2, "", "argo.yaml: is empty\n"))

    def test_output_that_cannot_be_written(self):
        status = self.run_command("extract", "--out", str(self.spec / "none" / "x.json"))
        self.assertEqual(status, (2, "", "requirements.py: none/x.json: No such file or directory\n"))

    def test_every_obligation_has_a_case(self):
        cases = [{"id": "sendv.all", "requirements": self.ALL, "profile": "core-pair"}]
        said = "1 cases, 5 obligations, 0 of them without a case\n"
        self.assertEqual(self.check(cases, "--strict"), (0, said, ""))

    def test_obligation_without_a_case_is_a_warning(self):
        cases = [{"id": "sendv.some", "requirements": self.ALL[:1] + self.ALL[2:]}]
        said = "1 cases, 5 obligations, 1 of them without a case\n"
        self.assertEqual(self.check(cases), (0, said, "sendv.rst:13: ARGO-SENDV-001 has no case\n"))

    def test_obligation_without_a_case_is_an_error_if_strict(self):
        status, _, stderr = self.check([{"id": "sendv.some", "requirements": self.ALL[1:]}], "--strict")
        self.assertEqual((status, stderr), (1, "call.rst:4: ARGO-CALL-101 has no case\n"))

    def test_inspection_needs_no_case(self):
        self.chapter("call", CALL.replace("host-assist", "inspection"))
        self.assertEqual(self.check([{"id": "sendv.some", "requirements": self.ALL[1:]}], "--strict")[0], 0)

    def test_case_with_an_unknown_obligation(self):
        self.assertEqual(
            self.check([{"id": "sendv.x", "requirements": ["ARGO-SENDV-0001"]}]),
            (
                1,
                "",
                "cases.json:1: case sendv.x names ARGO-SENDV-0001, which no chapter has;"
                " did you mean ARGO-SENDV-001?\n",
            ),
        )

    def test_case_without_obligations(self):
        said = "cases.json:1: case sendv.x names no obligation\n"
        self.assertEqual(self.check([{"id": "sendv.x", "requirements": []}]), (1, "", said))

    def test_case_listed_twice(self):
        case = {"id": "sendv.x", "requirements": ["ARGO-SENDV-001"]}
        self.assertEqual(self.check([case, case]), (1, "", "cases.json:1: case sendv.x is listed twice\n"))

    def test_entry_that_is_no_case(self):
        form = '{"id": text, "requirements": [text, ...]}'
        case = {"id": "sendv.x", "requirements": ["ARGO-SENDV-001"]}
        for entry in (
            "sendv.x",
            {"id": 1, "requirements": []},
            {"id": "x"},
            {"id": "x", "requirements": [1]},
        ):
            with self.subTest(entry):
                self.assertEqual(
                    self.check([case, entry]), (1, "", f"cases.json:1: entry 2 must be {form}\n")
                )

    def test_cases_that_are_no_list(self):
        self.assertEqual(self.check({"cases": []}), (1, "", "cases.json:1: must be a list of cases\n"))

    def test_cases_that_are_no_json(self):
        self.assertEqual(self.check('[\n{"id": \n'), (1, "", "cases.json:3: is not JSON: Expecting value\n"))

    def test_cases_that_are_not_utf8(self):
        path = self.spec / "cases.json"
        path.write_bytes(b"[\xff]")
        said = "cases.json:1: is not UTF-8\n"
        self.assertEqual(self.run_command("check", "--cases", str(path)), (1, "", said))

    def test_no_cases_file(self):
        status = self.run_command("check", "--cases", str(self.spec / "none.json"))
        self.assertEqual(status, (2, "", "requirements.py: none.json: No such file or directory\n"))


if __name__ == "__main__":
    unittest.main()
