# SPDX-License-Identifier: MIT
"""Runs the storage example on KVM, the guest once with each label, and compares what is said with the texts that the
book shows. With --accept it writes them."""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
TIME_LIMIT = 20  # seconds for argo-vmm to end


def converse(vmm: str, topology: pathlib.Path) -> list[str]:
    """What the guest said, and what the host recorded, until the guest has ended."""
    vmm_process = subprocess.Popen(
        [vmm, "run", "--control", str(topology)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert vmm_process.stdin and vmm_process.stdout
    lines: list[str] = []
    for line in vmm_process.stdout:
        if line.startswith(("[guest] ", "[host] avc: ", "[host] guest ")):
            lines.append(line)
        if line.startswith("[host] guest ended"):
            break
    vmm_process.stdin.write("quit\n")
    vmm_process.stdin.close()
    vmm_process.stdout.read()
    vmm_process.wait(TIME_LIMIT)
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vmm", required=True, type=os.path.abspath)
    parser.add_argument("--policy", required=True, type=os.path.abspath, help="argo-policy")
    parser.add_argument("--image", required=True, type=os.path.abspath)
    parser.add_argument("--accept", action="store_true")
    options = parser.parse_args()

    said: dict[str, str] = {}
    explain = ["explain", "rules.toml", "other_t:0x1000", "storage_t:0x1000"]
    explained = subprocess.run([options.policy, *explain], cwd=HERE, capture_output=True, text=True, check=True)
    said["explain.txt"] = f"$ argo-policy {' '.join(explain)}\n{explained.stdout}"
    if subprocess.run([options.vmm, "probe"], capture_output=True, check=False).returncode == 0:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            compiled = folder / "rules.policy"
            subprocess.run(
                [options.policy, "compile", HERE / "rules.toml", "--to", "engine", "--out", compiled], check=True
            )
            for label, file in (("web_t", "allowed.txt"), ("other_t", "denied.txt")):
                text = (HERE / "topology.toml.in").read_text()
                topology = folder / f"{label}.toml"
                topology.write_text(text.replace("@LABEL@", label).replace("@IMAGE@", options.image))
                said[file] = "".join(converse(options.vmm, topology))
    else:
        print("this machine cannot run guests on KVM; the explanation alone is compared")

    wrong = 0
    for file, text in said.items():
        path = HERE / file
        if options.accept:
            path.write_text(text)
        elif path.read_text() != text:
            print(f"{file} is not what is said now:\n{text}", file=sys.stderr)
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
