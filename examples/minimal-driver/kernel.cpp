// SPDX-License-Identifier: MIT
//
// The kernel's side of the driver: a Machine. The extern "C" functions stand for what every kernel has.
#include "driver.hpp"

extern "C" {
uint64_t kernel_physical_address(const void* virtual_address);
volatile void* kernel_map_device(uint64_t physical_address); // uncached
bool kernel_wrmsr_safe(uint32_t index, uint64_t value);      // false: #GP
uint32_t kernel_apic_id();
uint8_t kernel_allocate_vector(); // its handler has nothing to do but EOI
void kernel_wait();               // for an interrupt; returns at once if one came since it last returned
}

struct Kernel
{
    argo::CpuidRegisters cpuid(uint32_t leaf, uint32_t subleaf) { return argo::x86::cpuid(leaf, subleaf); }
    bool wrmsr(uint32_t index, uint64_t value) { return kernel_wrmsr_safe(index, value); }
    void out32(uint16_t port, uint32_t value) { argo::x86::out32(port, value); }
    void store32(argo::Gpa to, uint32_t value) { argo::x86::store32(kernel_map_device(to.value), value); }
#if defined(__x86_64__)
    void store64(argo::Gpa to, uint64_t value) { argo::x86::store64(kernel_map_device(to.value), value); }
#endif
    argo::Gpa gpa(const void* p) { return {kernel_physical_address(p)}; }
    argo::CallPage& borrow() { return page; } // one thread and no calls from handlers: one page is enough
    void give_back(argo::CallPage&) {}

    argo::CallPage& page;
};

static argo::CallPage call_page;
alignas(ARGO_PAGE_SIZE) static uint8_t ring[EchoDriver<Kernel>::ring_pages * ARGO_PAGE_SIZE];

/// The driver's thread. Returns, with the reason, if there is no Argo.
extern "C" const char* argo_driver_main()
{
    Kernel kernel{call_page};
    EchoDriver<Kernel> driver;
    const auto started = driver.start(kernel, ring, kernel_apic_id(), kernel_allocate_vector());
    if (!started) return argo::name(started.error());
    for (;; kernel_wait()) driver.on_event();
}
