// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What a PVH or multiboot 1 loader leaves in memory. Xen's public/arch-x86/hvm/start_info.h; Multiboot
// Specification 0.6.96.
#include <cstring>
#include <string_view>

#include "guest/layout.h"
#include "guest/memory.hpp"
#include "guest/panic.hpp"
#include "guest/start.hpp"

namespace argo::guest {

namespace {

struct PvhStartInfo
{
    static constexpr uint32_t expected_magic = 0x336ec578;
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint32_t modules;
    uint64_t module_list;
    uint64_t command_line;
    uint64_t rsdp;
    uint64_t memory_map; ///< from version 1 on
    uint32_t memory_map_entries;
    uint32_t reserved;
};

struct PvhModule
{
    uint64_t address;
    uint64_t size;
    uint64_t command_line;
    uint64_t reserved;
};

struct PvhMemory
{
    uint64_t address;
    uint64_t size;
    uint32_t type;
    uint32_t reserved;
};

struct MultibootInfo
{
    static constexpr uint32_t has_memory = 1 << 0, has_command_line = 1 << 2, has_map = 1 << 6;
    uint32_t flags;
    uint32_t memory_lower;
    uint32_t memory_upper; ///< KiB from 1 MiB on
    uint32_t boot_device;
    uint32_t command_line;
    uint32_t modules[2];
    uint32_t symbols[4];
    uint32_t map_size;
    uint32_t map;
};

struct [[gnu::packed]] MultibootMemory
{
    uint32_t size; ///< of what follows it
    uint64_t address;
    uint64_t length;
    uint32_t type;
};

constexpr uint32_t type_ram = 1;
constexpr uint64_t image_address = 0x100000;

template <class T>
const T& at(uint64_t address)
{
    return *reinterpret_cast<const T*>(address);
}

void add_memory(BootInformation& to, uint64_t from, uint64_t size)
{
    const uint64_t end = from + size;
    if (end > to.memory_end) to.memory_end = end;
    if (from <= image_address && image_address < end) to.image_memory_end = end;
}

void copy_command_line(BootInformation& to, uint64_t address)
{
    const char* text = &at<char>(address);
    for (size_t i = 0; i + 1 < sizeof to.command_line && text[i] != '\0'; i++) to.command_line[i] = text[i];
}

void read_pvh(BootInformation& to, const PvhStartInfo& info)
{
    if (info.magic != PvhStartInfo::expected_magic)
        panic("panic: the loader's PVH start info has a wrong magic");
    if (info.command_line != 0) copy_command_line(to, info.command_line);
    if (info.version == 0) panic("panic: the loader's PVH start info has no memory map (version 0)");
    for (uint32_t i = 0; i < info.memory_map_entries; i++) {
        const auto& memory = at<PvhMemory>(info.memory_map + i * sizeof(PvhMemory));
        if (memory.type == type_ram) add_memory(to, memory.address, memory.size);
    }
}

void read_multiboot(BootInformation& to, const MultibootInfo& info)
{
    if (info.flags & MultibootInfo::has_command_line) {
        copy_command_line(to, info.command_line);
        // Many loaders put the image's name in front.
        const std::string_view line(to.command_line);
        const std::string_view first = line.substr(0, line.find(' '));
        if (first.find('=') == std::string_view::npos || first.front() == '/')
            std::memset(to.command_line, ' ', first.size());
    }
    if (info.flags & MultibootInfo::has_map) {
        for (uint32_t offset = 0; offset < info.map_size;) {
            const auto& memory = at<MultibootMemory>(uint64_t{info.map} + offset);
            if (memory.type == type_ram) add_memory(to, memory.address, memory.length);
            offset += memory.size + static_cast<uint32_t>(sizeof memory.size);
        }
    } else if (info.flags & MultibootInfo::has_memory) {
        add_memory(to, image_address, uint64_t{info.memory_upper} * 1024);
    }
}

} // namespace

bool is_domain0(uint32_t where)
{
    constexpr uint32_t initial_domain = 2; // SIF_INITDOMAIN of public/xen.h
    return (at<PvhStartInfo>(where).flags & initial_domain) != 0;
}

std::span<const uint8_t> loader_module(uint32_t where)
{
    const auto& info = at<PvhStartInfo>(where);
    if (info.modules == 0) return {};
    const auto& module = at<PvhModule>(info.module_list);
    return {&at<uint8_t>(module.address), module.size};
}

BootInformation read_boot_information(uint32_t how, uint32_t where)
{
    BootInformation result;
    if (how == BOOTED_BY_PVH)
        read_pvh(result, at<PvhStartInfo>(where));
    else
        read_multiboot(result, at<MultibootInfo>(where));
    if (result.image_memory_end == 0)
        panic("panic: the loader's memory map has no memory where the image is");
    return result;
}

} // namespace argo::guest
