// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The image as a guest of Xen. A domain is given a console ring and prints there; domain 0 is the stage,
// which builds the others and tells what they print.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "guest/memory.hpp"
#include "guest/xen_abi.hpp"

namespace argo::guest::xen {

/// Whether Xen is below; asked before anything else, in a way that does no harm elsewhere.
bool present();

/// From boot.S by way of start(): a PVH guest, with the loader's structure. Does not return.
[[noreturn]] void start_pvh(uint32_t where);

/// Set at the start.
bool is_pv();

/// PV: where an exception arrives.
inline constexpr uint8_t exceptions = 32;
TrapInfo trap_info(uint8_t vector);

/// Let another vCPU run vcpu_main() once more. False: there is none.
bool start_vcpu(uint32_t number);

/// Ask for a virtual interrupt; its port.
uint32_t bind_virq(uint32_t virq);
/// PV: whether this vCPU is called for no event.
volatile uint8_t& upcall_mask(uint32_t vcpu);

/// Let events of this port end waits of the first vCPU.
void listen_to(uint32_t port);
void ignore(uint32_t port);
/// Whether there was one since the last question.
bool came(uint32_t port);
/// Halt until an event comes, or one came since the last time, or until so many ns have passed.
void wait(uint64_t ns);
/// ns since Xen booted.
uint64_t now();

/// Begins the line with which a domain tells the stage what to add to its command line before it reboots.
inline constexpr std::string_view renewal_mark = "stage: renew ";

/// xen_stage.cpp: read what to do, do it, until told to end.
[[noreturn]] void run_stage(std::span<const uint8_t> module);

} // namespace argo::guest::xen
