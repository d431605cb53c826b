// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The vCPUs other than the first one, which runs the suite. What whoever starts one has to know: it comes to
// vcpu_main() with its number, on a stack of its own, in the first one's address space, with interrupts
// disabled, and is done when that returns.
#pragma once

#include <cstdint>

#include "harness/platform.hpp"

extern "C" {
extern uint8_t vcpu_stacks[]; ///< from vCPU 1's on
void vcpu_main(uint32_t number);
}

namespace argo::guest {

inline constexpr uint32_t stack_size = 4096;

/// Where the stack of this vCPU begins; not the first one's.
inline uint64_t stack_of(uint32_t number)
{
    return reinterpret_cast<uint64_t>(vcpu_stacks) + uint64_t{number} * stack_size;
}

/// The one that executes this, known by its stack.
inline uint32_t this_vcpu()
{
    uint64_t where;
    asm volatile("mov %%rsp, %0" : "=r"(where));
    const uint64_t offset = where - reinterpret_cast<uint64_t>(vcpu_stacks);
    return offset < (suite::platform::most_vcpus - 1) * stack_size
               ? static_cast<uint32_t>(offset / stack_size) + 1
               : 0;
}

/// By interrupt commands of the local APIC, where IDs count from zero. False: nobody came.
bool start_vcpu_by_apic(uint32_t number);
/// See Surroundings::take_interrupts().
void take_interrupts_by_apic(uint32_t number, bool on);
/// Raise wake_vector at a vCPU that listens.
void wake_by_apic(uint32_t number);
/// The x2APIC ID of a vCPU, as well as it is known: what it said when it was here, or its number.
uint32_t apic_id_of(uint32_t number);

} // namespace argo::guest
