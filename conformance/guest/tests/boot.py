# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Boots the image in QEMU, a machine without Argo, and reads what it prints.

Every case is NOT_SUPPORTED, both consoles say the same, and the protocol is whole.
"""
import argparse
import binascii
import pathlib
import subprocess
import sys
import tempfile

MULTIBOOT_MAGIC = bytes.fromhex("02b0ad1b")
TIME_LIMIT = 100  # seconds


def check(condition: bool, sentence: str) -> None:
    if not condition:
        sys.exit(f"not so: {sentence}")


def boot(qemu: str, image: pathlib.Path, folder: pathlib.Path, command_line: str) -> tuple[str, str]:
    debug, serial = folder / "debug.log", folder / "serial.log"
    subprocess.run(
        [qemu, "-accel", "tcg", "-M", "pc", "-m", "64"]
        + ["-kernel", str(image), "-append", command_line]
        + ["-display", "none", "-no-reboot", "-monitor", "none", "-net", "none"]
        + ["-debugcon", f"file:{debug}", "-serial", f"file:{serial}", "-device", "isa-debug-exit,iobase=0xf4"],
        timeout=TIME_LIMIT,
        check=False,  # isa-debug-exit never ends with 0
    )
    return debug.read_text(), serial.read_text()


def read_protocol(log: str) -> list[list[str]]:
    """The words of each protocol line, after checking numbers and checksum."""
    events, crc = [], 0
    for line in log.splitlines():
        if not line.startswith("argo-ct 1 "):
            continue
        words = line.split()
        check(int(words[2]) == len(events) + 1, f"this line has its number: {line}")
        if words[3] == "end":
            check(words[5] == f"crc={crc:08x}", f"the checksum is {crc:08x}: {line}")
        crc = binascii.crc32(line.encode() + b"\n", crc)
        events.append(words[3:])
    check(events and events[-1][0] == "end", "the log ends with its end line")
    return events


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--qemu", required=True)
    parser.add_argument("--protocol", choices=["multiboot", "pvh"], required=True)
    parser.add_argument("image", type=pathlib.Path)
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        image = arguments.image
        if arguments.protocol == "pvh":
            # QEMU prefers multiboot, so this image must not look like it.
            data = image.read_bytes()
            check(data.count(MULTIBOOT_MAGIC) == 1, "there is one multiboot magic")
            image = folder / "pvh.elf"
            image.write_bytes(data.replace(MULTIBOOT_MAGIC, bytes(4)))
        debug, serial = boot(arguments.qemu, image, folder, "role=lead seed=7")

        events = read_protocol(debug)
        check(read_protocol(serial) == events, "both consoles got the same")
        check(events[0][0] == "env" and "seed=7" in events[0], "the command line arrived")
        check("mechanism=none" in events[0], "nobody pretended to be Argo")
        begun = [words[1] for words in events if words[0] == "begin"]
        verdicts = {words[1]: words[0] for words in events[1:-1] if words[0] != "begin"}
        check(len(begun) > 10 and list(verdicts) == begun, "each case that began has a verdict")
        check(set(verdicts.values()) == {"NOT_SUPPORTED"}, "every case is NOT_SUPPORTED")
        check(events[-1][1] == f"cases={len(begun)}", "the end line counts the cases")

        # What is not understood is said, and decides nothing.
        events = read_protocol(boot(arguments.qemu, image, folder, "role=lead filter=query.* colour=red")[0])
        check("unknown-option=colour=red" in events[0], "the unknown word is named")
        check({words[0] for words in events[1:-1]} == {"begin", "ERROR"}, "every case is ERROR")


if __name__ == "__main__":
    main()
