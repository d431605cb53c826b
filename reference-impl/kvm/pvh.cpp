// SPDX-License-Identifier: Apache-2.0 OR MIT
// The PVH boot protocol.
#include "kvm/pvh.hpp"

namespace argo::kvm {

namespace {

constexpr uint32_t start_magic = 0x336ec578;

struct StartInfo
{
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint32_t module_count;
    uint64_t modules;
    uint64_t command_line;
    uint64_t acpi_root;
    uint64_t memory_map;
    uint32_t memory_map_entries;
    uint32_t reserved;
};
static_assert(sizeof(StartInfo) == 56);

enum class MemoryType : uint32_t
{
    ram = 1,
    reserved = 2,
};

struct MemoryMapEntry
{
    uint64_t address;
    uint64_t size;
    MemoryType type;
    uint32_t reserved;
};
static_assert(sizeof(MemoryMapEntry) == 24);

/// The page that holds everything.
struct BootPage
{
    StartInfo start;
    MemoryMapEntry memory_map[2];
    char command_line[longest_command_line + 1];
};
constexpr uint64_t boot_page = page_size;
static_assert(boot_page + sizeof(BootPage) <= first_free_address);

kvm_segment flat_segment(uint16_t selector, uint8_t type)
{
    kvm_segment segment{};
    segment.limit = 0xffffffff;
    segment.selector = selector;
    segment.type = type;
    segment.present = 1;
    segment.db = 1; // 32 bits
    segment.s = 1;  // code or data
    segment.g = 1;  // the limit counts pages
    return segment;
}

} // namespace

uint32_t write_start_info(const GuestMemory& memory, std::string_view command_line) noexcept
{
    BootPage page{};
    page.start = {.magic = start_magic,
                  .version = 1,
                  .flags = 0,
                  .module_count = 0,
                  .modules = 0,
                  .command_line = boot_page + offsetof(BootPage, command_line),
                  .acpi_root = 0,
                  .memory_map = boot_page + offsetof(BootPage, memory_map),
                  .memory_map_entries = 2,
                  .reserved = 0};
    page.memory_map[0] = {0, first_free_address, MemoryType::reserved, 0};
    page.memory_map[1] = {first_free_address, memory.size() - first_free_address, MemoryType::ram, 0};
    command_line.copy(page.command_line, longest_command_line);
    std::memcpy(memory.page(boot_page / page_size), &page, sizeof page);
    return boot_page;
}

void set_start_state(VcpuDevice& vcpu, uint32_t entry, uint32_t start_info)
{
    auto special = vcpu.special_registers();
    special.cs = flat_segment(0x08, 0xb);                           // code: execute, read, accessed
    special.ds = special.es = special.ss = flat_segment(0x10, 0x3); // data: read, write, accessed
    special.fs = special.gs = special.ds;
    special.tr = {};
    special.tr.limit = 0x67;
    special.tr.type = 0xb; // a busy 32-bit TSS
    special.tr.present = 1;
    special.ldt = {};
    special.ldt.unusable = 1;
    special.gdt = {};
    special.idt = {};
    special.cr0 = 1; // protected mode alone
    special.cr4 = 0;
    special.efer = 0;
    vcpu.set_special_registers(special);

    kvm_regs registers{};
    registers.rip = entry;
    registers.rbx = start_info;
    registers.rflags = 2; // the bit that is always set
    vcpu.set_registers(registers);
}

} // namespace argo::kvm
