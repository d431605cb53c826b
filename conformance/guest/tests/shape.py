# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Checks the image's three descriptions of itself, ELF, PVH note and multiboot header, against each other."""
import struct
import sys

PT_LOAD, PT_NOTE = 1, 4
MULTIBOOT_MAGIC = 0x1BADB002
XEN_ELFNOTE_PHYS32_ENTRY = 18


def check(condition: bool, sentence: str) -> None:
    if not condition:
        sys.exit(f"not so: {sentence}")


def main() -> None:
    with open(sys.argv[1], "rb") as file:
        image = file.read()
    check(image[:6] == b"\x7fELF\x02\x01", "it is a 64-bit little-endian ELF")
    (entry, table) = struct.unpack_from("<QQ", image, 24)
    (entry_size, entries) = struct.unpack_from("<HH", image, 54)
    headers = [struct.unpack_from("<IIQQQQQQ", image, table + i * entry_size) for i in range(entries)]
    loads = [header for header in headers if header[0] == PT_LOAD]
    notes = [header for header in headers if header[0] == PT_NOTE]
    check(len(loads) == 1, "there is one PT_LOAD")
    _, _, offset, virtual, physical, in_file, in_memory, _ = loads[0]
    check(physical == virtual == 0x100000, "it is linked at 1 MiB")

    places = [i for i in range(0, 8192, 4) if struct.unpack_from("<I", image, i)[0] == MULTIBOOT_MAGIC]
    check(len(places) == 1, "there is one multiboot header in the first 8 KiB")
    header = struct.unpack_from("<8I", image, places[0])
    magic, flags, checksum, header_at, load_at, load_end, end, multiboot_entry = header
    check((magic + flags + checksum) % 2**32 == 0, "the multiboot checksum is right")
    check(flags & 0x10000 != 0, "the multiboot address fields are valid")
    check(header_at - load_at == places[0] - offset, "the multiboot header is as far into file and memory")
    check(load_at == physical, "multiboot and ELF load at one address")
    check(load_end == physical + in_file, "multiboot and ELF load the same bytes")
    check(end == physical + in_memory, "multiboot and ELF clear the same memory")
    check(physical <= multiboot_entry < load_end, "the multiboot entry is in the image")

    check(len(notes) == 1, "there is one PT_NOTE")
    note = notes[0][2]
    name_size, value_size, kind = struct.unpack_from("<III", image, note)
    check((name_size, value_size, kind) == (4, 4, XEN_ELFNOTE_PHYS32_ENTRY), "the note is PVH's")
    check(image[note + 12 : note + 16] == b"Xen\0", "the note is named Xen")
    check(struct.unpack_from("<I", image, note + 16)[0] == entry, "PVH and ELF have one entry")


if __name__ == "__main__":
    main()
