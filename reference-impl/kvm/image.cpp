// SPDX-License-Identifier: Apache-2.0 OR MIT
// The ELF file that a domain boots, checked field by field.
#include "kvm/image.hpp"

#include "kvm/pvh.hpp"

#include <elf.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <string_view>
#include <tuple>

namespace argo::kvm {

namespace {

constexpr std::array note_owner{std::byte{'X'}, std::byte{'e'}, std::byte{'n'}, std::byte{0}};
constexpr uint32_t note_pvh_entry = 18; // XEN_ELFNOTE_PHYS32_ENTRY
constexpr size_t most_program_headers = 64;
constexpr uintmax_t largest_file = 512 * mebibyte;

/// The file's bytes. Each read is checked, and a failed one names what was wanted.
class Reader
{
  public:
    Reader(std::span<const std::byte> bytes, const std::string& name) : bytes_(bytes), name_(name) {}

    template <class... Arguments>
    [[noreturn]] void refuse(fmt::format_string<Arguments...> format, Arguments&&... arguments) const
    {
        fail(Exit::usage, "{}: {}", name_, fmt::format(format, std::forward<Arguments>(arguments)...));
    }

    [[nodiscard]] std::span<const std::byte> range(uint64_t offset, uint64_t size, const char* what) const
    {
        if (offset > bytes_.size() || size > bytes_.size() - offset) {
            refuse("truncated: {} ends beyond the end of the file", what);
        }
        return bytes_.subspan(offset, size);
    }

    [[nodiscard]] Reader part(uint64_t offset, uint64_t size, const char* what) const
    {
        return {range(offset, size, what), name_};
    }

    template <class T>
    [[nodiscard]] T at(uint64_t offset, const char* what) const
    {
        T value;
        std::memcpy(&value, range(offset, sizeof value, what).data(), sizeof value);
        return value;
    }

  private:
    std::span<const std::byte> bytes_;
    const std::string& name_;
};

Elf64_Ehdr read_header(const Reader& file)
{
    const auto magic = file.at<std::array<char, SELFMAG>>(0, "the magic number");
    if (std::string_view(magic.data(), magic.size()) != ELFMAG) file.refuse("not an ELF file");

    const auto header = file.at<Elf64_Ehdr>(0, "the ELF header");
    if (header.e_ident[EI_CLASS] != ELFCLASS64) file.refuse("not a 64-bit ELF file");
    if (header.e_ident[EI_DATA] != ELFDATA2LSB) file.refuse("not a little-endian ELF file");
    if (header.e_ident[EI_VERSION] != EV_CURRENT || header.e_version != EV_CURRENT) {
        file.refuse("an ELF file of an unknown version");
    }
    if (header.e_machine != EM_X86_64) {
        file.refuse("made for another machine (ELF machine {}, x86-64 is {})", header.e_machine, EM_X86_64);
    }
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN) {
        file.refuse("not an executable (ELF type {}); link it first", header.e_type);
    }
    if (header.e_ehsize != sizeof(Elf64_Ehdr)) file.refuse("the ELF header gives itself a wrong size");
    if (header.e_phnum == 0 || header.e_phnum > most_program_headers) {
        file.refuse("{} program headers; 1 to {} are expected", header.e_phnum, most_program_headers);
    }
    if (header.e_phentsize != sizeof(Elf64_Phdr)) file.refuse("the program headers have a wrong size");
    return header;
}

Segment read_segment(const Reader& file, const Elf64_Phdr& header)
{
    if (header.p_filesz > header.p_memsz) {
        file.refuse("the segment at {:#x} has more bytes in the file than in memory", header.p_paddr);
    }
    if (header.p_memsz > std::numeric_limits<uint64_t>::max() - header.p_paddr) {
        file.refuse("the segment at {:#x} wraps around the end of the address space", header.p_paddr);
    }
    return {header.p_paddr, header.p_memsz, file.range(header.p_offset, header.p_filesz, "a segment")};
}

/// The entry, if it stands among the notes of this segment.
std::optional<uint64_t> find_entry(const Reader& file, const Elf64_Phdr& header)
{
    const auto notes = file.part(header.p_offset, header.p_filesz, "a note segment");
    const uint64_t alignment = header.p_align == 8 ? 8 : 4;
    const auto aligned = [alignment](uint64_t value) { return (value + alignment - 1) & ~(alignment - 1); };

    for (uint64_t offset = 0; offset < header.p_filesz;) {
        const auto note = notes.at<Elf64_Nhdr>(offset, "a note");
        const uint64_t owner = offset + sizeof note;
        const uint64_t value = aligned(owner + note.n_namesz);
        offset = aligned(value + note.n_descsz);

        const auto name = notes.range(owner, note.n_namesz, "a note's owner");
        if (note.n_type != note_pvh_entry || !std::ranges::equal(name, note_owner)) continue;
        switch (note.n_descsz) {
        case 4: return notes.at<uint32_t>(value, "the PVH entry");
        case 8: return notes.at<uint64_t>(value, "the PVH entry");
        default: file.refuse("the PVH note holds {} bytes; an entry takes 4 or 8", note.n_descsz);
        }
    }
    return std::nullopt;
}

} // namespace

Image Image::parse(std::span<const std::byte> bytes, const std::string& name)
{
    const Reader file(bytes, name);
    const auto header = read_header(file);

    std::optional<uint64_t> entry;
    Image image{};
    const auto programs =
        file.part(header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr), "the table of program headers");
    for (uint64_t index = 0; index < header.e_phnum; ++index) {
        const auto program = programs.at<Elf64_Phdr>(index * sizeof(Elf64_Phdr), "a program header");
        if (program.p_type == PT_LOAD && (program.p_memsz | program.p_filesz) != 0) {
            image.segments.push_back(read_segment(file, program));
        } else if (program.p_type == PT_NOTE && !entry) {
            entry = find_entry(file, program);
        }
    }
    if (image.segments.empty()) file.refuse("nothing in it is to be loaded");
    if (!entry) {
        file.refuse("no PVH entry (a Xen note of type {}); for Linux, set CONFIG_PVH and boot vmlinux",
                    note_pvh_entry);
    }

    std::ranges::sort(image.segments, {}, &Segment::address);
    for (size_t i = 1; i < image.segments.size(); ++i) {
        const auto& [before, after] = std::tie(image.segments[i - 1], image.segments[i]);
        if (before.address + before.size > after.address) {
            file.refuse("the segments at {:#x} and {:#x} overlap", before.address, after.address);
        }
    }
    const auto holds_entry = [&entry](const Segment& segment) {
        return *entry >= segment.address && *entry - segment.address < segment.bytes.size();
    };
    if (*entry > std::numeric_limits<uint32_t>::max() || std::ranges::none_of(image.segments, holds_entry)) {
        file.refuse("the PVH entry {:#x} is in no segment", *entry);
    }
    image.entry = static_cast<uint32_t>(*entry);
    return image;
}

Image Image::read(const std::string& path, uint64_t memory_size)
{
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error); // an error for everything but a regular file
    if (error) fail(Exit::usage, "{}: cannot read the image: {}", path, error.message());
    if (size > largest_file) fail(Exit::usage, "{}: {} bytes are too many for an image", path, size);

    std::ifstream file(path, std::ios::binary);
    if (!file) fail(Exit::usage, "{}: cannot read the image: {}", path, std::strerror(errno));
    const auto bytes = std::make_shared<std::vector<char>>(size);
    if (!file.read(bytes->data(), static_cast<std::streamsize>(size))) {
        fail(Exit::usage, "{}: cannot read the image: it became shorter meanwhile", path);
    }
    auto image = parse(std::as_bytes(std::span(*bytes)), path);
    image.check_fits(memory_size, path);
    image.file = bytes;
    return image;
}

void Image::check_fits(uint64_t memory_size, const std::string& name) const
{
    for (const auto& segment : segments) {
        if (segment.address < first_free_address) {
            fail(Exit::usage, "{}: the segment at {:#x} lies where boot information goes; begin at {:#x}",
                 name, segment.address, first_free_address);
        }
        if (segment.size > memory_size || segment.address > memory_size - segment.size) {
            fail(Exit::usage,
                 "{}: the segment at {:#x} ends beyond the domain's memory of {} MiB; give it more", name,
                 segment.address, memory_size / mebibyte);
        }
    }
}

void Image::place(const GuestMemory& memory) const noexcept
{
    for (const auto& segment : segments) {
        std::ranges::copy(segment.bytes, memory.bytes().subspan(segment.address).begin());
    }
}

} // namespace argo::kvm
