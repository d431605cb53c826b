// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The other vCPUs of a domain of Xen's. Each can be initialised only once, so behind each piece of work it
// takes itself down, and comes up again right there.
#include <cstring>

#include "guest/cpu.hpp"
#include "guest/surroundings.hpp"
#include "guest/vcpus.hpp"
#include "guest/xen.hpp"

extern "C" const char xen_pv_event[], xen_pv_failsafe[];

namespace argo::guest::xen {

namespace {

[[noreturn]] void run(uint32_t number)
{
    if (!is_pv()) load_segments();
    while (true) {
        vcpu_main(number);
        call(Hypercall::vcpu_op, VcpuOp::down, number);
    }
}

constexpr uint64_t reserved_flag = 2; // of RFLAGS; it is always set

/// The stack as behind a call.
uint64_t stack(uint32_t number) { return stack_of(number) - sizeof(uint64_t); }

int64_t initialise_pv(uint32_t number)
{
    static VcpuContext context;
    std::memset(&context, 0, sizeof context);
    context.flags = context_in_kernel;
    context.user.rip = reinterpret_cast<uint64_t>(run);
    context.user.rdi = number;
    context.user.rsp = context.kernel_sp = stack(number);
    context.user.rflags = reserved_flag;
    context.user.cs = flat_code;
    context.user.ss = context.user.ds = context.user.es = context.kernel_ss = flat_stack;
    for (uint8_t vector = 0; vector < exceptions; vector++) context.traps[vector] = trap_info(vector);
    context.control[3] = page_tables();
    context.event_callback = reinterpret_cast<uint64_t>(xen_pv_event);
    context.failsafe_callback = reinterpret_cast<uint64_t>(xen_pv_failsafe);
    return call(Hypercall::vcpu_op, VcpuOp::initialise, number, &context);
}

int64_t initialise_pvh(uint32_t number)
{
    constexpr uint32_t msr_efer = 0xc0000080;
    HvmVcpuContext context{};
    context.mode = context_64bit;
    context.rip = reinterpret_cast<uint64_t>(run);
    context.rdi = number;
    context.rsp = stack(number);
    context.rflags = reserved_flag;
    asm("mov %%cr0, %0" : "=r"(context.cr0));
    context.cr3 = page_tables();
    asm("mov %%cr4, %0" : "=r"(context.cr4));
    read_msr_safely(msr_efer, &context.efer);
    return call(Hypercall::vcpu_op, VcpuOp::initialise, number, &context);
}

} // namespace

bool start_vcpu(uint32_t number)
{
    constexpr uint64_t moment = 100'000;
    const int64_t result = is_pv() ? initialise_pv(number) : initialise_pvh(number);
    if (result != 0 && result != -error_exists) return false;
    // What it did before is done, but it may not be down yet.
    while (result != 0 && call(Hypercall::vcpu_op, VcpuOp::is_up, number) == 1) wait(moment);
    return call(Hypercall::vcpu_op, VcpuOp::up, number) == 0;
}

} // namespace argo::guest::xen
