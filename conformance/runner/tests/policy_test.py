# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Profile policy with real rules: every case passes, the host has a record of each denial and of nothing else, what
argo-policy explains is what was denied, and without control the suite notices."""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import typing
import unittest

RUNNER = os.environ["ARGO_CONFORMANCE"]
POLICY = os.environ["ARGO_POLICY"]
RULES = os.environ["ARGO_SUITE_POLICY"]
OFF = pathlib.Path(__file__).parent / "data" / "off.toml"
BOOLEANS = ("open", "mute", "still")

RECORD = re.compile(
    r"avc:  denied  \{ (?P<hook>\w+) \} for domid=\d+(?: port=(?P<port>\w+))?(?: target=\d+)?(?: tport=(?P<tport>\w+))?"
    r" scontext=(?P<source>\w+)(?::\w+)? tcontext=(?P<target>\w+)(?::\w+)? tclass=\w+$"
)
# FLASK's, with what Xen's hooks call the same.
FLASK_RECORD = re.compile(
    r"avc:  denied  \{ (?P<hook>\w+) \} for source=d(?P<source>\d+)(?: target=d(?P<target>\d+))?"
    r"(?: sport=(?P<port>\w+))?(?: dport=(?P<tport>\w+))?"
    r" scontext=system_u:\w+:(?P<scontext>\w+) tcontext=system_u:\w+:(?P<tcontext>\w+) tclass=(?P<tclass>\w+)$"
)
FLASK_HOOKS = {"bind": "register", "register_single_source": "accept", "register_any_source": "wildcard"}


class Denied(typing.NamedTuple):
    """What a record says: the hook, who asked, and whom it was about."""

    hook: str
    source: str
    port: str
    target: str
    tport: str

    @staticmethod
    def of(record: str) -> "Denied | None":
        if match := RECORD.match(record):
            return Denied(match["hook"], match["source"], match["port"] or "0", match["target"], match["tport"] or "0")
        if not (match := FLASK_RECORD.match(record)):
            return None
        labels = {"1": "lead_t", "2": "peer_t", "3": "third_t"}
        source = labels.get(match["source"], "crowd_t")
        target = labels.get(match["target"] or match["source"], "crowd_t")
        hook = FLASK_HOOKS.get(match["hook"], match["hook"])
        # Contexts are of what the domids say.
        stem = (source if hook in ("register", "wildcard") else target).removesuffix("_t")
        fits = {
            "argo": rf"xen_t|{target}",
            "argo_port": r"\w+_port_t",
            "argo_ring": rf"{target}|{stem}_\w+_ring_t|\w+_port_t",
        }[match["tclass"]]
        if not re.fullmatch(fits, match["tcontext"]) or not match["scontext"].startswith(source.removesuffix("t")):
            return None
        return Denied(hook, source, match["port"] or "0", target, match["tport"] or "0")


def runs(target: str) -> bool:
    """Whether this machine can run the target."""
    if target == "model":
        return True
    if target == "xen":
        built = [pathlib.Path(RUNNER).with_name("argo-xen-build"), "--patched", "--if-built"]
        return subprocess.run(built, capture_output=True, check=False).returncode == 0
    vmm = pathlib.Path(RUNNER).with_name("argo-vmm")
    return subprocess.run([vmm, "probe"], capture_output=True, check=False).returncode == 0


class Policy(unittest.TestCase):
    def conformance(self, target: str, *more: str) -> tuple[subprocess.CompletedProcess[str], pathlib.Path]:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        command = [RUNNER, "run", "--target", target, "--profile", "policy", "--out", folder.name, *more]
        return subprocess.run(command, capture_output=True, text=True, check=False), pathlib.Path(folder.name) / target

    def records(self, log: str) -> list[tuple[str, list[str], int]]:
        """Of each case that ran: the records that came meanwhile, and how many denials it saw."""
        found: list[tuple[str, list[str], int]] = []
        case, lines, denials = "", [], 0
        for line in log.splitlines():
            words = line.split()
            if "argo-ct" in line and words[0] == "[lead]" and words[4] == "begin":
                case, lines, denials = words[5], [], 0
            elif line.startswith("[host] avc:"):
                lines.append(line.removeprefix("[host] "))
            elif line.startswith("[lead] audit: "):
                denials = int(words[2])
            elif case and "argo-ct" in line and words[0] == "[lead]" and words[4:6] == ["PASS", case]:
                found.append((case, lines, denials))
                case = ""
        return found

    def check(self, target: str, *more: str, ways: int = 1) -> None:
        result, folder = self.conformance(target, *(more or ("--mechanism", "msr")))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        cases = json.loads((folder / "results.json").read_text())["cases"]
        passed = collections.Counter((each["environment"], each["mechanism"]) for each in cases)
        self.assertEqual(len(passed), ways)
        self.assertGreaterEqual(min(passed.values()), 100, passed)
        self.assertEqual({(each["verdict"], each["detail"]) for each in cases}, {("PASS", "")})
        self.assertEqual({each["id"] for each in cases}, self.all_cases())
        self.assertEqual(set(passed.values()), {len(self.all_cases())})

        records = self.records((folder / "console.log").read_text())
        self.assertCountEqual([case for case, _, _ in records], [each["id"] for each in cases])
        for case, lines, denials in records:
            with self.subTest(case=case):
                self.assertEqual(len(lines), denials, "\n".join(lines))
        self.assertTrue(any(denials for _, _, denials in records))
        self.assertTrue(any(not denials for _, _, denials in records))
        what = set()
        for line in sorted({line for _, lines, _ in records for line in lines}):
            denied = Denied.of(line)
            self.assertIsNotNone(denied, line)
            what.add(denied)
        for denied in sorted(what):
            self.explained(denied)

    def all_cases(self) -> set[str]:
        listed = json.loads(subprocess.run([RUNNER, "list", "--json"], capture_output=True, check=True).stdout)
        return {each["id"] for each in listed["cases"] if each["profile"] == "policy"}

    def explained(self, denied: Denied) -> None:
        """What was denied is what argo-policy says is denied, with some setting of the booleans."""
        receiving = denied.hook in ("register", "accept", "wildcard")
        ends = [f"{denied.source}:{denied.port}", f"{denied.target}:{denied.tport}"]
        said = []
        for boolean in ("", *BOOLEANS):
            more = ["--boolean", f"{boolean}=true"] if boolean else []
            text = subprocess.run(
                [POLICY, "explain", RULES, *(reversed(ends) if receiving else ends), *more],
                capture_output=True, text=True, check=True,
            ).stdout  # fmt: skip
            half = text.split("the sender, ")[0 if receiving else 1]
            said += [words[1] for words in map(str.split, half.splitlines()) if words[0] == denied.hook]
        self.assertIn("denied", said, denied)

    def test_model(self) -> None:
        self.check("model")

    @unittest.skipUnless(runs("kvm"), "this machine cannot run guests on KVM")
    def test_kvm(self) -> None:
        self.check("kvm")

    @unittest.skipUnless(runs("xen"), "Xen with the patches is not built")
    def test_xen(self) -> None:
        self.check("xen", "--mechanism", "all", "--environment", "PVH,PV", ways=4)

    @unittest.skipUnless(runs("xen"), "Xen with the patches is not built")
    def test_xen_that_loads_whole_policies(self) -> None:
        self.check("xen", "--mechanism", "msr", "--environment", "flask=load")

    def test_one_command_gives_the_same_verdicts_on_all(self) -> None:
        targets = [target for target in ("model", "kvm", "xen") if runs(target)]
        result, folder = self.conformance(",".join(targets))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        verdicts: dict[str, dict[str, str]] = {}
        for target in targets:
            cases = json.loads((folder.parent / target / "results.json").read_text())["cases"]
            for each in cases:
                way = " ".join((target, each["environment"], each["mechanism"]))
                verdicts.setdefault(way, {})[each["id"]] = each["verdict"]
        first = verdicts.pop("model model msr")
        self.assertEqual(set(first), self.all_cases())
        self.assertEqual({way.split()[0] for way in verdicts}, set(targets))
        for way, others in verdicts.items():
            with self.subTest(way=way):
                self.assertEqual(others, first)

    @unittest.skipUnless(runs("xen"), "Xen with the patches is not built")
    def test_without_control_the_suite_notices_on_xen(self) -> None:
        some = ["--environment", "PVH", "--mechanism", "msr", "--filter", "policy.send_*_is_denied*"]
        result, folder = self.conformance("xen", *some, "--policy", str(OFF), "--timeout-factor", "0.5")
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        cases = json.loads((folder / "results.json").read_text())["cases"]
        self.assertGreater(len(cases), 10)
        self.assertEqual({each["verdict"] for each in cases}, {"FAIL"})

    def test_without_control_the_suite_notices(self) -> None:
        _, folder = self.conformance("model", "--mechanism", "msr")
        denying = {case for case, _, denials in self.records((folder / "console.log").read_text()) if denials}
        self.assertGreaterEqual(len(denying), 60)
        result, folder = self.conformance(
            "model", "--mechanism", "msr", "--policy", str(OFF), "--timeout-factor", "0.1"
        )
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        verdicts = {each["id"]: each["verdict"] for each in json.loads((folder / "results.json").read_text())["cases"]}
        self.assertEqual([case for case in sorted(denying) if verdicts[case] == "PASS"], [])
        self.assertNotIn("avc:", (folder / "console.log").read_text())

    def unseen(self, target: str, *more: str) -> None:
        """A domain that may not use Argo when it starts finds none: ARGO-POLICY-005."""
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as rules:
            rules.write(pathlib.Path(RULES).read_text().replace("mute = false", "mute = true"))
            rules.flush()
            result, folder = self.conformance(target, "--mechanism", "msr", "--policy", rules.name, *more)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        cases = json.loads((folder / "results.json").read_text())["cases"]
        # Xen has the hypercall of major 0 in any case; who asks for another mechanism hears that it is not there.
        reason = "mechanism msr is not offered" if target == "xen" else "no Argo found by probing"
        self.assertEqual({(each["verdict"], each["detail"]) for each in cases}, {("NOT_SUPPORTED", reason)})

    def test_unseen_on_the_model(self) -> None:
        self.unseen("model")

    @unittest.skipUnless(runs("kvm"), "this machine cannot run guests on KVM")
    def test_unseen_on_kvm(self) -> None:
        self.unseen("kvm")

    @unittest.skipUnless(runs("xen"), "Xen with the patches is not built")
    def test_unseen_on_xen(self) -> None:
        self.unseen("xen", "--environment", "PVH")

    def test_rules_that_are_wrong_are_refused(self) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as rules:
            rules.write('labels = ["lead_t"]\n[[alow]]\n')
            rules.flush()
            result, _ = self.conformance("model", "--policy", rules.name)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn(f"{rules.name}:2: unknown key 'alow'", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
