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

/// Bytes of VMCALL and of VMMCALL, for who steps over one that raised #UD.
inline constexpr unsigned vmcall_length = 3;

/// VMCALL or, with `instruction` 2, VMMCALL, unprotected: #UD on a processor of the other kind. What it
/// leaves in RAX.
inline int64_t vmcall(uint32_t instruction, uint32_t number, const RegisterCall& call)
{
    uint64_t rax = number;
    register uint64_t r10 asm("r10") = call.arg[2];
    register uint64_t r8 asm("r8") = call.arg[3];
    if (instruction == 2)
        asm volatile("vmmcall"
                     : "+a"(rax)
                     : "D"(uint64_t{call.word}), "S"(call.arg[0]), "d"(call.arg[1]), "r"(r10), "r"(r8)
                     : "memory");
    else
        asm volatile("vmcall"
                     : "+a"(rax)
                     : "D"(uint64_t{call.word}), "S"(call.arg[0]), "d"(call.arg[1]), "r"(r10), "r"(r8)
                     : "memory");
    return static_cast<int64_t>(rax);
}

/// CPUID with a call in the other registers. What it leaves in RAX.
inline int64_t cpuid_call(uint32_t leaf, const RegisterCall& call)
{
    uint64_t rax = leaf, rdx = call.arg[1], rbx = 0, rcx = 0;
    register uint64_t r10 asm("r10") = call.arg[2];
    register uint64_t r8 asm("r8") = call.arg[3];
    asm volatile("cpuid"
                 : "+a"(rax), "+d"(rdx), "+b"(rbx), "+c"(rcx)
                 : "D"(uint64_t{call.word}), "S"(call.arg[0]), "r"(r10), "r"(r8)
                 : "memory");
    return static_cast<int64_t>(rax);
}
#endif

} // namespace argo::x86
