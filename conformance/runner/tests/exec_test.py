#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Target exec: with a script of somebody else's."""

import unittest

from command import CommandTest, HERE


class Exec(CommandTest):
    def run_script(self, *arguments, **more):
        return self.call(
            "run",
            "--target",
            f"exec:{HERE / 'fake_target.py'}",
            "--image",
            HERE / "command.py",
            "--out",
            self.out,
            *arguments,
            **more,
        )

    def test_two_domains(self):
        self.run_script(code=0)
        self.assert_verdicts("exec-fake_target")
        self.assertEqual(self.results("exec-fake_target")["target"]["name"], "exec:fake_target.py")
        log = (self.out / "exec-fake_target" / "console.log").read_text()
        self.assertIn("[peer] argo-ct 1 1 env role=peer role:peer lead:7 seed:1", log)
        self.assertIn("[lead] argo-ct 1 2 begin query.answers", log)
        heard = (self.folder / "heard").read_text().split("\n")
        self.assertEqual(heard[:3], ["domid peer", "domid third", "domid lead"])
        self.assertIn("kill lead", heard)
        self.assertIn("kill peer", heard)

    def test_lead_alone(self):
        self.run_script(code=0, FAKE_ROLES="lead")
        self.assertNotIn("start peer", (self.folder / "heard").read_text())

    def test_script_that_knows_no_domids(self):
        self.run_script(code=0, FAKE_ROLES="")
        self.assert_verdicts("exec-fake_target")

    def test_crash(self):
        self.run_script(code=1, scenario={"sendv.to_peer": "crash"})
        self.assert_verdicts("exec-fake_target", sendv_to_peer="CRASH")

    def test_wedge(self):
        self.run_script("--timeout-factor", "0.1", code=1, scenario={"sendv.to_peer": "wedge"})
        self.assert_verdicts("exec-fake_target", sendv_to_peer="WEDGED")

    def test_asks(self):
        self.run_script(code=0, scenario={"sendv.to_peer": "ask"})
        self.assert_verdicts("exec-fake_target")
        heard = (self.folder / "heard").read_text().split("\n")
        self.assertEqual(heard.count("start peer"), 2)

    def test_no_such_script(self):
        done = self.call(
            "run", "--target", "exec:/nowhere/x", "--image", HERE / "command.py", "--out", self.out, code=4
        )
        self.assertIn("no such program", done.stderr)

    def test_no_image(self):
        done = self.call(
            "run",
            "--target",
            f"exec:{HERE / 'fake_target.py'}",
            "--image",
            "/nowhere/guest.elf",
            "--out",
            self.out,
            code=4,
        )
        self.assertIn("/nowhere/guest.elf is not there", done.stderr)


if __name__ == "__main__":
    unittest.main()
