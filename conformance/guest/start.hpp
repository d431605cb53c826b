// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// From the entry to the suite.
#pragma once

#include <cstdint>
#include <span>

#include "guest/memory.hpp"

namespace argo::guest {

/// Run the suite in what the loader gave, and shut down.
[[noreturn]] void run_suite(const BootInformation&);

/// Of a PVH loader's structure: whether this is Xen's domain 0, and its first module, empty if there is none.
bool is_domain0(uint32_t where);
std::span<const uint8_t> loader_module(uint32_t where);

} // namespace argo::guest
