#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A script for target exec:, whose domains are the scripted VMM's lead and silent others. FAKE_ROLES: who is there."""

import os
import pathlib
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
DOMIDS = {"lead": 7, "peer": 8, "third": 9}


def start(role: str, command_line: str) -> None:
    if role != "lead":
        print(f"argo-ct 1 1 env role={role} {command_line.replace('=', ':')}", flush=True)
        time.sleep(60)
    topology = pathlib.Path(os.environ["FAKE_HEARD"] + ".toml")
    topology.write_text(f'[[domain]]\nname = "lead"\ncommand_line = "{command_line}"\n')
    vmm = subprocess.Popen(
        [HERE / "fake_vmm.py", "run", topology], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    for line in vmm.stdout:
        if line.startswith("[lead] "):
            print(line[len("[lead] ") :], end="", flush=True)
        if line.startswith("[host] lead ended"):
            break
    vmm.kill()


def main() -> None:
    action, role = sys.argv[1:3]
    with open(os.environ["FAKE_HEARD"], "a", encoding="utf-8") as heard:
        heard.write(f"{action} {role}\n")
    pid = pathlib.Path(f"{os.environ['FAKE_HEARD']}.{role}.pid")
    if action == "domid":
        if role not in os.environ.get("FAKE_ROLES", "lead peer").split():
            sys.exit(1)
        print(DOMIDS[role])
    elif action == "kill":
        os.kill(int(pid.read_text()), signal.SIGTERM)
    elif action == "start":
        pid.write_text(str(os.getpid()))
        start(role, sys.argv[4])


main()
