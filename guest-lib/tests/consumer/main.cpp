// SPDX-License-Identifier: MIT
//
// Uses the installed library on a machine without a hypervisor, and checks that the package has the ABI's
// version.
#include <argo/argo.hpp>

static_assert(PACKAGE_MAJOR == ARGO_ABI_MAJOR && PACKAGE_MINOR == ARGO_ABI_MINOR);

struct BareMetal
{
    argo::CpuidRegisters cpuid(uint32_t, uint32_t) { return {}; }
    bool wrmsr(uint32_t, uint64_t) { return false; }
    void out32(uint16_t, uint32_t) {}
    void store32(argo::Gpa, uint32_t) {}
    void store64(argo::Gpa, uint64_t) {}
    argo::Gpa gpa(const void*) { return {}; }
    argo::CallPage& borrow() { return page; }
    void give_back(argo::CallPage&) {}

    argo::CallPage page;
};

int main()
{
    static BareMetal machine;
    return argo::probe(machine).error() == argo::Error::absent ? 0 : 1;
}
