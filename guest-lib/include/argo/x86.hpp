// SPDX-License-Identifier: MIT
//
// The x86 instructions that a Machine is made of, for kernels that have no wrappers of their own yet.
// Book: chapter discovery.
//
// A WRMSR that survives #GP is not among them, since only the kernel owns its fault handlers. Take what it
// has (Linux: wrmsrl_safe; Windows: __try around __writemsr), or build it from write_msr:
//
//     bool wrmsr(uint32_t index, uint64_t value)
//     {
//         this_cpu.expects_fault = true;
//         argo::x86::write_msr(index, value);
//         return exchange(this_cpu.expects_fault, false);
//     }
//
// with a #GP handler that finds expects_fault set, clears it, and adds wrmsr_length to RIP.
#pragma once

#if !defined(__x86_64__) && !defined(__i386__)
#error "argo/x86.hpp is for x86"
#endif

#include <argo/machine.hpp>

namespace argo::x86 {

/// CPUID. No side effects, at any privilege.
inline CpuidRegisters cpuid(uint32_t leaf, uint32_t subleaf)
{
    CpuidRegisters r;
    asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

/// Bytes of the instruction WRMSR, for who steps over it.
inline constexpr unsigned wrmsr_length = 2;

/// WRMSR, unprotected: #GP if nobody implements the index, or if the value is no frame.
inline void write_msr(uint32_t index, uint64_t value)
{
    asm volatile("wrmsr"
                 :
                 : "c"(index), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32))
                 : "memory");
}

/// 32-bit OUT.
inline void out32(uint16_t port, uint32_t value)
{
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

/// One 32-bit store to a mapped doorbell. x86 keeps stores in order, so nothing else is needed.
inline void store32(volatile void* doorbell, uint32_t value)
{
    asm volatile("movl %1, %0" : "=m"(*static_cast<volatile uint32_t*>(doorbell)) : "r"(value) : "memory");
}

#if defined(__x86_64__)
/// One 64-bit store to a mapped doorbell.
inline void store64(volatile void* doorbell, uint64_t value)
{
    asm volatile("movq %1, %0" : "=m"(*static_cast<volatile uint64_t*>(doorbell)) : "r"(value) : "memory");
}
#endif

} // namespace argo::x86
