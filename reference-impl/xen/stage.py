#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Runs the domains of a topology on Xen in an emulated machine.

QEMU boots Xen, Xen boots the suite's image as domain 0, and domain 0 builds the others (conformance/guest/xen_stage.cpp,
which says what it reads and what it prints). What argo-vmm says and understands, this does, too:

    stdout: [lead] a console line    [host] peer started    [host] peer ended killed    [host] avc:  denied ...    [host] exited
    stdin:  kill peer    start peer    restart peer    policy NAME    quit

`policy NAME` puts one of --later in force; `policy NAME boolean=1 ...` sets booleans of the one that is, all at once.
The topology's policy is one of policy.sh; without, it is one that allows the suite's domains everything. Xen's own console goes to xen.log beside the topology. A Xen that panics or warns of itself, and a machine that is gone, are an exit code 1;
a Xen that hangs says nothing, and whoever waits for it has to know how long.
"""
import argparse
import os
import re
import selectors
import subprocess
import sys
import time
import tomllib
from pathlib import Path

PAGE = 4096
PAGES = {"crowd": 1024}  # of each domain, by its role: the image and the suite's memory
MOST_PAGES = 2048
FLASK_MAGIC = (0xF97CFF8C).to_bytes(4, "little")
OTHERS = 160  # MiB of the machine that are not the domains': Xen, and domain 0


def pages_of(domain: dict) -> int:
    return PAGES.get(domain["name"].split("-")[0], MOST_PAGES)


def label_of(domain: dict) -> str:
    """Its label in the topology is the type that the policy knows."""
    return f"system_u:system_r:{domain['label']}"


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % PAGE)


def port_lines(file: Path) -> list[str]:
    """Labels of ports, as argo-policy compile --ranges lists them."""
    lines = []
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if not (match := re.fullmatch(r"(\w+)-(\w+)\s+(\S+)", line.strip())):
            raise Trouble(f"{file}:{number}: not understood; write 0x1000-0x10ff system_u:object_r:name_t")
        try:
            low, high = int(match[1], 0), int(match[2], 0)
        except ValueError:
            raise Trouble(f"{file}:{number}: '{match[1]}-{match[2]}' is no range of ports") from None
        lines.append(f"ports {low} {high} {match[3]}\n")
    return lines


def flask_policy(file: Path) -> bytes:
    policy = file.read_bytes()
    if policy[:4] != FLASK_MAGIC:
        raise Trouble(f"{file}: no policy of FLASK; make one with policy.sh")
    return policy


def policy_of(arguments: argparse.Namespace, topology: dict) -> Path:
    """What is named there, or what build.sh made."""
    return (arguments.topology.parent / topology.get("policy", arguments.xen / "policy")).resolve()


def stage_module(topology: dict, kind: str, ports: list[str], policies: dict[str, bytes]) -> bytes:
    """Domain 0's module: the domains in words, then policies and the image."""
    lines, images = list(ports), set()
    lines += [f"policy {name} {len(policy)}\n" for name, policy in policies.items()]
    for domain in topology["domain"]:
        images.add(domain["image"])
        lines.append(f"domain {domain['name']} {domain['domid']} {kind} {domain.get('vcpus', 1)} {label_of(domain)} "
                     f"{pages_of(domain)} {domain['command_line']}\n")
    (image,) = images
    text = ("".join(lines) + "end\n").encode()
    return b"".join(map(padded, (text, *policies.values()))) + Path(image).read_bytes()


def qemu(arguments: argparse.Namespace, topology: dict, folder: Path) -> list[str]:
    memory = OTHERS + sum(pages_of(domain) * PAGE // 2**20 + 1 for domain in topology["domain"])
    options = ["placeholder", "console=com1", "com1=115200,8n1", "loglvl=warning", f"guest_loglvl={arguments.guest_log}",
               "noreboot", f"argo=1,mac-permissive={int(arguments.wildcard)}", f"xsm={arguments.xsm}",
               f"flask={arguments.flask}", "conring_size=1m", "dom0_mem=64M,max:64M", "dom0_max_vcpus=1", "dom0_vcpus_pin"]
    if arguments.dom0 == "pvh":
        options += ["dom0=pvh", "dom0-iommu=none"]
    policy = policy_of(arguments, topology)
    return ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", str(memory), "-smp", "2",
            "-nodefaults", "-display", "none", "-no-reboot", "-serial", f"file:{folder / 'xen.log'}",
            "-serial", "stdio", "-kernel", str(arguments.xen / "xen"), "-append", " ".join(options),
            "-initrd", f"{arguments.image} stage,{folder / 'stage.bin'},{policy}"]


class Trouble(Exception):
    """What is wrong with somebody's input."""


class Panics:
    """Looks in Xen's log for its last words, and for warnings of its own."""

    def __init__(self, log: Path):
        self.log, self.offset, self.rest, self.where = log, 0, "", ""

    def found(self) -> str | None:
        try:
            with open(self.log, errors="replace") as file:
                file.seek(self.offset)
                text = self.rest + file.read()
                self.offset = file.tell()
        except FileNotFoundError:
            return None
        lines = text.split("\n")
        self.rest = lines.pop()
        for at, line in enumerate(lines):
            if "RIP:" in line and "[<" in line:
                self.where = ", in " + line.split("]")[-1].strip()
            if "Panic on CPU" in line:
                words = (word.removeprefix("(XEN)").strip() for word in lines[at + 1:])
                return "panics: " + next((word for word in words if word.strip("*")), "panic") + self.where
            if "Xen WARN at" in line:
                return "warns: " + line.removeprefix("(XEN)").strip()
        return None


def relay(machine: subprocess.Popen, panics: Panics) -> int:
    select = selectors.DefaultSelector()
    select.register(machine.stdout, selectors.EVENT_READ, "machine")
    select.register(sys.stdin.buffer, selectors.EVENT_READ, "user")
    rest, quitting = b"", None
    while True:
        for key, _ in select.select(0.2):
            data = os.read(key.fileobj.fileno(), 65536)
            if key.data == "user":
                if not data:
                    select.unregister(key.fileobj)
                    data = b"quit\n"
                if b"quit" in data.split():
                    quitting = quitting or time.monotonic()
                machine.stdin.write(data)
                machine.stdin.flush()
                continue
            if not data:
                return 0 if quitting else 1
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                line = line.rstrip(b"\r")
                sys.stdout.buffer.write(line + b"\n")
                if line == b"[host] exited":
                    sys.stdout.buffer.flush()
                    return 0
            sys.stdout.buffer.flush()
        if reason := panics.found():
            print(f"[host] Xen {reason}", flush=True)
            print(f"stage: Xen {reason}", file=sys.stderr)
            return 1
        if quitting and time.monotonic() - quitting > 1:
            return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the domains of a topology on Xen in an emulated machine.")
    parser.add_argument("topology", type=Path)
    parser.add_argument("--xen", type=Path, required=True, help="folder that build.sh printed")
    parser.add_argument("--image", type=Path, required=True, help="argo-guest.elf, for domain 0")
    parser.add_argument("--dom0", choices=("pv", "pvh"), default="pv")
    parser.add_argument("--guests", choices=("pv", "pvh"), default="pvh")
    parser.add_argument("--wildcard", action=argparse.BooleanOptionalAction, default=True, help="mac-permissive")
    parser.add_argument("--xsm", choices=("flask", "silo", "dummy"), default="flask", help="Xen's security module")
    parser.add_argument("--flask", choices=("permissive", "enforcing"), default="permissive",
                        help="whether the policy is kept to, or only audited")
    parser.add_argument("--guest-log", choices=("error", "all"), default="error", help="lines of Xen's log that guests cause")
    parser.add_argument("--ranges", type=Path, help="labels of ports, as argo-policy writes them")
    parser.add_argument("--later", action="append", default=[], metavar="NAME=FILE", help="another policy, for later")
    arguments = parser.parse_args()
    folder = arguments.topology.resolve().parent
    topology = tomllib.loads(arguments.topology.read_text())
    try:
        ports = port_lines(arguments.ranges) if arguments.ranges else []
        flask_policy(policy_of(arguments, topology))
        later = {name: flask_policy(Path(file)) for name, _, file in (text.partition("=") for text in arguments.later)}
        (folder / "stage.bin").write_bytes(stage_module(topology, arguments.guests, ports, later))
    except (OSError, Trouble) as trouble:
        print(f"stage: {trouble}", file=sys.stderr)
        return 2
    (folder / "xen.log").unlink(missing_ok=True)
    try:
        machine = subprocess.Popen(qemu(arguments, topology, folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    except FileNotFoundError:
        print("stage: qemu-system-x86_64 is not installed; install qemu-system-x86", file=sys.stderr)
        return 4
    try:
        return relay(machine, Panics(folder / "xen.log"))
    finally:
        machine.kill()
        machine.wait()


if __name__ == "__main__":
    sys.exit(main())
