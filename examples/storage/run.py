# SPDX-License-Identifier: MIT
"""Runs the storage example on a hypervisor, the guest once with each label, and compares what is said with the texts
that the book shows. With --accept it writes them."""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).parent
TIME_LIMIT = 60  # seconds for both domains to be made, and for the guest to end
NOT_AVAILABLE = 4


class NotHere(Exception):
    """Why this machine cannot run it."""


class Kvm:
    allowed, denied = "allowed.txt", "denied.txt"

    def __init__(self, tools: pathlib.Path):
        self.tools = tools
        if subprocess.run([tools / "argo-vmm", "probe"], capture_output=True, check=False).returncode != 0:
            raise NotHere("this machine cannot run guests on KVM")

    def compile(self, rules: pathlib.Path, policy: pathlib.Path) -> None:
        run(self.tools / "argo-policy", "compile", rules, "--to", "engine", "--out", policy)

    def command(self, topology: pathlib.Path) -> list[str | pathlib.Path]:
        return [self.tools / "argo-vmm", "run", "--control", topology]


class Xen:
    """With the patches, in an emulated machine. Domain 0 labels the ports before it makes a domain."""

    allowed, denied = "allowed-xen.txt", "denied-xen.txt"

    def __init__(self, tools: pathlib.Path):
        self.tools = tools
        built = subprocess.run([tools / "argo-xen-build", "--patched"], stdout=subprocess.PIPE, text=True, check=False)
        if built.returncode == NOT_AVAILABLE:
            raise NotHere("Xen cannot be built here, see above")
        built.check_returncode()
        self.xen = built.stdout.strip()

    def compile(self, rules: pathlib.Path, policy: pathlib.Path) -> None:
        module, self.ranges = policy.with_name("rules.te"), policy.with_name("ranges")
        run(
            self.tools / "argo-policy", "compile", rules, "--to", "flask", "--declare-domains",
            "--out", module, "--ranges", self.ranges,
        )  # fmt: skip
        run(self.tools / "argo-xen-policy", "--xen", self.xen, "--out", policy, module)

    def command(self, topology: pathlib.Path) -> list[str | pathlib.Path]:
        stage = [self.tools / "argo-xen-stage", topology, f"--xen={self.xen}", f"--ranges={self.ranges}"]
        return [*stage, f"--image={self.tools / 'argo-storage.elf'}", "--flask=enforcing"]


HYPERVISORS = {"kvm": Kvm, "xen": Xen}


def run(*command: str | pathlib.Path) -> str:
    return subprocess.run(command, cwd=HERE, stdout=subprocess.PIPE, text=True, check=True).stdout


def converse(command: list[str | pathlib.Path]) -> str:
    """What the guest said, and what the host recorded, until the guest has ended."""
    lines: list[str] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as host:
        assert host.stdin and host.stdout
        limit = threading.Timer(TIME_LIMIT, host.kill)
        limit.start()
        for line in host.stdout:
            if line.startswith(("[guest] ", "[host] avc: ", "[host] guest ")):
                lines.append(line)
            if line.startswith("[host] guest ended"):
                host.stdin.write("quit\n")
                host.stdin.flush()
        limit.cancel()
    return "".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tools", required=True, type=pathlib.Path, help="folder with what the build made: build/bin")
    parser.add_argument("--hypervisor", choices=HYPERVISORS, default="kvm")
    parser.add_argument("--accept", action="store_true")
    options = parser.parse_args()
    tools = options.tools.resolve()

    explain = ["explain", "rules.toml", "other_t:0x1000", "storage_t:0x1000"]
    said = {"explain.txt": f"$ argo-policy {' '.join(explain)}\n{run(tools / 'argo-policy', *explain)}"}
    missing = ""
    try:
        hypervisor = HYPERVISORS[options.hypervisor](tools)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            hypervisor.compile(HERE / "rules.toml", folder / "rules.policy")
            for label, file in (("web_t", hypervisor.allowed), ("other_t", hypervisor.denied)):
                text = (HERE / "topology.toml.in").read_text()
                topology = folder / f"{label}.toml"
                topology.write_text(text.replace("@LABEL@", label).replace("@IMAGE@", str(tools / "argo-storage.elf")))
                said[file] = converse(hypervisor.command(topology))
    except NotHere as reason:
        missing = str(reason)

    wrong = 0
    for file, text in said.items():
        path = HERE / file
        if options.accept:
            path.write_text(text)
        elif path.read_text() != text:
            print(f"{file} is not what is said now:\n{text}", file=sys.stderr)
            wrong += 1
    if wrong:
        return 1
    if missing:
        print(f"{missing}; the explanation alone is compared")
        return NOT_AVAILABLE
    return 0


if __name__ == "__main__":
    sys.exit(main())
