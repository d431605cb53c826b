// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The second vCPU of a domain of Xen's. It can be initialised only once, so behind each piece of work it
// takes itself down, and comes up again right there. No event is bound to it: all arrive at the first one.
#include <cstring>

#include "guest/cpu.hpp"
#include "guest/second.hpp"
#include "guest/surroundings.hpp"
#include "guest/xen.hpp"

namespace argo::guest::xen {

namespace {

constexpr uint32_t second = 1;

[[noreturn]] void run_second()
{
    while (true) {
        second_main();
        call(Hypercall::vcpu_op, VcpuOp::down, second);
    }
}

constexpr uint64_t reserved_flag = 2; // of RFLAGS; it is always set

/// The stack as behind a call.
uint64_t stack() { return reinterpret_cast<uint64_t>(second_stack) - sizeof(uint64_t); }

int64_t initialise_pv()
{
    static VcpuContext context;
    std::memset(&context, 0, sizeof context);
    context.flags = context_in_kernel;
    context.user.rip = reinterpret_cast<uint64_t>(run_second);
    context.user.rsp = context.kernel_sp = stack();
    context.user.rflags = reserved_flag;
    context.user.cs = flat_code;
    context.user.ss = context.user.ds = context.user.es = context.kernel_ss = flat_stack;
    for (uint8_t vector = 0; vector < exceptions; vector++) context.traps[vector] = trap_info(vector);
    context.control[3] = page_tables();
    return call(Hypercall::vcpu_op, VcpuOp::initialise, second, &context);
}

int64_t initialise_pvh()
{
    constexpr uint32_t msr_efer = 0xc0000080;
    HvmVcpuContext context{};
    context.mode = context_64bit;
    context.rip = reinterpret_cast<uint64_t>(run_second);
    context.rsp = stack();
    context.rflags = reserved_flag;
    asm("mov %%cr0, %0" : "=r"(context.cr0));
    context.cr3 = page_tables();
    asm("mov %%cr4, %0" : "=r"(context.cr4));
    read_msr_safely(msr_efer, &context.efer);
    return call(Hypercall::vcpu_op, VcpuOp::initialise, second, &context);
}

} // namespace

bool start_second()
{
    constexpr uint64_t moment = 100'000;
    const int64_t result = is_pv() ? initialise_pv() : initialise_pvh();
    if (result != 0 && result != -error_exists) return false;
    // What it did before is done, but it may not be down yet.
    while (result != 0 && call(Hypercall::vcpu_op, VcpuOp::is_up, second) == 1) wait(moment);
    return call(Hypercall::vcpu_op, VcpuOp::up, second) == 0;
}

} // namespace argo::guest::xen
