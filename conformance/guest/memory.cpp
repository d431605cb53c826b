// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Memory behind the image, and page tables for devices above 4 GiB.
#include "guest/memory.hpp"

#include <cstring>

#include "guest/panic.hpp"

extern "C" {
extern uint8_t image_end[];
extern uint64_t pml4[512], pdpt[512];
}

namespace argo::guest {

namespace {

constexpr uint64_t table = 0x003, device = 0x09b; // as in boot.S
constexpr unsigned pml4_shift = 39, pdpt_shift = 30, pd_shift = 21;

/// Enough for one device, or two in one GiB.
alignas(4096) uint64_t spare_tables[2][512];
size_t spare_used = 0;

uint64_t index(uint64_t address, unsigned shift) { return address >> shift & 511; }

/// The table behind an entry; a new one if there is none.
uint64_t* descend(uint64_t& entry)
{
    if (entry == 0) {
        if (spare_used == 2) panic("panic: too many devices above 4 GiB");
        entry = reinterpret_cast<uint64_t>(spare_tables[spare_used++]) | table;
    }
    return reinterpret_cast<uint64_t*>(entry & ~uint64_t{0xfff});
}

} // namespace

std::span<uint8_t> memory_behind_image(const BootInformation& boot, size_t most)
{
    const uint64_t from = reinterpret_cast<uint64_t>(image_end), least = 64 * 4096;
    if (boot.image_memory_end < from + least) panic("panic: less than 256 KiB of memory behind the image");
    const uint64_t left = (boot.image_memory_end - from) & ~uint64_t{0xfff};
    const std::span<uint8_t> memory(image_end, left < most ? left : most);
    std::memset(memory.data(), 0, memory.size());
    return memory;
}

void map_device(uint64_t address)
{
    if (address >> 32 == 0) return;
    uint64_t* const upper = descend(pml4[index(address, pml4_shift)]);
    uint64_t* const lower = descend(upper[index(address, pdpt_shift)]);
    lower[index(address, pd_shift)] = (address & ~uint64_t{0x1fffff}) | device;
    asm volatile("invlpg (%0)" : : "r"(address) : "memory");
}

} // namespace argo::guest
