# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Fails when a program holds an instruction that base x86-64, or an emulator that knows little more, does not have.

The image also runs where an emulator executes it one instruction at a time. What such emulators lack: vector
and x87 registers, BMI, POPCNT and their kin, software interrupts. Hypercalls are there for who offers them.
"""
import argparse
import re
import subprocess
import sys

REGISTERS = re.compile(r"%(?:[xyz]?mm\d+|st\b|k[0-7]\b|bnd\d)")
MNEMONICS = re.compile(
    r"^(?:"
    r"f(?!s\b)\w+|v(?!mm?call)[a-z]+\w*|endbr\w*"  # x87; AVX, VMX and SVM; CET
    r"|andn\w*|bextr\w*|bls\w+|bzhi\w*|mulx\w*|rorx\w*|s[ahr][lr]x\w*|tzcnt\w*|lzcnt\w*|p(?:opcnt|dep|ext)\w*"
    r"|movbe\w*|crc32\w*|ad[co]x\w*|cmpxchg16b|rd(?:rand|seed|pid|tscp|fsbase|gsbase)\w*|wr(?:fsbase|gsbase)\w*"
    r"|xsave\w*|xrstor\w*|x[gs]etbv|clac|stac|invpcid|monitor\w*|mwait\w*"
    r"|int\d?|into|icebp|syscall|sysenter|lsl\w*|lar\w*"
    r")$"
)
PREFIX = r"(?:rep\w*|lock|data16|cs|notrack|bnd)"
LINE = re.compile(rf"^\s*[0-9a-f]+:\t(?:[0-9a-f]{{2}} )+\s*\t(?:{PREFIX} )*(\S+)\s*(.*)$")


def offences(disassembly: str):
    """Yields the lines that show one. Raises ValueError when nothing was disassembled at all."""
    instructions = 0
    for line in disassembly.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        instructions += 1
        mnemonic, operands = match.groups()
        if REGISTERS.search(operands) or MNEMONICS.match(mnemonic):
            yield line.strip()
    if instructions < 3:
        raise ValueError("nothing to look at")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objdump", default="objdump")
    parser.add_argument("program")
    arguments = parser.parse_args()
    command = [arguments.objdump, "-d", arguments.program]
    dump = subprocess.run(command, check=True, capture_output=True, text=True)
    found = list(offences(dump.stdout))
    for line in found:
        print(line)
    print(f"{arguments.program}: {len(found)} instructions that an image may not have")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
