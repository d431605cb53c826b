#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A scripted machine for target kvm-nested: speaks as argo-nested does, with the scripted VMM in it.

FAKE_NESTED says what it does: nothing (""), "unavailable", "unusable", "off" right after its start, or "once": it
starts one time only. Every start is a line in FAKE_BOOTS.
"""

import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile

VMM = pathlib.Path(__file__).resolve().with_name("fake_vmm.py")


def say(text: str) -> None:
    print("[session] " + text, flush=True)


def run(topology: bytes) -> int:
    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        file.write(topology)
        file.flush()
        vmm = subprocess.Popen([sys.executable, VMM, "run", file.name], stdin=subprocess.PIPE)
        while vmm.poll() is None:
            if not select.select([0], [], [], 0.02)[0]:
                continue
            data = os.read(0, 4096)
            if not data:
                vmm.kill()
                break
            try:
                vmm.stdin.write(data)
                vmm.stdin.flush()
            except BrokenPipeError:
                pass
        code = vmm.wait()
        return code if code >= 0 else 128 - code


def main() -> None:
    does = os.environ.get("FAKE_NESTED", "")
    boots = pathlib.Path(os.environ["FAKE_BOOTS"])
    before = boots.read_text() if boots.exists() else ""
    boots.write_text(before + "boot\n")
    folder = pathlib.Path(sys.argv[sys.argv.index("--folder") + 1])
    if does == "unavailable" or (does == "once" and before):
        print("argo-nested: Debian's kernel 6.12 is not to be had", file=sys.stderr)
        sys.exit(4)
    say("note getting a kernel")
    say("qemu 9.9.9")
    if does == "off":
        (folder / "kernel.log").write_text("Kernel panic - not syncing: it was told to\r\n")
        return
    say("kernel 6.12.0-fake")
    usable = does != "unusable"
    told = {"usable": usable, "reason": "fine" if usable else "/dev/kvm: no such device"}
    told["environments"] = json.loads(os.environ.get("FAKE_TROUBLES", "{}"))
    say("ready " + json.dumps(told))
    pending = b""
    while True:
        while b"\n" not in pending:
            data = os.read(0, 4096)
            if not data:
                return
            pending += data
        line, pending = pending.split(b"\n", 1)
        if not line.startswith(b"run "):
            continue
        size = int(line[4:])
        while len(pending) < size:
            pending += os.read(0, 4096)
        code = run(pending[:size])
        pending = b""
        say(f"ended {code}")


main()
