# SPDX-License-Identifier: Apache-2.0 OR MIT
"""argo-policy as a person runs it: exit codes, and FLASK's own compiler on the module that it writes."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["ARGO_POLICY"]
SUITE = os.environ["ARGO_SUITE_POLICY"]

# The least that Xen's checkpolicy wants around a module; the classes are those that the module's head names.
BEFORE = """
define(`declare_domain', `type $1; type $1_self;')
define(`domain_self_comms')
define(`create_domain')
define(`manage_domain')
define(`domain_comms')
define(`migrate_domain_out')
class xen
class domain
class argo
class argo_port
class argo_ring
sid kernel
sid security
class xen { settime }
class domain { create }
class argo { enable register_single_source register_any_source send vector }
class argo_port { bind send }
class argo_ring { register accept wildcard send notify }
type xen_t;
type argo_port_t;
role system_r;
"""
AFTER = """
allow xen_t xen_t:xen settime;
role system_r types { xen_t lead_t peer_t third_t crowd_t };
user system_u roles { system_r };
sid kernel system_u:system_r:xen_t
sid security system_u:system_r:xen_t
"""


def meaning(policy: str) -> set[tuple[str, ...]]:
    """Each permission and each transition of Argo's classes, with the condition it is under."""
    found, condition = set(), ""
    for line in policy.splitlines():
        words = line.replace(":", " ").replace("(", "").replace(")", "").replace(";", "").split()
        if words[:1] == ["if"]:
            condition = words[1]
        elif words[:1] == ["}"]:
            condition = "" if words[1:2] != ["else"] else f"!{condition}"
        elif words[:1] in (["allow"], ["type_transition"]) and words[3].startswith("argo"):
            words[2] = words[1] if words[2] == "self" else words[2]
            found |= {(condition, *words[:4], what) for what in words[4:] if what not in "{}"}
    return found


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=30, check=False)


class Program(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def test_good_rules(self) -> None:
        result = run("check", SUITE)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("4 labels", result.stdout)

    def test_wrong_rules_are_a_sentence_with_a_line(self) -> None:
        rules = self.file("r.toml", 'labels = ["a_t"]\n[[alow]]\n')
        result = run("check", rules)
        self.assertEqual(result.returncode, 2)
        self.assertEqual(
            result.stderr,
            f"argo-policy: {rules}:2: unknown key 'alow' in the rules; did you mean 'allow'?\n",
        )

    def test_usage(self) -> None:
        for arguments in ([], ["compile", SUITE], ["compile", SUITE, "--to", "xen"], ["check", "absent.toml"],
                          ["explain", SUITE, "lead_t", "peer_t:1"], ["explain", SUITE, "led_t:1", "peer_t:1"],
                          ["compile", SUITE, "--to", "engine", "--boolean", "opn=true", "--out", "/dev/null"]):
            with self.subTest(arguments=arguments):
                result = run(*arguments)
                self.assertEqual(result.returncode, 2, result)
                self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)

    def test_explain(self) -> None:
        denied = run("explain", SUITE, "lead_t:9", "peer_t:0x50000b00")
        self.assertEqual(denied.returncode, 0)
        self.assertIn("no rule ", denied.stdout)
        allowed = run("explain", SUITE, "lead_t:9", "peer_t:0x50000b00", "--boolean", "open=true")
        self.assertIn("A message passes", allowed.stdout)

    def test_diff(self) -> None:
        self.assertEqual(run("diff", SUITE, SUITE).returncode, 0)
        less = self.file("less.toml", pathlib.Path(SUITE).read_text().replace('hooks = "vector"', 'hooks = "enable"'))
        result = run("diff", SUITE, less)
        self.assertEqual(result.returncode, 1)
        self.assertIn("- vector peer_t\n", result.stdout)

    def test_import(self) -> None:
        rules = run("import", "viptables", self.file("list", "viptables -A -d 5 -j REJECT\n"), "--label", "5=guest_t")
        self.assertEqual(rules.returncode, 0, rules.stderr)
        made = self.file("made.toml", rules.stdout)
        self.assertEqual(run("check", made).returncode, 0)
        self.assertIn("A message cannot pass", run("explain", made, "guest_t:1", "others_t:1").stdout)

    def checkpolicy(self, *arguments: str | pathlib.Path) -> None:
        done = subprocess.run(["checkpolicy", "-t", "Xen", *arguments], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @unittest.skipUnless(shutil.which("checkpolicy") and shutil.which("m4"), "there is no checkpolicy or no m4")
    def test_flask_has_every_rule_of_the_module(self) -> None:
        ranges = self.folder / "ranges"
        for more in ([], ["--boolean", "open=true"]):
            with self.subTest(more=more):
                module = run("compile", SUITE, "--to", "flask", "--declare-domains", "--ranges", str(ranges), *more)
                self.assertEqual(module.returncode, 0, module.stderr)
                macros = self.file("policy.m4", BEFORE + module.stdout + AFTER)
                expanded = subprocess.run(["m4", macros], capture_output=True, text=True, check=True).stdout
                conf, binary, back = self.file("conf", expanded), self.folder / "binary", self.folder / "back"
                self.checkpolicy("-c", "30", "-o", binary, conf)
                self.checkpolicy("-b", "-F", "-o", back, str(binary))
                self.assertGreater(len(meaning(module.stdout)), 300)
                self.assertEqual(meaning(module.stdout) ^ meaning(back.read_text()), set())
                self.assertIn(f"bool open {str(bool(more)).lower()};", back.read_text())
        lines = ranges.read_text().splitlines()
        self.assertEqual(len(lines), 14)
        self.assertEqual(lines[0], "0x50000000-0x500000ff system_u:object_r:free_port_t")

    def test_flask_loses_no_ranges(self) -> None:
        result = run("compile", SUITE, "--to", "flask")
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("--ranges", result.stderr)


if __name__ == "__main__":
    unittest.main()
