// SPDX-License-Identifier: MIT
//
// Instantiates all of the library for a kernel that is only declared, so that the object tells what it needs.
#include <argo/argo.hpp>

struct Kernel
{
    argo::Gpa gpa(const void*);
    argo::CallPage& borrow();
    void give_back(argo::CallPage&);
    void store32(argo::Gpa, uint32_t);
    void store64(argo::Gpa, uint64_t);
#if defined(__x86_64__) || defined(__i386__)
    argo::CpuidRegisters cpuid(uint32_t, uint32_t);
    bool wrmsr(uint32_t, uint64_t);
    void out32(uint16_t, uint32_t);
#endif
};

template class argo::Hypervisor<Kernel>;
template class argo::Endpoint<Kernel>;

#if defined(__x86_64__) || defined(__i386__)
template argo::Result<argo::Hypervisor<Kernel>> argo::probe(Kernel&, argo::Preference, argo::Discovery*);

void every_instruction(volatile void* doorbell)
{
    const auto leaf = argo::x86::cpuid(1, 0);
    argo::x86::write_msr(leaf.eax, leaf.ebx);
    argo::x86::out32(0x80, leaf.ecx);
    argo::x86::store32(doorbell, leaf.edx);
#if defined(__x86_64__)
    argo::x86::store64(doorbell, leaf.edx);
#endif
}
#endif
