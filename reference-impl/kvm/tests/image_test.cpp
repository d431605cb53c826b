// SPDX-License-Identifier: Apache-2.0 OR MIT
// Images: a good one, one broken in each way that has a sentence, and one broken in any other way.
#include "guest.hpp"

#include <elf.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <functional>

namespace argo::kvm {
namespace {

constexpr uint64_t text_address = 0x100000;
constexpr uint64_t data_address_in_file = 0x200000;

/// A small file with everything that the loader looks at: two segments and a note.
struct File
{
    Elf64_Ehdr header{};
    Elf64_Phdr text{};
    Elf64_Phdr data{};
    Elf64_Phdr notes{};
    struct
    {
        Elf64_Nhdr header{4, 4, 1};
        char owner[4] = {'G', 'N', 'U', 0};
        uint32_t value = 0;
    } other_note;
    struct
    {
        Elf64_Nhdr header{4, 4, 18};
        char owner[4] = {'X', 'e', 'n', 0};
        uint32_t value = text_address + 4;
    } note;
    std::array<uint8_t, 16> code{1, 2, 3, 4, 5, 6, 7, 8};

    File()
    {
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_ident[EI_VERSION] = EV_CURRENT;
        header.e_type = ET_EXEC;
        header.e_machine = EM_X86_64;
        header.e_version = EV_CURRENT;
        header.e_phoff = offsetof(File, text);
        header.e_ehsize = sizeof(Elf64_Ehdr);
        header.e_phentsize = sizeof(Elf64_Phdr);
        header.e_phnum = 3;
        text = segment(PT_LOAD, offsetof(File, code), sizeof code, text_address);
        data = segment(PT_LOAD, offsetof(File, code), 8, data_address_in_file);
        data.p_memsz = 4096;
        notes = segment(PT_NOTE, offsetof(File, other_note), sizeof other_note + sizeof note, 0);
    }

    [[nodiscard]] std::span<const std::byte> bytes() const { return std::as_bytes(std::span(this, 1)); }

  private:
    static Elf64_Phdr segment(uint32_t type, uint64_t offset, uint64_t size, uint64_t address)
    {
        Elf64_Phdr program{};
        program.p_type = type;
        program.p_offset = offset;
        program.p_paddr = program.p_vaddr = address;
        program.p_filesz = program.p_memsz = size;
        program.p_align = 4;
        return program;
    }
};

TEST(Image, reads_a_good_file)
{
    const File file;
    const auto image = Image::parse(file.bytes(), "f");
    EXPECT_EQ(image.entry, text_address + 4);
    ASSERT_EQ(image.segments.size(), 2u);
    EXPECT_EQ(image.segments[0].address, text_address);
    EXPECT_EQ(image.segments[0].size, 16u);
    EXPECT_EQ(image.segments[1].address, data_address_in_file);
    EXPECT_EQ(image.segments[1].size, 4096u);
    EXPECT_EQ(image.segments[1].bytes.size(), 8u);
    EXPECT_NO_THROW(image.check_fits(4 * mebibyte, "f"));

    const GuestMemory memory(4 * mebibyte);
    image.place(memory);
    EXPECT_EQ(std::to_integer<int>(memory.bytes()[text_address + 7]), 8);
    EXPECT_EQ(std::to_integer<int>(memory.bytes()[data_address_in_file]), 1);
}

TEST(Image, takes_an_entry_of_eight_bytes_too)
{
    File file;
    file.note.header.n_descsz = 8; // the four bytes behind it are code: 1 2 3 4
    file.notes.p_filesz += 4;
    file.code = {};
    EXPECT_EQ(Image::parse(file.bytes(), "f").entry, text_address + 4);
}

struct Damage
{
    const char* sentence;
    std::function<void(File&)> inflict;
};

TEST(Image, says_what_is_wrong)
{
    const Damage damages[] = {
        {"f: not an ELF file", [](File& f) { f.header.e_ident[0] = 'e'; }},
        {"f: not a 64-bit ELF file", [](File& f) { f.header.e_ident[EI_CLASS] = ELFCLASS32; }},
        {"f: not a little-endian ELF file", [](File& f) { f.header.e_ident[EI_DATA] = ELFDATA2MSB; }},
        {"f: an ELF file of an unknown version", [](File& f) { f.header.e_version = 2; }},
        {"f: an ELF file of an unknown version", [](File& f) { f.header.e_ident[EI_VERSION] = 0; }},
        {"f: made for another machine (ELF machine 183, x86-64 is 62)",
         [](File& f) { f.header.e_machine = EM_AARCH64; }},
        {"f: not an executable (ELF type 1); link it first", [](File& f) { f.header.e_type = ET_REL; }},
        {"f: the ELF header gives itself a wrong size", [](File& f) { f.header.e_ehsize = 52; }},
        {"f: the program headers have a wrong size", [](File& f) { f.header.e_phentsize = 32; }},
        {"f: 0 program headers; 1 to 64 are expected", [](File& f) { f.header.e_phnum = 0; }},
        {"f: 65535 program headers; 1 to 64 are expected", [](File& f) { f.header.e_phnum = 0xffff; }},
        {"f: truncated: the table of program headers ends beyond the end of the file",
         [](File& f) { f.header.e_phoff = sizeof(File); }},
        {"f: truncated: the table of program headers ends beyond the end of the file",
         [](File& f) { f.header.e_phoff = ~0ull - 8; }},
        {"f: truncated: a segment ends beyond the end of the file", [](File& f) { f.text.p_offset = ~0ull; }},
        {"f: the segment at 0x100000 has more bytes in the file than in memory",
         [](File& f) { f.text.p_memsz = 15; }},
        {"f: the segment at 0xfffffffffffffff0 wraps around the end of the address space",
         [](File& f) { f.data.p_paddr = ~0ull - 15; }},
        {"f: the segments at 0x100000 and 0x10000f overlap",
         [](File& f) { f.data.p_paddr = text_address + 15; }},
        {"f: the segments at 0xff001 and 0x100000 overlap",
         [](File& f) { f.data.p_paddr = text_address - 4095; }},
        {"f: nothing in it is to be loaded", [](File& f) { f.text.p_type = f.data.p_type = PT_NULL; }},
        {"f: no PVH entry (a Xen note of type 18); for Linux, set CONFIG_PVH and boot vmlinux",
         [](File& f) { f.note.owner[0] = 'x'; }},
        {"f: no PVH entry (a Xen note of type 18); for Linux, set CONFIG_PVH and boot vmlinux",
         [](File& f) { f.notes.p_type = PT_NULL; }},
        {"f: truncated: a note segment ends beyond the end of the file",
         [](File& f) { f.notes.p_filesz = 4096; }},
        {"f: truncated: a note's owner ends beyond the end of the file",
         [](File& f) { f.other_note.header.n_namesz = 0xffffffff; }},
        {"f: the PVH note holds 2 bytes; an entry takes 4 or 8", [](File& f) { f.note.header.n_descsz = 2; }},
        {"f: the PVH entry 0x1000 is in no segment", [](File& f) { f.note.value = 0x1000; }},
        {"f: the PVH entry 0x200008 is in no segment",
         [](File& f) { f.note.value = data_address_in_file + 8; }},
    };
    for (const auto& [sentence, inflict] : damages) {
        File file;
        inflict(file);
        try {
            Image::parse(file.bytes(), "f");
            ADD_FAILURE() << "accepted, instead of: " << sentence;
        } catch (const Failure& failure) {
            EXPECT_STREQ(failure.what(), sentence);
            EXPECT_EQ(failure.code, Exit::usage);
        }
    }
}

TEST(Image, says_what_does_not_fit)
{
    const auto refusal = [](const Image& image, uint64_t memory) -> std::string {
        try {
            image.check_fits(memory, "f");
            return "fits";
        } catch (const Failure& failure) {
            return failure.what();
        }
    };
    const auto image = [](uint64_t address, uint64_t size) { return Image{0, {Segment{address, size, {}}}}; };
    EXPECT_EQ(refusal(image(0x2000, 2 * mebibyte - 0x2000), 2 * mebibyte), "fits");
    EXPECT_EQ(refusal(image(0x2000, 2 * mebibyte - 0x1fff), 2 * mebibyte),
              "f: the segment at 0x2000 ends beyond the domain's memory of 2 MiB; give it more");
    EXPECT_EQ(refusal(image(~0ull - 4096, 4096), 2 * mebibyte),
              "f: the segment at 0xffffffffffffefff ends beyond the domain's memory of 2 MiB; give it more");
    EXPECT_EQ(refusal(image(0x1fff, 1), 2 * mebibyte),
              "f: the segment at 0x1fff lies where boot information goes; begin at 0x2000");
}

/// Whatever the file, there is an image that is sound or a sentence, and nothing else.
void parse_anything(std::span<const std::byte> bytes)
{
    try {
        const auto image = Image::parse(bytes, "f");
        uint64_t end = 0;
        for (const auto& segment : image.segments) {
            EXPECT_GE(segment.address, end);
            EXPECT_LE(segment.bytes.size(), segment.size);
            end = segment.address + segment.size;
        }
    } catch (const Failure& failure) {
        EXPECT_THAT(failure.what(), testing::StartsWith("f: "));
    }
}

TEST(Image, survives_every_truncation)
{
    const File file;
    for (size_t size = 0; size < sizeof(File); ++size) parse_anything(file.bytes().first(size));
    // All but the tail of the code is looked at, so no prefix of that is an image.
    for (size_t size = 0; size < offsetof(File, code); ++size) {
        EXPECT_THROW(Image::parse(file.bytes().first(size), "f"), Failure) << size;
    }
}

TEST(Image, survives_every_change_of_a_byte)
{
    File file;
    const std::span bytes(reinterpret_cast<std::byte*>(&file), sizeof file);
    for (auto& byte : bytes) {
        const auto former = byte;
        for (int value = 0; value < 256; ++value) {
            byte = static_cast<std::byte>(value);
            parse_anything(bytes);
        }
        byte = former;
    }
}

TEST(Image, reads_what_a_linker_made)
{
    for (const auto* name : {"hello", "player", "smp"}) {
        EXPECT_EQ(Image::read(guest_image(name), 4 * mebibyte).entry, 0x100000u) << name;
    }
}

TEST(Image, says_why_a_file_cannot_be_read)
{
    const auto refusal = [](const std::string& path) -> std::string {
        try {
            Image::read(path, mebibyte);
            return "read";
        } catch (const Failure& failure) {
            return failure.what();
        }
    };
    EXPECT_EQ(refusal("/no/such/file"), "/no/such/file: cannot read the image: No such file or directory");
    EXPECT_EQ(refusal("/"), "/: cannot read the image: Is a directory");
    EXPECT_THAT(refusal("/dev/null"), testing::StartsWith("/dev/null: cannot read the image: "));
}

} // namespace
} // namespace argo::kvm
