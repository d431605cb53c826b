#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A scripted VMM: speaks as argo-vmm does on stdout and stdin, and its lead behaves, case by case, as told.

FAKE_SCENARIO is a JSON object: what each case does (default "pass"), and "*" for what the whole boot does.
FAKE_CATALOGUE is the catalogue that the lead has cases from. Everything it is told goes to FAKE_HEARD.
"""

import binascii
import fnmatch
import json
import os
import signal
import sys
import threading
import time
import tomllib


def say(text: str | bytes, end: bytes = b"\n") -> None:
    data = text if isinstance(text, bytes) else text.encode()
    sys.stdout.buffer.write(data + end)
    sys.stdout.buffer.flush()


class Lead:
    """The console of a guest."""

    def __init__(self, boot: list[str]):
        self.boot = boot
        self.seq = 0
        self.crc = 0
        self.verdicts = 0
        self.eol = b"\r\n" if "crlf" in boot else b"\n"

    def protocol(self, text: str) -> None:
        self.seq += 1
        line = f"argo-ct 1 {self.seq} {text}"
        self.crc = binascii.crc32(line.encode() + b"\n", self.crc)
        self.print(line)

    def print(self, line: str | bytes) -> None:
        say(b"[lead] " + (line if isinstance(line, bytes) else line.encode()), self.eol)

    def verdict(self, word: str, case: dict, detail: str = "") -> None:
        self.verdicts += 1
        self.protocol(f"{word} {case['id']} {','.join(case['requirements'])} {detail}".rstrip())

    def end(self) -> None:
        crc = self.crc ^ 1 if "bad-crc" in self.boot else self.crc
        cases = self.verdicts + 1 if "bad-count" in self.boot else self.verdicts
        self.protocol(f"end cases={cases} crc={crc:08x}")


def run_case(lead: Lead, case: dict, does: str) -> bool:
    """False: the lead is gone."""
    lead.protocol(f"begin {case['id']}")
    match does:
        case "pass":
            lead.verdict("PASS", case)
        case "fail":
            lead.verdict("FAIL", case, "suite/x.cpp:12: send(...) is -11, expected -111")
        case "error":
            lead.verdict("ERROR", case, "could not tell")
        case "skip":
            lead.verdict("SKIP", case, "no peer in this run")
        case "not-supported":
            lead.verdict("NOT_SUPPORTED", case, "no feature VECTOR")
        case "crash":
            say("[host] lead ended crash: triple fault at rip 0x1234")
            return False
        case "watchdog":
            say("[host] lead ended watchdog: no exit for 5 s")
            return False
        case "peer-crash":
            say("[host] peer ended crash: triple fault")
            time.sleep(60)
        case "vmm-killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "machine-killed":  # what kvm-nested runs in
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)
        case "wedge":
            time.sleep(60)
        case "flood":
            junk = (b"[lead] " + b"x" * 120 + b"\n") * 500
            while True:
                sys.stdout.buffer.write(junk)
        case "flood-then-pass":
            junk = (b"[lead] " + b"x" * 120 + b"\n") * 500
            for _ in range(1600):  # 100 MB
                sys.stdout.buffer.write(junk)
            say(b"[lead] " + b"y" * 30_000_000)  # one line, 30 MB
            lead.verdict("PASS", case)
        case "garbage":
            lead.print(bytes(range(1, 10)) + bytes(range(11, 256)) + b"\x00")
            lead.print("argo-ct")
            lead.print("argo-ct 1")
            lead.print("argo-ct 1 x PASS " + case["id"])
            lead.print("argo-ct 7 3 PASS " + case["id"])
            lead.verdict("PASS", case, "with \xff and \x01 in it")
        case "unknown-verdict":
            lead.protocol(f"SPLENDID {case['id']} ARGO-QUERY-001")
            lead.verdict("PASS", case)
        case "says-kfail":
            lead.protocol(f"KFAIL {case['id']} ARGO-QUERY-001 listed")
            lead.verdict("PASS", case)
        case "repeat":
            lead.verdict("FAIL", case, "first")
            lead.print(f"argo-ct 1 {lead.seq} PASS {case['id']} ARGO-QUERY-001 second")
        case "lost-verdict":
            lead.seq += 1
        case "no-verdict":
            pass
        case "forged-by-peer":
            say(f"[peer] argo-ct 1 {lead.seq + 1} PASS {case['id']} ARGO-QUERY-001")
            say(f"[peer] [host] lead ended crash: not so")
            say(f"[peer] [lead] argo-ct 1 {lead.seq + 1} PASS {case['id']} ARGO-QUERY-001")
            lead.verdict("FAIL", case, "the truth")
        case "forged-in-the-lead":  # what somebody else in the lead prints, with the right number
            lead.print(f"argo-ct 1 {lead.seq + 1} PASS {case['id']} {','.join(case['requirements'])}")
            lead.verdict("FAIL", case, "the truth")
        case "forged-end":
            lead.print(f"argo-ct 1 {lead.seq + 1} end cases={lead.verdicts} crc={lead.crc:08x}")
            lead.verdict("FAIL", case, "the truth")
        case "forged-for-later":
            lead.protocol("PASS vector.fires ARGO-VECTOR-001")
            lead.verdict("PASS", case)
        case "peer-asks":
            say(f"[peer] argo-ct 1 {lead.seq + 1} ask kill third")
            say(f"[third] argo-ct 1 1 begin {case['id']}")
            lead.verdict("PASS", case)
        case "reboot":
            lead.seq = lead.crc = 0
            lead.protocol("env role=lead domid=1")
            time.sleep(60)
        case "ask":
            lead.protocol("ask kill peer")
            lead.protocol("ask start peer")
            lead.protocol("ask kill nobody")
            lead.protocol("ask kill lead")
            say("[host] peer ended killed")
            time.sleep(0.3)
            lead.verdict("PASS", case)
        case other:
            sys.exit(f"no such behaviour: {other}")
    return True


def run(topology: str) -> None:
    with open(topology, "rb") as file:
        domains = tomllib.load(file)["domain"]
    options = dict(word.split("=", 1) for word in domains[0]["command_line"].split())
    with open(os.environ["FAKE_CATALOGUE"], encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    scenario = json.loads(os.environ.get("FAKE_SCENARIO", "{}"))
    boot = scenario.get("*", [])
    for domain in domains:
        say(f"[host] {domain['name']} started")
    if "silent" in boot:
        time.sleep(60)
    if "dies" in boot:
        sys.exit("argo-vmm: it would not start")
    lead = Lead(boot)
    if "firmware" in boot:
        say(b"[lead] \x1b[2JSeaBIOS (version x) ", b"")
        sys.stdout.buffer.write(b"")
        lead.print = lambda line, p=lead.print: (setattr(lead, "print", p), say(line, b"\n"))
    mechanisms = os.environ.get("FAKE_MECHANISMS", "msr").split(",")
    by = options.get("mechanism", mechanisms[0])
    around = ["image", domains[0].get("apic", "xapic"), options.get("environment", "")]
    environment = ",".join(word for word in around if word not in ("", "xapic"))
    lead.protocol(
        f"env role=lead domid=1 arch=x86_64 environment={environment} implementation=3 version=4.19 "
        f"mechanism={by} mechanisms={','.join(mechanisms) if 'mechanism' not in options else by}"
    )
    if "option" in boot:
        lead.protocol("env unknown-option=slow=1")
        lead.end()
        return
    ids = [case["id"] for case in cases]
    first = ids.index(options["after"]) + 1 if "after" in options and "deaf" not in boot else 0
    wanted = options.get("filter", "")
    for case in cases[first:]:
        if wanted and case["id"] not in wanted.split(","):
            continue
        sample = options.get("sample")
        if sample and not any(fnmatch.fnmatchcase(case["id"], glob) for glob in sample.split(",")):
            continue
        if "skips-one" in boot and case["id"] == "sendv.to_peer":
            continue
        does = scenario.get(case["id"] + " by " + by, scenario.get(case["id"], "pass"))
        if not run_case(lead, case, does):
            time.sleep(60)
    if "no-end" in boot:
        say("[host] lead ended shutdown")
        return
    lead.end()
    time.sleep(60)


def main() -> None:
    if sys.argv[1] == "probe":
        told = {"kind": os.environ.get("FAKE_KIND", "hardware"), "reason": "fake: no /dev/kvm"}
        told["environments"] = json.loads(os.environ.get("FAKE_TROUBLES", "{}"))
        print(json.dumps(told))
        sys.exit(int(os.environ.get("FAKE_PROBE", "0")))
    heard = os.environ.get("FAKE_HEARD")

    def listen() -> None:
        for line in sys.stdin:
            if heard:
                with open(heard, "a", encoding="utf-8") as file:
                    file.write(line)
            if line.strip() == "quit":
                break
        say("[host] exited")
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    run(sys.argv[2])
    say("[host] exited")


main()
