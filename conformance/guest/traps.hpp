// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Exceptions and interrupts. An exception that nobody expected ends the domain with a line that says what and
// where; interrupts are counted.
#pragma once

#include <cstdint>

namespace argo::guest {

/// Load the table. Interrupts stay disabled.
void set_up_traps();
/// The same table, for another vCPU.
void load_traps();

/// Call this for the interrupt, instead of telling the local APIC of its end.
void handle_interrupt(uint8_t vector, void (*handler)());

/// How often this interrupt was taken by this vCPU.
uint32_t taken(uint8_t vector, uint32_t vcpu = 0);
/// How many the first vCPU took in all, the timer's and spurious ones included.
uint32_t taken();
/// The how-manieth of them the last one of this vector was.
uint32_t last_taken(uint8_t vector);

} // namespace argo::guest
