// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The local APIC: it takes the interrupts of bindings, and its timer bounds every wait. Works in xAPIC mode
// as in x2APIC mode, whichever the domain was started in.
#pragma once

#include <cstdint>

namespace argo::guest {

inline constexpr uint8_t timer_vector = 0xf0;
inline constexpr uint8_t wake_vector = 0xf1; ///< ends a halt, and says nothing
inline constexpr uint8_t spurious_vector = 0xff;

/// Enable it, if there is one, and learn what a nanosecond is. Interrupts are enabled from here on.
void set_up_lapic();

/// The mode that the domain was started in.
bool in_x2apic_mode();

/// The x2APIC ID of this vCPU.
uint32_t apic_id();

void end_of_interrupt();

/// Let the local APIC of this vCPU take interrupts, or none at all. That of the first one does.
void switch_lapic(bool on);
/// Interrupts of this class of 16 vectors, and below, wait until it is lowered. False: there is no local
/// APIC.
bool set_task_priority(uint8_t vector);

/// What an interrupt command does to another vCPU, besides raising a vector: hold it, or start it in real
/// mode at this page.
inline constexpr uint32_t command_init = 0x4500;
constexpr uint32_t command_startup(uint64_t page) { return 0x4600 | static_cast<uint32_t>(page >> 12); }
/// False: there is no local APIC to send it.
bool command(uint32_t apic_id, uint32_t what);

/// Raise timer_vector once in about `ns`. False: there is no timer.
bool start_timer(uint64_t ns);
void stop_timer();

/// ns since boot.
uint64_t now();

} // namespace argo::guest
