#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Guests that crash, hang, lie or talk nonsense: each costs its own case, and no other."""

import pathlib
import resource
import unittest

from command import CommandTest

FAST = ["--timeout-factor", "0.06"]  # a case has 0.6 s, a boot 1.8 s


class Ends(CommandTest):
    def test_crash_in_a_case(self):
        done = self.run_fake(scenario={"sendv.empty_message": "crash"}, code=1)
        self.assert_verdicts(sendv_empty_message="CRASH")
        self.assertIn("triple fault at rip 0x1234", self.detail("sendv.empty_message"))
        self.assertIn("started again after sendv.empty_message", done.stdout)

    def test_every_case_crashes(self):
        self.run_fake(scenario={case: "crash" for case in self.cases()}, code=1)
        self.assert_verdicts(default="CRASH")

    def cases(self):
        self.run_fake()
        return list(self.verdicts())

    def test_vmm_is_killed(self):
        self.run_fake(scenario={"sendv.to_peer": "vmm-killed"}, code=1)
        self.assert_verdicts(sendv_to_peer="CRASH")
        self.assertIn("signal 9", self.detail("sendv.to_peer"))

    def test_wedged(self):
        self.run_fake(*FAST, scenario={"query.answers": "wedge", "sendv.denied": "wedge"}, code=1)
        self.assert_verdicts(query_answers="WEDGED", sendv_denied="WEDGED")
        self.assertEqual(self.detail("query.answers"), "no verdict within 0.6 s")

    def test_watchdog(self):
        self.run_fake(scenario={"vector.fires": "watchdog"}, code=1)
        self.assert_verdicts(vector_fires="WEDGED")

    def test_last_case_crashes(self):
        self.run_fake(scenario={"vector.fires": "crash"}, code=1)
        self.assert_verdicts(vector_fires="CRASH")

    def test_another_domain_crashes(self):
        self.run_fake(*FAST, scenario={"sendv.to_peer": "peer-crash"}, code=1)
        self.assert_verdicts(sendv_to_peer="CRASH")
        self.assertEqual(self.detail("sendv.to_peer"), "peer ended: crash: triple fault")

    def test_lead_reboots_by_itself(self):
        self.run_fake(scenario={"sendv.to_peer": "reboot"}, code=1)
        self.assert_verdicts(sendv_to_peer="CRASH")

    def test_silent_from_the_start(self):
        done = self.run_fake(*FAST, scenario={"*": ["silent"]}, code=3)
        self.assert_verdicts(default="ERROR")
        self.assertIn("said nothing within 1.8 s of its start", self.detail("query.answers"))
        self.assertEqual(done.stdout.splitlines()[-1], "0 passed, 7 failed, 0 skipped")

    def test_dies_at_the_start(self):
        self.run_fake(scenario={"*": ["dies"]}, code=3)
        self.assert_verdicts(default="ERROR")
        self.assertEqual(
            self.detail("query.answers"), "not run: kvm ended: exit code 1: argo-vmm: it would not start"
        )

    def test_a_lead_that_does_not_go_on_where_it_was(self):
        # It ignores `after`, so it crashes at the same place again; the run ends all the same.
        self.run_fake(scenario={"*": ["deaf"], "sendv.to_peer": "crash"}, code=1)
        self.assert_verdicts(
            sendv_to_peer="CRASH", sendv_denied="ERROR", sendv_many="ERROR", vector_fires="ERROR"
        )

    def test_ends_without_its_end_line(self):
        self.run_fake(scenario={"*": ["no-end"]}, code=0)
        self.assert_verdicts()

    def test_a_case_is_left_out(self):
        self.run_fake(scenario={"*": ["skips-one"]}, code=3)
        self.assert_verdicts(sendv_to_peer="ERROR")
        self.assertEqual(self.detail("sendv.to_peer"), "the guest ended without a word about it")

    def test_unknown_option(self):
        self.run_fake(scenario={"*": ["option"]}, code=3)
        self.assert_verdicts(default="ERROR")
        self.assertIn("does not know the option 'slow=1'", self.detail("query.answers"))


class Lies(CommandTest):
    def test_checksum_is_wrong(self):
        self.run_fake(scenario={"*": ["bad-crc"], "sendv.denied": "fail"}, code=1)
        self.assert_verdicts(default="ERROR", sendv_denied="FAIL")
        self.assertIn("the log was altered: its checksum is", self.detail("query.answers"))

    def test_count_is_wrong(self):
        self.run_fake(scenario={"*": ["bad-count"]}, code=3)
        self.assert_verdicts(default="ERROR")

    def test_forged_by_another_domain(self):
        done = self.run_fake(scenario={"sendv.denied": "forged-by-peer"}, code=1)
        self.assert_verdicts(sendv_denied="FAIL")
        self.assertRegex(
            done.stdout, r"peer: not the lead, and not believed: argo-ct 1 11 PASS .* \(2 times\)"
        )

    def test_forged_in_the_lead(self):
        # Nobody can say which of the two lines is the suite's, but the checksum knows that one is not.
        self.run_fake(scenario={"sendv.denied": "forged-in-the-lead"}, code=3)
        self.assert_verdicts(default="ERROR")
        self.assertIn("the log was altered: its checksum is", self.detail("sendv.denied"))

    def test_forged_end(self):
        # What comes behind an end is not read; what is missing then was not run.
        done = self.run_fake(scenario={"sendv.denied": "forged-end"}, code=3)
        self.assertNotIn("sendv.denied", [case for case, said in self.verdicts().items() if said == "PASS"])
        self.assertIn("ERROR", self.verdicts()["sendv.denied"], done.stdout)

    def test_forged_for_a_case_to_come(self):
        self.run_fake(scenario={"sendv.denied": "forged-for-later"}, code=3)
        self.assertEqual(self.verdicts()["vector.fires"], "ERROR")
        self.assertIn("while it was not running", self.detail("vector.fires"))

    def test_only_the_lead_asks(self):
        done = self.run_fake(scenario={"sendv.to_peer": "peer-asks"}, code=0)
        self.assert_verdicts()
        heard = (pathlib.Path(self.folder) / "heard").read_text().splitlines()
        self.assertEqual(heard, ["quit"])
        self.assertRegex(done.stdout, r"peer: not the lead, and not believed: argo-ct 1 \d+ ask kill third")

    def test_unknown_verdict(self):
        self.run_fake(scenario={"sendv.denied": "unknown-verdict"}, code=3)
        self.assert_verdicts(sendv_denied="ERROR")
        self.assertEqual(self.detail("sendv.denied"), "'SPLENDID' is no verdict")

    def test_a_verdict_that_is_not_the_guests_to_give(self):
        self.run_fake(scenario={"sendv.denied": "says-kfail"}, code=3)
        self.assert_verdicts(sendv_denied="ERROR")

    def test_said_twice(self):
        self.run_fake(scenario={"sendv.denied": "repeat"}, code=1)
        self.assert_verdicts(sendv_denied="FAIL")
        self.assertEqual(self.detail("sendv.denied"), "first")

    def test_a_line_is_lost(self):
        self.run_fake(scenario={"sendv.denied": "lost-verdict"}, code=3)
        self.assert_verdicts(sendv_denied="ERROR")
        self.assertIn("the log is damaged here", self.detail("sendv.denied"))

    def test_goes_on_without_a_verdict(self):
        self.run_fake(scenario={"sendv.to_peer": "no-verdict"}, code=3)
        self.assert_verdicts(sendv_to_peer="ERROR")


class Noise(CommandTest):
    def test_garbage(self):
        done = self.run_fake(scenario={"sendv.to_peer": "garbage"}, code=0)
        self.assert_verdicts()
        self.assertEqual(self.detail("sendv.to_peer"), "with \\xc3\\xbf and \\x01 in it")
        self.assertIn("version '7' of the protocol is not known", done.stdout)

    def test_carriage_returns(self):
        self.run_fake(scenario={"*": ["crlf"]}, code=0)
        self.assert_verdicts()

    def test_firmware_left_something_in_the_first_line(self):
        self.run_fake(scenario={"*": ["firmware"]}, code=0)
        self.assert_verdicts()
        self.assertEqual(self.results()["target"]["implementation"], "xen")

    def test_flood_without_end(self):
        self.run_fake(*FAST, scenario={"query.answers": "flood"}, code=1)
        self.assert_verdicts(query_answers="WEDGED")

    def test_flood_in_bounded_memory(self):
        self.run_fake("--timeout-factor", "5", scenario={"query.answers": "flood-then-pass"}, code=0)
        self.assert_verdicts()
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.assertLess(most, 200 * 1024, "KiB")

    def test_asks(self):
        done = self.run_fake(scenario={"sendv.to_peer": "ask"}, code=0)
        self.assert_verdicts()
        heard = (pathlib.Path(self.folder) / "heard").read_text().splitlines()
        self.assertEqual(heard, ["kill peer", "start peer", "quit"])
        self.assertIn("asks to kill 'nobody', which this run cannot do", done.stdout)
        self.assertIn("asks to kill 'lead', which this run cannot do", done.stdout)


class SameFromTheLog(CommandTest):
    """The console log of a run, ingested, says what the run said, but for what only a live run can see."""

    def compare(self, scenario, expected, code):
        self.run_fake(*FAST, scenario=scenario)
        live = self.verdicts()
        self.call("ingest", self.out / "kvm" / "console.log", "--out", self.out, code=code)
        self.assertEqual(self.verdicts("log"), live | expected)

    def test_verdicts(self):
        self.compare({"sendv.denied": "fail", "vector.fires": "not-supported"}, {}, 1)

    def test_forged(self):
        self.compare({"sendv.denied": "forged-by-peer"}, {}, 1)

    def test_crash_is_silence_in_a_log(self):
        self.compare({"sendv.denied": "crash"}, {"sendv.denied": "ERROR"}, 3)

    def test_carriage_returns(self):
        self.compare({"*": ["crlf"]}, {}, 0)

    def test_firmware(self):
        self.compare({"*": ["firmware"]}, {}, 0)

    def test_onto_itself(self):
        self.run_fake(code=0)
        self.call("ingest", self.out / "kvm" / "console.log", "--out", self.out, code=0)
        done = self.call("ingest", self.out / "log" / "console.log", "--out", self.out, code=2)
        self.assertIn("overwritten", done.stderr)

    def test_no_log_at_all(self):
        self.call("ingest", "/nowhere", "--out", self.out, code=2)
        (self.folder / "other.log").write_text("hello\n")
        done = self.call("ingest", self.folder / "other.log", "--out", self.out, code=2)
        self.assertIn("no line of the suite in it", done.stderr)


if __name__ == "__main__":
    unittest.main()
