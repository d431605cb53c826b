#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The command line: exit codes, selection, targets, known failures, interrupts."""

import collections
import json
import os
import signal
import subprocess
import time
import tomllib
import unittest

from command import CASES, CommandTest, HERE, PROGRAM


class ExitCodes(CommandTest):
    def test_all_pass(self):
        done = self.run_fake(code=0)
        self.assertEqual(done.stdout.splitlines()[-1], "7 passed, 0 failed, 0 skipped")
        self.assertIn("--target all", done.stdout.splitlines()[-2])
        self.assertIn("report.html", done.stdout)

    def test_not_supported_and_skip_are_good(self):
        done = self.run_fake(scenario={"vector.fires": "not-supported", "sendv.to_peer": "skip"}, code=0)
        self.assertEqual(done.stdout.splitlines()[-1], "5 passed, 0 failed, 2 skipped")
        self.assertIn("SKIP          sendv.to_peer: no peer in this run", done.stdout)

    def test_fail(self):
        done = self.run_fake(scenario={"sendv.denied": "fail", "query.answers": "error"}, code=1)
        self.assertIn(
            "FAIL          sendv.denied: suite/x.cpp:12: send(...) is -11, expected -111", done.stdout
        )

    def test_error(self):
        self.run_fake(scenario={"sendv.denied": "error"}, code=3)

    def test_target_not_available(self):
        done = self.run_fake(code=4, FAKE_PROBE="1")
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn("fake: no /dev/kvm", done.stderr)

    def test_what_an_earlier_run_left_is_not_taken_for_this_ones(self):
        self.run_fake(code=0)
        self.run_fake(code=4, FAKE_PROBE="1")
        self.assertFalse((self.out / "kvm" / "results.json").exists())

    def test_vmm_that_is_not_there(self):
        done = self.call(
            "run",
            "--target",
            "kvm",
            "--vmm",
            "/nowhere/argo-vmm",
            "--image",
            HERE / "command.py",
            "--out",
            self.out,
            code=4,
        )
        self.assertIn("argo-vmm is not there", done.stderr)


class Usage(CommandTest):
    def refused(self, *arguments, says):
        done = self.call(*arguments, code=2)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(says, done.stderr)

    def test_no_command(self):
        self.refused(says="subcommand")

    def test_unknown_option(self):
        self.refused("run", "--tarject", "kvm", says="--tarject")

    def test_unknown_target(self):
        self.refused("run", "--target", "kwm", says="did you mean 'kvm'?")

    def test_target_of_later(self):
        self.refused("run", "--target", "xem", says="known: auto, all, model, kvm, kvm-nested, absent, xen, xen-stock")

    def test_unknown_architecture(self):
        self.refused("run", "--arch", "m68k", says="known: x86_64")

    def test_filter_that_matches_nothing(self):
        self.refused("run", "--filter", "sendv.denid", says="did you mean 'sendv.denied'?")
        self.refused("run", "--filter", "sendv.*,qeury.*", says="no case matches 'qeury.*'")

    def test_profile_that_matches_nothing(self):
        self.refused("run", "--profile", "core_pair", says="did you mean 'core-pair'?")

    def test_profile_and_filter_that_exclude_each_other(self):
        self.refused("run", "--profile", "core-pair", "--filter", "vector.*", says="both profile 'core-pair'")

    def test_unknown_mechanism(self):
        self.refused("run", "--mechanism", "smoke", says="known: msr, mmio, pio")

    def test_numbers_that_are_none(self):
        self.refused("run", "--seed", "x", says="--seed")
        self.refused("run", "--timeout-factor", "0", says="--timeout-factor")

    def test_out_that_cannot_be_made(self):
        self.refused(
            "run", "--target", "kvm", *self.fake_options()[:4], "--out", "/proc/none", says="/proc/none"
        )

    def test_scripts_with_one_folder(self):
        self.refused("run", "--target", "exec:a/x.sh,exec:b/x.sh", says="same folder")


class Selection(CommandTest):
    def test_filter(self):
        self.run_fake("--filter", "sendv.to_peer,query.answers", code=0)
        self.assertEqual(list(self.verdicts()), ["query.answers", "sendv.to_peer"])

    def test_obligations_not_selected_are_not_tested(self):
        self.run_fake("--filter", "sendv.to_peer", code=0)
        judged = {r["id"]: r["verdict"] for r in self.results()["requirements"]}
        self.assertEqual(judged["ARGO-SENDV-001"], "PASS")
        self.assertEqual(judged["ARGO-QUERY-001"], "NOT_TESTED")
        self.assertEqual(self.results()["summary"]["not_tested"], 6)

    def test_every_mechanism_runs(self):
        self.run_fake(
            scenario={"query.answers by pio": "fail"}, code=1, FAKE_MECHANISMS="msr,mmio,pio", FAKE_KIND="hardware"
        )
        found = {(case["id"], case["mechanism"]): case["verdict"] for case in self.results()["cases"]}
        self.assertEqual(len(found), 3 * len(self.verdicts()))
        self.assertEqual([key for key in found if found[key] != "PASS"], [("query.answers", "pio")])

    def test_where_it_takes_long_others_run_a_sample(self):
        done = self.run_fake(code=0, FAKE_MECHANISMS="msr,mmio,pio", FAKE_KIND="software")
        by = [case["mechanism"] for case in self.results()["cases"]]
        self.assertEqual(by.count("msr"), len(self.verdicts()))
        self.assertEqual(by.count("mmio"), by.count("pio"))
        self.assertLess(0, by.count("mmio"))
        self.assertLess(by.count("mmio"), by.count("msr"))
        self.assertRegex(done.stdout, r"\nby mmio ")

    def test_all_mechanisms_are_forced(self):
        self.run_fake("--mechanism", "all", code=0, FAKE_MECHANISMS="msr,mmio", FAKE_KIND="software")
        by = [case["mechanism"] for case in self.results()["cases"]]
        self.assertEqual(by.count("msr"), by.count("mmio"))
        self.assertNotIn("mechanism=all", (self.out / "kvm" / "topology.toml").read_text())

    def test_one_mechanism_is_one(self):
        self.run_fake("--mechanism", "mmio", code=0, FAKE_MECHANISMS="msr,mmio")
        self.assertEqual({case["mechanism"] for case in self.results()["cases"]}, {"mmio"})

    def test_topology_says_what_was_asked_for(self):
        self.run_fake(
            "--filter",
            "sendv.to_peer",
            "--mechanism",
            "pio",
            "--seed",
            "7",
            "--timeout-factor",
            "2.5",
            code=0,
        )
        topology = (self.out / "kvm" / "topology.toml").read_text()
        self.assertIn("role=lead peer=2 third=3 filter=sendv.to_peer mechanism=pio policy=1 seed=7 slow=3", topology)
        self.assertIn("role=peer lead=1 third=3", topology)
        self.assertNotIn("absent", topology)
        self.assertIn("--seed 7", self.results()["command"])
        self.assertEqual(self.results()["seed"], 7)

    def test_a_crowd_comes_where_many_can_wait(self):
        self.run_fake("--filter", "sendv.many", code=0)  # of profile wildcard
        topology = (self.out / "kvm" / "topology.toml").read_text()
        self.assertEqual(topology.count("role=crowd lead=1"), 33)
        self.assertIn("role=lead peer=2 third=3 crowd=4-36 filter=sendv.many", topology)

    def test_absent_is_asked_for(self):
        self.call("run", "--target", "absent", *self.fake_options(), code=0)
        self.assertEqual((self.out / "absent" / "topology.toml").read_text().count("absent = true"), 3)

    def test_list(self):
        done = self.call("list", code=0)
        for case in CASES:
            self.assertIn(case, done.stdout)

    def test_list_json_is_a_catalogue(self):
        done = self.call("list", "--json", code=0)
        copy = self.folder / "copy.json"
        copy.write_text(done.stdout)
        again = subprocess.run(
            [PROGRAM, "--catalogue", copy, "list", "--json"], capture_output=True, text=True, check=True
        )
        self.assertEqual(again.stdout, done.stdout)


class Environments(CommandTest):
    """What varies about the domains of argo-vmm."""

    TROUBLE = json.dumps({"xapic": "", "irqchip=split": "this KVM splits nothing"})

    def by_environment(self):
        return collections.Counter((case["environment"], case["verdict"]) for case in self.results()["cases"])

    def test_the_first_one_runs_by_itself(self):
        self.run_fake(code=0)
        self.assertEqual(self.by_environment(), {("image", "PASS"): len(CASES)})
        topology = tomllib.loads((self.out / "kvm" / "topology.toml").read_text())
        self.assertFalse({"apic", "irqchip"} & set().union(*topology["domain"]))

    def test_each_is_a_key_of_every_domain_and_told_in_results(self):
        for name, key, value in [("x2apic", "apic", "x2apic"), ("irqchip=split", "irqchip", "split")]:
            self.run_fake("--environment", name, code=0)
            self.assertEqual(self.by_environment(), {(f"image,{name}", "PASS"): len(CASES)})
            topology = tomllib.loads((self.out / "kvm" / "topology.toml").read_text())
            self.assertEqual({domain[key] for domain in topology["domain"]}, {value})

    def test_all_are_all(self):
        self.run_fake("--environment", "all", code=0)
        around = ["image", "image,x2apic", "image,irqchip=split"]
        self.assertEqual(self.by_environment(), {(name, "PASS"): len(CASES) for name in around})

    def test_one_that_this_host_lacks_is_told(self):
        done = self.run_fake("--environment", "irqchip=split", code=4, FAKE_TROUBLES=self.TROUBLE)
        self.assertIn("target kvm: this KVM splits nothing", done.stderr)

    def test_one_that_this_host_lacks_spoils_no_other(self):
        self.run_fake("--environment", "all", FAKE_TROUBLES=self.TROUBLE)
        found = self.by_environment()
        self.assertEqual(found[("image", "PASS")], len(CASES))
        self.assertEqual(found[("image,x2apic", "PASS")], len(CASES))
        self.assertEqual(sum(found.values()), 3 * len(CASES))
        missing = [case for case in self.results()["cases"] if "irqchip=split" in case["environment"]]
        self.assertEqual(len(missing), len(CASES))
        self.assertNotIn("PASS", {case["verdict"] for case in missing})
        self.assertEqual({case["detail"] for case in missing}, {"not run: target kvm: this KVM splits nothing"})

    def test_one_that_is_none_is_refused(self):
        done = self.run_fake("--environment", "x3apic", code=2)
        self.assertIn("no environment 'x3apic'; it has xapic, x2apic, irqchip=split", done.stderr)


class Targets(CommandTest):
    def test_auto_says_which_and_why(self):
        done = self.call("run", *self.fake_options(), code=0)
        self.assertIn("target kvm, since", done.stderr)

    def test_guests_that_are_interpreted_have_more_time(self):
        self.run_fake("--timeout-factor", "2", code=0, FAKE_KIND="software")
        self.assertIn(" slow=6", (self.out / "kvm" / "topology.toml").read_text())

    def test_several_targets_one_report(self):
        self.call("run", "--target", "kvm,absent", *self.fake_options(), code=0)
        self.assert_verdicts("kvm")
        self.assert_verdicts("absent")
        self.assertTrue((self.out / "report.html").is_file())

    def test_one_of_several_is_not_available(self):
        done = self.call("run", "--target", "kvm,exec:/nowhere/x.sh", *self.fake_options(), code=4)
        self.assert_verdicts("kvm")
        self.assertIn("/nowhere/x.sh", done.stderr)


class KnownFailures(CommandTest):
    LIST = """
        [[known-failure]]
        implementation = "xen"
        versions = ">=4.18 <4.20"
        case = "sendv.denied"
        obligation = "ARGO-SENDV-107"
        reference = "xen/common/argo.c"
        reason = "no policy"
    """

    def known(self, text):
        path = self.folder / "known.toml"
        path.write_text(text)
        return ["--known-failures", path]

    def test_fails_as_known(self):
        done = self.run_fake(*self.known(self.LIST), scenario={"sendv.denied": "fail"}, code=0)
        self.assert_verdicts(sendv_denied="KFAIL")
        self.assertIn("KFAIL         sendv.denied: FAIL: suite/x.cpp:12", done.stdout)
        self.assertEqual(done.stdout.splitlines()[-1], "6 passed, 0 failed, 1 skipped")

    def test_crashes_as_known(self):
        crashes = self.LIST.replace("reason =", 'verdict = "CRASH"\n        reason =')
        self.run_fake(*self.known(crashes), scenario={"sendv.denied": "crash"}, code=0)
        self.assert_verdicts(sendv_denied="KFAIL")

    def test_a_known_failure_excuses_no_crash(self):
        self.run_fake(*self.known(self.LIST), scenario={"sendv.denied": "crash"}, code=1)
        self.assert_verdicts(sendv_denied="CRASH")

    def test_passes_though_known(self):
        self.run_fake(*self.known(self.LIST), code=1)
        self.assert_verdicts(sendv_denied="XPASS")

    def test_another_version_is_not_excused(self):
        self.run_fake(
            *self.known(self.LIST.replace("4.20", "4.19")), scenario={"sendv.denied": "fail"}, code=1
        )
        self.assert_verdicts(sendv_denied="FAIL")

    def test_list_that_makes_no_sense(self):
        done = self.run_fake(*self.known(self.LIST.replace("reason", "raison")), code=2)
        self.assertIn("known.toml:8: unknown key 'raison'; did you mean 'reason'?", done.stderr)


class Interrupt(CommandTest):
    def test_ctrl_c_ends_everything(self):
        child = subprocess.Popen(
            self.command("run", "--target", "kvm", *self.fake_options()),
            env=self.environment({"sendv.to_peer": "wedge"}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        log = self.out / "kvm" / "console.log"
        for _ in range(500):
            if log.exists() and "begin sendv.to_peer" in log.read_text():
                break
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        output, _ = child.communicate(timeout=20)
        self.assertEqual(child.returncode, 130, output)
        self.assert_verdicts(
            sendv_to_peer="ERROR", sendv_denied="ERROR", sendv_many="ERROR", vector_fires="ERROR"
        )
        self.assertEqual(self.detail("sendv.denied"), "not run: interrupted")
        self.assert_no_orphans()

    def test_nothing_outlives_a_killed_runner(self):
        child = subprocess.Popen(
            self.command("run", "--target", "kvm", *self.fake_options()),
            env=self.environment({"sendv.to_peer": "wedge"}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(1)
        child.kill()
        child.wait()
        time.sleep(0.5)
        self.assert_no_orphans()

    def assert_no_orphans(self):
        mine = str(self.out)
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{process}/cmdline", "rb") as file:
                    words = file.read().decode(errors="replace").split("\0")
            except OSError:
                continue
            self.assertFalse(any(word.startswith(mine) for word in words), words)


if __name__ == "__main__":
    unittest.main()
