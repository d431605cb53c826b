// SPDX-License-Identifier: Apache-2.0 OR MIT
// The PVH boot protocol, as a VMM sees it: what stands in memory and in the first vCPU's registers when an
// image's 32-bit entry gets control. Defined by Xen: docs/misc/pvh.pandoc, arch-x86/hvm/start_info.h.
#pragma once

#include "kvm/kvm.hpp"
#include "kvm/memory.hpp"

#include <string_view>

namespace argo::kvm {

/// Page 0 stays empty, so that address 0 means nothing; page 1 holds the boot information. The guest's memory
/// map says that both are reserved. Images and the rest of memory begin here.
constexpr uint64_t first_free_address = 0x2000;

/// Longest command line, in bytes.
constexpr size_t longest_command_line = 2047;

/// Writes boot information: start info, command line, memory map. Returns the guest-physical address of the
/// first. `command_line` is no longer than longest_command_line.
uint32_t write_start_info(const GuestMemory& memory, std::string_view command_line) noexcept;

/// Lets a vCPU begin at `entry` in 32-bit protected mode without paging, with the address of `start_info` in
/// EBX.
void set_start_state(VcpuDevice& vcpu, uint32_t entry, uint32_t start_info);

} // namespace argo::kvm
