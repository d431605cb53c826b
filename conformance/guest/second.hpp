// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What whoever starts the second vCPU has to know. It comes to second_main() on second_stack, in the first
// one's address space, with interrupts disabled, and is done when that returns.
#pragma once

#include <cstdint>

extern "C" {
extern uint8_t second_stack[]; ///< its end, where a stack begins
void second_main();
}

namespace argo::guest {

/// By interrupt commands of the local APIC. False: nobody came.
bool start_second_by_apic();

} // namespace argo::guest
