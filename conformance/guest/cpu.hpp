// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Instructions that C++ has no words for. Nothing beyond base x86-64.
#pragma once

#include <cstddef>
#include <cstdint>

#include "harness/platform.hpp"

namespace argo::guest {

inline void out8(uint16_t port, uint8_t value)
{
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

inline void out16(uint16_t port, uint16_t value)
{
    asm volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

inline uint8_t in8(uint16_t port)
{
    uint8_t value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

inline uint32_t in32(uint16_t port)
{
    uint32_t value;
    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

/// One instruction for many bytes: under a hypervisor, one exit.
inline void out_string(uint16_t port, const char* bytes, size_t count)
{
    asm volatile("rep outsb" : "+S"(bytes), "+c"(count) : "d"(port) : "memory");
}

inline uint64_t time_stamp()
{
    uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return low | uint64_t{high} << 32;
}

inline void disable_interrupts() { asm volatile("cli" : : : "memory"); }
inline void enable_interrupts() { asm volatile("sti" : : : "memory"); }

/// Machine address of the topmost one. Xen tells a PV guest, too.
inline uint64_t page_tables()
{
    uint64_t value;
    asm volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

[[noreturn]] inline void halt_forever()
{
    while (true) asm volatile("cli; hlt" : : : "memory");
}

} // namespace argo::guest

extern "C" {
bool write_msr_safely(uint32_t index, uint64_t value);
bool read_msr_safely(uint32_t index, uint64_t* value);
void halt_once();
void load_segments();
bool vmcall_safely(uint32_t instruction, argo::suite::platform::Registers*);
}
