#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""examples/targets/xl.sh, with a stand-in for xl: what it calls, which domids it writes, and when it refuses."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPT = HERE.parents[2] / "examples" / "targets" / "xl.sh"
COMMAND_LINES = {
    "lead": "role=lead peer=1 third=2 filter=sendv.*,ring.? seed=1 slow=1",
    "peer": "role=peer third=2 lead=3 filter=sendv.*,ring.? seed=1 slow=1",
    "third": "role=third peer=1 lead=3 filter=sendv.*,ring.? seed=1 slow=1",
}
PAIR = {"lead": "role=lead peer=1 seed=1", "peer": "role=peer lead=2 seed=1"}


class Xl(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "xl").symlink_to(HERE / "fake_xl.py")
        self.domains = self.folder / "domains"
        self.domains.mkdir()
        (self.domains / "last-domid").write_text("40")
        self.image = self.folder / "guest.elf"
        self.image.touch()
        self.children = []
        self.addCleanup(self.end_children)

    def end_children(self):
        for child in self.children:
            child.kill()
            child.communicate()

    def environment(self, **more):
        path = f"{self.folder}:{os.environ['PATH']}"
        own = {"PATH": path, "FAKE_XL": str(self.domains), "ARGO_XL_STATE": str(self.folder / "state")}
        return os.environ | own | {"ARGO_XL_PATIENCE": "5"} | more

    def call(self, *arguments, code=0, **more):
        done = subprocess.run([SCRIPT, *arguments], env=self.environment(**more), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def start(self, role, command_line=None, **more):
        """As the runner does it: nobody types at the console."""
        child = subprocess.Popen([SCRIPT, "start", role, self.image, command_line or COMMAND_LINES[role]],
                                 env=self.environment(**more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        self.children.append(child)
        return child

    def calls(self):
        return (self.domains / "calls").read_text().splitlines()

    def config(self, role):
        return (self.domains / f"argo-{role}" / "config").read_text().splitlines()

    def test_syntax(self):
        subprocess.run(["sh", "-n", SCRIPT], check=True)

    def test_domids_are_the_numbers_of_the_roles(self):
        self.assertEqual([self.call("domid", role).stdout for role in ("peer", "third", "lead")], ["1\n", "2\n", "3\n"])
        self.assertEqual(self.call("domid", "lead", ARGO_XL_ROLES="lead").stdout, "1\n")
        self.call("domid", "peer", code=1, ARGO_XL_ROLES="lead")
        self.call("domid", "crowd", code=1)

    def test_three_domains_know_each_other_twice(self):
        for base in (41, 45):  # the domain that asks for the domid, then these
            peer, third, lead = base + 1, base + 2, base + 3
            consoles = {role: self.start(role) for role in ("lead", "third", "peer")}  # any order
            rest = "filter=sendv.*,ring.? seed=1 slow=1"
            for role, says in {
                "lead": f"domid={lead} role=lead peer={peer} third={third} {rest}\n",
                "peer": f"domid={peer} role=peer third={third} lead={lead} {rest}\n",
                "third": f"domid={third} role=third peer={peer} lead={lead} {rest}\n",
            }.items():
                self.assertEqual(consoles[role].stdout.readline(), says, consoles[role].poll())
            for role, console in consoles.items():
                self.assertIsNone(console.poll())  # there as long as its domain
                self.call("kill", role)
                console.wait(10)
        created = [call for call in self.calls() if call.startswith("create")]
        self.assertEqual(created, [f"create -q -p {name}.cfg" for name in ("probe", "peer", "third", "lead")] * 2)

    def test_configuration(self):
        console = self.start("lead", "role=lead seed=1", ARGO_XL_ROLES="lead", ARGO_XL_TYPE="pv", ARGO_XL_MEMORY="64",
                             ARGO_XL_LABEL="system_u:system_r:domU_t")
        self.assertEqual(console.stdout.readline(), "domid=42 role=lead seed=1\n")
        self.assertEqual(self.config("lead"), [
            'name = "argo-lead"', 'type = "pv"', f'kernel = "{self.image}"', 'cmdline = "role=lead seed=1"', "memory = 64",
            "vcpus = 1", 'seclabel = "system_u:system_r:domU_t"', 'on_poweroff = "destroy"', 'on_reboot = "destroy"',
            'on_crash = "destroy"', 'on_watchdog = "destroy"'])
        done = [call for call in self.calls() if not call.startswith("domid")]
        self.assertEqual(done, ["create -q -p probe.cfg", "destroy argo-probe", "create -q -p lead.cfg", "console argo-lead",
                                "unpause argo-lead"])  # its first words are heard

    def test_kill_of_one_that_is_gone(self):
        self.call("kill", "peer")
        self.assertEqual(self.calls(), ["domid argo-peer"])

    def test_a_domid_does_not_come_back(self):
        lead, peer = (self.start(role, PAIR[role], ARGO_XL_ROLES="peer lead") for role in ("lead", "peer"))
        for console in (lead, peer):
            self.assertIn("domid=", console.stdout.readline())
        self.call("kill", "peer")
        again = self.start("peer", PAIR["peer"], ARGO_XL_ROLES="peer lead", ARGO_XL_PATIENCE="1")
        self.assertEqual(again.wait(20), 1)
        self.assertIn("cannot give argo-peer its domid back", again.stderr.read())
        self.assertIsNone(lead.poll())

    def test_somebody_else_creates_a_domain(self):
        """Between the first of the set and the second."""
        peer = self.start("peer", PAIR["peer"], ARGO_XL_ROLES="peer lead")
        self.assertIn("domid=42 ", peer.stdout.readline())
        (self.domains / "last-domid").write_text("43")
        lead = self.start("lead", PAIR["lead"], ARGO_XL_ROLES="peer lead")
        self.assertEqual(lead.wait(20), 1)
        self.assertIn("argo-lead got domid 44 rather than 43", lead.stderr.read())
        self.assertIn("destroy argo-lead", self.calls())

    def test_the_domain_before_is_not_created(self):
        lead = self.start("lead", ARGO_XL_PATIENCE="1")
        self.assertEqual(lead.wait(20), 1)
        self.assertIn("the domain before argo-lead was not created", lead.stderr.read())

    def test_a_command_line_that_xl_cannot_hold(self):
        done = self.call("start", "lead", self.image, 'role=lead filter="', code=1, ARGO_XL_ROLES="lead")
        self.assertIn("quotation mark", done.stderr)

    def test_a_role_that_is_not_there(self):
        lead = self.start("lead", "role=lead third=2", ARGO_XL_ROLES="lead")
        self.assertEqual(lead.wait(20), 1)
        self.assertIn("names a role that ARGO_XL_ROLES does not: third=2", lead.stderr.read())

    def test_usage(self):
        self.assertIn("usage", self.call("dance", code=2).stderr)


if __name__ == "__main__":
    unittest.main()
