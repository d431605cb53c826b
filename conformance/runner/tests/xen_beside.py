# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The runner beside programs of a test's own: it looks for them in its folder."""
import json
import os
import subprocess
from pathlib import Path

CONFORMANCE = Path(os.environ["ARGO_CONFORMANCE"]).resolve()
XEN = Path(os.environ["ARGO_XEN"]).resolve()


def script(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o755)


def run(out: Path, build: str, filter: str, *arguments: str, stage: str | None = None) -> tuple[int, dict[str, dict], str]:
    """Cases on target xen-stock: exit code, results and what was said. Build and stage are texts of scripts."""
    bin = out / "bin"
    bin.mkdir()
    script(bin / CONFORMANCE.name, "")
    (bin / CONFORMANCE.name).write_bytes(CONFORMANCE.read_bytes())
    for name in ("argo-guest.elf", "argo-vmm", "argo-xen-stage"):
        (bin / name).symlink_to((CONFORMANCE.parent / name).resolve())
    if stage:
        (bin / "argo-xen-stage").unlink()
        script(bin / "argo-xen-stage", stage)
    script(bin / "argo-xen-build", build)
    (bin / "known-failures.toml").write_bytes((XEN / "known-failures.toml").read_bytes())
    done = subprocess.run([bin / CONFORMANCE.name, "run", "--target", "xen-stock", "--environment", "PVH", "--filter", filter,
                           "--out", out, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=3000)
    file = out / "xen-stock/results.json"
    cases = json.loads(file.read_text())["cases"] if file.exists() else []
    return done.returncode, {case["id"]: case for case in cases}, done.stdout + done.stderr
