#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Compiles as a kernel would: every header alone and twice, and sources that use them, freestanding, without exceptions,
# RTTI or vector registers. The objects may need nothing from outside but the four functions that every compiler expects,
# and what --allow names. Exit: 0 good, 1 not, 77 no such compiler here.
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FLAGS = (
    "-std=c++20 -ffreestanding -fno-exceptions -fno-rtti -fno-stack-protector -mgeneral-regs-only "
    "-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Werror"
).split()
EXPECTED_BY_COMPILERS = {"memcpy", "memmove", "memset", "memcmp"}


def compile_text(command, text, output):
    done = subprocess.run([*command, "-x", "c++", "-c", "-", "-o", output], input=text, text=True, stderr=subprocess.PIPE)
    return done.stderr if done.returncode != 0 else None


def undefined_symbols(path):
    listing = subprocess.run(["nm", "--undefined-only", "--demangle", path], text=True, check=True, stdout=subprocess.PIPE)
    return {line.split(maxsplit=1)[1] for line in listing.stdout.splitlines()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", required=True, help="name or path")
    parser.add_argument("--flags", default="", help="what else to compile with, as --flags=-m32")
    parser.add_argument("--include", action="append", default=[], type=pathlib.Path)
    parser.add_argument("--headers", action="append", default=[], type=pathlib.Path, help="compiled alone")
    parser.add_argument("--skip", default="(?!)", help="regular expression: headers of another architecture")
    parser.add_argument("--allow", default="(?!)", help="regular expression: symbols that a source may need")
    parser.add_argument("sources", nargs="*", type=pathlib.Path)
    options = parser.parse_args()

    if shutil.which(options.compiler) is None:
        print(f"skipped: no {options.compiler} here")
        return 77
    command = [options.compiler, *options.flags.split(), *FLAGS]
    for directory in options.include:
        command += ["-I", str(directory)]
    headers = [h for h in options.headers if not re.search(options.skip, h.name)]
    if not headers and not options.sources:
        parser.error("nothing to compile")

    failures = []
    with tempfile.TemporaryDirectory() as scratch:
        output = f"{scratch}/object.o"
        for header in headers:
            text = f"#include <argo/{header.name}>\n" * 2
            if problem := compile_text([*command, "-O2"], text, output):
                failures.append(f"{header.name}: {problem}")
        for source in options.sources:
            for level in ("-O0", "-Os", "-O2"):
                text = source.read_text()
                if problem := compile_text([*command, level, "-I", str(source.parent)], text, output):
                    failures.append(f"{source.name} {level}: {problem}")
                    continue
                for symbol in sorted(undefined_symbols(output) - EXPECTED_BY_COMPILERS):
                    if not re.fullmatch(options.allow, symbol):
                        failures.append(f"{source.name} {level}: needs {symbol}")

    print("\n".join(failures) or f"{len(headers)} headers, {len(options.sources)} sources: good")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
