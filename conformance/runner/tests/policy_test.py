# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Profile policy with real rules: every case passes, the host has a record of each denial and of nothing else, what
argo-policy explains is what was denied, and without control the suite notices."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
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


def runs(target: str) -> bool:
    """Whether this machine can run the target."""
    if target != "kvm":
        return True
    vmm = pathlib.Path(RUNNER).with_name("argo-vmm")
    return subprocess.run([vmm, "probe"], capture_output=True, check=False).returncode == 0


class Policy(unittest.TestCase):
    def conformance(self, target: str, *more: str) -> tuple[subprocess.CompletedProcess[str], pathlib.Path]:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        command = [RUNNER, "run", "--target", target, "--profile", "policy", "--out", folder.name, *more]
        return subprocess.run(command, capture_output=True, text=True, check=False), pathlib.Path(folder.name) / target

    def records(self, log: str) -> dict[str, tuple[list[str], int]]:
        """Of each case: the records that came while it ran, and how many denials it saw."""
        found: dict[str, tuple[list[str], int]] = {}
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
                found[case] = (lines, denials)
                case = ""
        return found

    def check(self, target: str) -> None:
        result, folder = self.conformance(target, "--mechanism", "msr")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        cases = json.loads((folder / "results.json").read_text())["cases"]
        self.assertGreaterEqual(len(cases), 100)
        self.assertEqual({each["verdict"] for each in cases}, {"PASS"})

        records = self.records((folder / "console.log").read_text())
        self.assertEqual(set(records), {each["id"] for each in cases})
        for case, (lines, denials) in records.items():
            with self.subTest(case=case):
                self.assertEqual(len(lines), denials, "\n".join(lines))
        self.assertTrue(any(denials for _, denials in records.values()))
        self.assertTrue(any(not denials for _, denials in records.values()))
        for line in sorted({line for lines, _ in records.values() for line in lines}):
            self.explained(line)

    def explained(self, line: str) -> None:
        """What was denied is what argo-policy says is denied, with some setting of the booleans."""
        match = RECORD.match(line)
        self.assertIsNotNone(match, line)
        port, tport = match["port"] or "0", match["tport"] or "0"
        receiving = match["hook"] in ("register", "accept", "wildcard")
        ends = [f"{match['source']}:{port}", f"{match['target']}:{tport}"]
        said = []
        for boolean in ("", *BOOLEANS):
            more = ["--boolean", f"{boolean}=true"] if boolean else []
            text = subprocess.run(
                [POLICY, "explain", RULES, *(reversed(ends) if receiving else ends), *more],
                capture_output=True, text=True, check=True,
            ).stdout  # fmt: skip
            half = text.split("the sender, ")[0 if receiving else 1]
            said += [words[1] for words in map(str.split, half.splitlines()) if words[0] == match["hook"]]
        self.assertIn("denied", said, line)

    def test_model(self) -> None:
        self.check("model")

    @unittest.skipUnless(runs("kvm"), "this machine cannot run guests on KVM")
    def test_kvm(self) -> None:
        self.check("kvm")

    def test_without_control_the_suite_notices(self) -> None:
        _, folder = self.conformance("model", "--mechanism", "msr")
        denying = {case for case, (_, denials) in self.records((folder / "console.log").read_text()).items() if denials}
        self.assertGreaterEqual(len(denying), 60)
        result, folder = self.conformance(
            "model", "--mechanism", "msr", "--policy", str(OFF), "--timeout-factor", "0.1"
        )
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        verdicts = {each["id"]: each["verdict"] for each in json.loads((folder / "results.json").read_text())["cases"]}
        self.assertEqual([case for case in sorted(denying) if verdicts[case] == "PASS"], [])
        self.assertNotIn("avc:", (folder / "console.log").read_text())

    def unseen(self, target: str) -> None:
        """A domain that may not use Argo when it starts finds none: ARGO-POLICY-005."""
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as rules:
            rules.write(pathlib.Path(RULES).read_text().replace("mute = false", "mute = true"))
            rules.flush()
            result, folder = self.conformance(target, "--mechanism", "msr", "--policy", rules.name)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        cases = json.loads((folder / "results.json").read_text())["cases"]
        self.assertEqual(
            {(each["verdict"], each["detail"]) for each in cases}, {("NOT_SUPPORTED", "no Argo found by probing")}
        )

    def test_unseen_on_the_model(self) -> None:
        self.unseen("model")

    @unittest.skipUnless(runs("kvm"), "this machine cannot run guests on KVM")
    def test_unseen_on_kvm(self) -> None:
        self.unseen("kvm")

    def test_rules_that_are_wrong_are_refused(self) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as rules:
            rules.write('labels = ["lead_t"]\n[[alow]]\n')
            rules.flush()
            result, _ = self.conformance("model", "--policy", rules.name)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn(f"{rules.name}:2: unknown key 'alow'", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
